from dataclasses import replace

import pytest

from greenops.errors import ConfigError
from greenops.model import Reason
from greenops.report.plan_picture import MOST_PANELS, save_plans
from tests.unit.report.forecasts import MONDAY, forecast
from tests.unit.report.plans import (
    PLACES,
    cost,
    job,
    option,
    place,
    plan,
    planned,
    refusal,
    replayed,
    segment,
)

pytest.importorskip("matplotlib")


def drawn(tmp_path, found):
    """Return the text of the picture, as an SVG with letters in it."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none"}):
        save_plans(found, tmp_path / "out.svg")
    return (tmp_path / "out.svg").read_text()


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_picture_is_of_the_form_its_name_says(tmp_path, suffix, magic):
    save_plans(replayed(), tmp_path / f"out.{suffix}")

    assert (tmp_path / f"out.{suffix}").read_bytes().startswith(magic)


def test_it_shows_the_choice_the_other_place_and_running_at_once(tmp_path):
    text = drawn(tmp_path, planned())

    for said in (
        "pretrain at cloud: 1.20 kg expected, 40 % below at once",
        "cloud (SE), chosen",
        "lab (DE)",
        "at once at lab",
        "runs",
        "deadline",
        "gCO2e/kWh",
        "time (UTC)",
    ):
        assert said in text
    assert "what came" not in text


def test_a_replay_shows_what_came(tmp_path):
    text = drawn(tmp_path, replayed())

    assert "cloud, what came" in text
    assert "best was, at cloud" in text
    assert "came to 1.30 kg, 35 % below" in text


def test_where_nothing_is_known_of_home_it_is_not_drawn(tmp_path):
    alone = Reason(words="", considered=(option("cloud", 1.0),))

    text = drawn(tmp_path, planned(plan(at_once=None, reason=alone)))

    assert "at once" not in text
    assert "lab" not in text


def test_hostile_names_cannot_act_on_anything(tmp_path):
    name = "evil\x1b[2J$E_{x"

    text = drawn(tmp_path, planned(plan(name), jobs=[job(name)]))

    assert "\x1b" not in text
    assert "evil\\x1b[2J$E_{x" in text


@pytest.mark.parametrize(
    "known",
    [
        (place("cloud", forecast=None), place("lab", forecast=None)),
        (place("cloud", lowest=0.0), place("lab", lowest=1e5)),
    ],
    ids=["no forecasts", "far apart"],
)
def test_any_plan_can_be_drawn(tmp_path, known):
    many = option("cloud", 3.0, *(segment(2 * i, 1) for i in range(20)))

    save_plans(planned(plan(chosen=many), places=known), tmp_path / "out.png")

    assert (tmp_path / "out.png").stat().st_size > 1000


def test_a_forecast_shorter_than_the_wait_is_drawn_as_far_as_it_goes(tmp_path):
    short = forecast([100.0] * 3, start=MONDAY)
    places = tuple(replace(p, forecast=short) for p in PLACES)

    save_plans(planned(places=places), tmp_path / "out.png")


def test_every_job_gets_a_panel_up_to_a_dozen(tmp_path):
    names = [f"job {i}" for i in range(MOST_PANELS + 1)]

    text = drawn(tmp_path, planned(*(plan(n) for n in names[:3])))
    with pytest.raises(ConfigError, match="at most 12 jobs"):
        save_plans(planned(*(plan(n) for n in names)), tmp_path / "out.png")

    assert all(f"{n} at cloud" in text for n in names[:3])


def test_without_a_plan_there_is_nothing_to_draw(tmp_path):
    nothing = replace(planned(refusals=[refusal()]), plans=())

    with pytest.raises(ConfigError, match="nothing to draw"):
        save_plans(nothing, tmp_path / "out.png")


@pytest.mark.parametrize("name", ["nowhere/out.png", "out.xyz"])
def test_what_cannot_be_written_is_named(tmp_path, name):
    with pytest.raises(ConfigError, match="cannot write"):
        save_plans(planned(), tmp_path / name)


def test_a_plan_that_is_worse_than_at_once_claims_nothing(tmp_path):
    text = drawn(tmp_path, planned(plan(at_once=cost(1000.0))))

    assert "below at once" not in text
