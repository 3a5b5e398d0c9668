import json
import re
import time
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.footprint.equivalents import equivalents
from greenops.model import DeviceKind
from greenops.report.document import summary_to_dict
from greenops.report.render import render_summary
from greenops.report.summary import RunFacts, summarize
from greenops.report.text import columns_of
from tests.unit.report import records as r

STYLE = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = st.text(
    st.characters() | st.sampled_from("\x00\x1b\n\r\u202e\u2066\u200b\ud800日é\u0301")
)


def full_summary(**fields):
    totals = (r.total(energy_j=36400), r.total(r.CPU, 7900))
    facts = RunFacts(
        peak_power_w=412,
        cpu_s=192,
        peak_rss_bytes=4 << 30,
        kept_at="~/.local/share/greenops/ledger.db",
        equivalents=equivalents(energy_j=44_300, emissions_g=5.1),
        complaints=("the clock was set",),
    )
    record = r.record(*totals, footprint=r.footprint(44_300, 5.1), **fields)
    return summarize(record, facts)


def test_a_summary_says_what_people_ask():
    text = render_summary(full_summary(), width=80)

    for said in (
        "train.py  finished in 1 min 00 s",
        "12.3 Wh  (11.1\u201314.8 Wh)",
        "mean 738 W, peak 412 W",
        "GPU NVIDIA H200",
        "10.1 Wh  82 %  nvml_counter ±1 %",
        "model ±40 %",
        "5.10 g CO2e  (4.08\u20137.65 g)",
        "grid 380 g/kWh (340\u2013420; DE: codecarbon 2023) \u00d7 PUE 1.20",
        "510 mg embodied",
        "GPU 50 % busy, CPU 3.2 of 16 cores, memory 4.00 GiB",
        "smartphone",
        "modelled",
        "20260301-120000-aaaaaa in ~/.local",
        "the clock was set",
    ):
        assert said in " ".join(text.split()) or said in text, said


@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
@pytest.mark.parametrize("color", [True, False], ids=["color", "plain"])
@pytest.mark.parametrize("width", [40, 52, 60, 72, 80, 120, 200])
def test_a_summary_fits_any_screen(width, color, unicode):
    text = render_summary(full_summary(), width=width, color=color, unicode=unicode)

    plain = STYLE.sub("", text)
    assert max(map(columns_of, plain.splitlines())) <= width
    assert unicode or plain.isascii()
    assert color == (plain != text)
    assert len(plain.splitlines()) <= (16 if width >= 80 else 26)


def test_styles_take_no_room():
    plain = render_summary(full_summary(), width=80)
    styled = render_summary(full_summary(), width=80, color=True)

    assert STYLE.sub("", styled) == plain


@settings(max_examples=60, deadline=None)
@given(name=HOSTILE, width=st.integers(1, 200), unicode=st.booleans())
def test_nothing_a_terminal_obeys_gets_through(name, width, unicode):
    device = r.device(name=name, source=name)
    record = r.record(
        r.total(device),
        of=r.run(name=name),
        footprint=r.footprint(zone=name, intensity_source=name),
    )
    summary = summarize(record, RunFacts(kept_at=name, complaints=(name,)))

    text = render_summary(summary, width=width, unicode=unicode)

    for line in text.split("\n"):
        assert columns_of(line) <= max(width, 40)
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in line)


def test_a_megabyte_of_name_is_cut_at_once():
    summary = summarize(r.record(r.total(), of=r.run(name="\x1b]0;" * 250_000)))

    begun_s = time.perf_counter()
    text = render_summary(summary)

    assert time.perf_counter() - begun_s < 0.05
    assert len(text) < 1000


def test_many_equal_gpus_are_one_row():
    gpus = [r.total(r.device(device_id=f"gpu:{i}")) for i in range(8)]

    text = render_summary(summarize(r.record(*gpus)))

    assert "8 \u00d7 GPU NVIDIA H200" in text
    assert "8.00 Wh" in text
    assert "100 %" in text


def test_many_different_devices_end_in_a_sum():
    kinds = [r.total(r.device(DeviceKind.OTHER, name=f"plug {i}")) for i in range(9)]

    lines = render_summary(summarize(r.record(*kinds))).splitlines()

    assert sum("plug" in line for line in lines) == 5
    assert any("and 4 more: 4.00 Wh" in line for line in lines)


def test_a_run_nobody_measured_says_so():
    text = render_summary(summarize(r.record()))

    assert "not known" in text
    assert "0 J" not in text


def test_a_pue_nobody_gave_is_shown_as_a_range():
    unknown = r.footprint(pue=r.bounded(1.0, 1.0, 1.56))

    text = render_summary(summarize(r.record(r.total(), footprint=unknown)))

    assert "PUE 1 to 1.56" in text


def test_rendering_takes_less_than_five_milliseconds():
    summary = full_summary()
    spent_s = []
    for _ in range(20):
        begun_s = time.perf_counter()
        render_summary(summary, color=True)
        spent_s.append(time.perf_counter() - begun_s)

    assert min(spent_s) < 0.005


def test_the_document_is_plain_data_with_units():
    document = json.loads(json.dumps(summary_to_dict(full_summary()), allow_nan=False))

    assert document["schema"] == "greenops.run/1"
    assert document["energy_j"] == 44_300
    assert document["energy_low_j"] < document["energy_j"] < document["energy_high_j"]
    assert document["devices"][0]["source"] == "nvml_counter"
    assert document["emissions"]["total_g"] == 5.1
    assert document["emissions"]["factors"] == {"lifetime": "5 years"}
    assert document["equivalents"][0]["unit"]


def test_the_document_of_a_running_run_holds_nulls_and_no_zeros():
    document = summary_to_dict(summarize(r.record(end=None, status="running")))

    assert document["energy_j"] is None
    assert document["duration_s"] is None
    assert document["emissions"] is None


def test_every_key_of_the_document_is_documented():
    text = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
    document = summary_to_dict(full_summary(marks=(r.mark("epoch", 1.0),)))

    def keys(node):
        if isinstance(node, list):
            return set().union(*map(keys, node))
        if not isinstance(node, dict):
            return set()
        free = ("tags", "machine", "factors")
        inner = (keys(value) for key, value in node.items() if key not in free)
        return set(node).union(*inner)

    undocumented = {key for key in keys(document) if f"`{key}`" not in text}
    assert not undocumented


@pytest.mark.parametrize(
    ("told_by", "said"),
    [
        ("cloud metadata: aws:eu-north-1", True),
        ("configuration", False),
        (None, False),
    ],
)
def test_a_zone_that_nobody_configured_is_said_to_be_found(told_by, said):
    run = r.run("20260301-120000-aaaaaa", "x", machine={"zone_from": told_by})
    record = replace(full_summary().record, run=run)

    text = " ".join(render_summary(summarize(record, RunFacts()), width=200).split())

    assert ("zone from cloud metadata: aws:eu-north-1" in text) is said
    assert "zone from configuration" not in text
