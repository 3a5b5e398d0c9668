import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.ledger.rows import METHODS, end_entry, footprint_row, tick_entry
from greenops.ledger.text import MAX_TEXT_CHARS
from greenops.model import Bounded, Method, Sample
from tests.unit.ledger.records import (
    CPU,
    a_footprint,
    a_mark,
    a_run,
    a_sample,
    a_total,
    an_end,
)

RUN_ID = a_run().run_id
WEIRD = "\0 \x1b[31m \u202e \\0 \udcff 🌱"


@pytest.fixture
def keep(tmp_path):
    """Write a run, and give back what the ledger has of it."""
    path = tmp_path / "ledger.db"

    def _keep(run, *, samples=(), end=None, marks=()):
        recorder = LedgerRecorder(path)
        recorder.begin(run)
        recorder.add_devices(run.run_id, [CPU])
        recorder.add(run.run_id, samples, None)
        for mark in marks:
            recorder.mark(run.run_id, mark)
        if end is not None:
            recorder.finish(end, [], None)
        assert recorder.flush(10.0)
        recorder.close()
        return Ledger(path)

    return _keep


def test_weird_text_comes_back_as_it_was(keep):
    run = a_run(
        name=WEIRD,
        command=("python", WEIRD),
        cwd=WEIRD,
        project=WEIRD,
        tags={WEIRD: WEIRD, "": ""},
        machine={"cpu": WEIRD, "cores": 2, "load": 0.5, "gpu": None},
    )
    ledger = keep(run, marks=[a_mark(WEIRD)], end=an_end(notes=(WEIRD,)))

    record = ledger.get("last")
    assert record.run == run
    assert record.marks[0].name == WEIRD
    assert record.end.notes == (WEIRD,)
    assert ledger.find_runs(project=WEIRD, tag=(WEIRD, WEIRD))[0].tags == run.tags
    assert ledger.find_runs(name_like="\0 \x1b")[0].name == WEIRD
    assert ledger.get(WEIRD).run.name == WEIRD


def test_a_tag_of_a_megabyte_is_cut_and_says_so(tmp_path):
    recorder = LedgerRecorder(tmp_path / "ledger.db")
    recorder.begin(a_run(tags={"long": "x" * 1_000_000, "short": "y"}))
    assert recorder.flush(10.0)
    recorder.close()

    assert "cut at 65536 characters" in recorder.complaints()[0]
    tags = Ledger(tmp_path / "ledger.db").get("last").run.tags
    assert tags["short"] == "y"
    assert len(tags["long"]) < MAX_TEXT_CHARS + 100
    assert tags["long"].endswith("[cut by greenops: 1000000 characters]")


@given(
    name=st.text(max_size=50),
    energy_j=st.floats(0, 1e12),
    start_epoch_s=st.floats(1e9, 4e9),
)
def test_rows_hold_what_the_sample_said(name, energy_j, start_epoch_s):
    sample = Sample(
        device_id=name,
        start_epoch_s=start_epoch_s,
        duration_s=1.0,
        node_energy_j=energy_j,
        job_energy_j=energy_j / 2,
        error_j=0.0,
        method=Method.INTEGRAL,
    )

    (row,) = tick_entry("r", [sample], None).rows["samples"]

    assert row[0] == start_epoch_s
    assert row[3:5] == (energy_j, energy_j / 2)


@pytest.mark.parametrize("energy_j", [math.nan, math.inf, -math.inf])
def test_a_sample_without_a_finite_energy_is_left_out(energy_j):
    entry = tick_entry("r", [a_sample(0, node_energy_j=energy_j), a_sample(1)], None)

    assert len(entry.rows["samples"]) == 1


def test_a_total_without_a_finite_energy_is_left_out():
    rows = end_entry(an_end(), [a_total(job_energy_j=math.nan), a_total()]).rows

    assert len(rows["totals"]) == len(rows["devices"]) == 1


def test_a_footprint_that_is_not_finite_is_refused():
    footprint = a_footprint()
    infinite = Bounded(central=1.0, low=0.0, high=math.inf)
    changed = type(footprint)(
        **{
            name: infinite if name == "total_g" else getattr(footprint, name)
            for name in footprint.__slots__
        }
    )

    with pytest.raises(ValueError, match="not finite"):
        footprint_row(changed, computed_epoch_s=0.0, version="1")


def test_every_method_has_its_place_for_good():
    assert METHODS[:4] == (
        Method.COUNTER,
        Method.INTEGRAL,
        Method.MODEL,
        Method.BRIDGED,
    )
    assert set(METHODS) == set(Method)


def test_a_sample_of_a_device_never_declared_is_kept_under_its_id(keep):
    ledger = keep(a_run(), samples=[a_sample(0, device_id="gpu:new")])

    assert [s.device_id for s in ledger.samples("last")] == ["gpu:new"]
    assert [d.source for d in ledger.devices("last")] == ["rapl", "undeclared"]
