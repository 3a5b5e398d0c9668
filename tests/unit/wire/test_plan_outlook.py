from dataclasses import replace
from datetime import timedelta

import pytest

from greenops.config import Config
from greenops.errors import ConfigError, MixedSignalsError, SignalError
from greenops.model import Free, IntensityKind, Place
from greenops.wire.plan_outlook import forecast_places, replay_places
from greenops.wire.traces import Traces
from tests.unit.forecast.grids import FIRST, habitual
from tests.unit.report.forecasts import HOUR, MONDAY, forecast
from tests.unit.wire.test_traces import write

LAB, OTHER = Place(name="lab", zone="DE"), Place(name="other", zone="SE")
AVERAGE = IntensityKind.AVERAGE


@pytest.fixture
def asked(monkeypatch):
    """Let zones be forecast by a record, or an error; return which were asked for."""
    names: list[str] = []
    answers: dict[str, object] = {}

    def forecast_zone(_signal, zone, _config, **_options):
        names.append(zone)
        answer = answers.get(zone, forecast([100.0], zone=zone))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("greenops.wire.plan_outlook.forecast_zone", forecast_zone)
    return names, answers


def forecast_of(*places):
    return forecast_places(places, Config(), now=MONDAY, kind=AVERAGE)


def test_without_a_single_forecast_every_reason_is_given(asked):
    _, answers = asked
    answers |= {"DE": SignalError("no sun"), "SE": SignalError("no wind")}

    with pytest.raises(SignalError, match=r"(?s)DE: no sun.*SE: no wind"):
        forecast_of(LAB, OTHER)


def test_a_zone_without_a_forecast_costs_its_own_places_only(asked):
    _, answers = asked
    answers["SE"] = MixedSignalsError("two bases")

    found = forecast_of(LAB, OTHER, replace(OTHER, name="third"))

    assert [p.forecast is None for p in found.places] == [False, True, True]
    assert found.notes == ("no forecast of SE: two bases",)


def test_each_zone_is_asked_for_once(asked):
    names, _ = asked

    found = forecast_of(LAB, replace(LAB, name="twin"), OTHER)

    assert names == ["DE", "SE"]
    assert [p.forecast and p.forecast.zone for p in found.places] == ["DE", "DE", "SE"]


@pytest.mark.parametrize(
    ("free", "seen"),
    [
        (None, None),
        ((), 0),
        ((Free(start=MONDAY, stop=MONDAY + HOUR, gpus=3),), 3),
        ((Free(start=MONDAY + HOUR, stop=MONDAY + 2 * HOUR, gpus=3),), 0),
        ((Free(start=MONDAY - HOUR, stop=MONDAY, gpus=3),), 0),
    ],
    ids=["not stated", "never", "now", "later", "over"],
)
@pytest.mark.usefixtures("asked")
def test_what_is_free_at_the_moment_is_what_was_seen(free, seen):
    (place,) = forecast_of(replace(LAB, free=free)).places

    if seen is None:
        assert place.seen is None
    else:
        assert place.seen is not None
        assert (place.seen.free_gpus, place.seen.at) == (seen, MONDAY)


def test_a_replay_without_a_single_place_gives_every_reason(tmp_path):
    write(tmp_path / "h.csv", {"FR": habitual(30)})

    with pytest.raises(ConfigError, match=r"(?s)lab: .*other: .*nothing to replay at"):
        replay_places((LAB, OTHER), Traces(tmp_path), now=FIRST + 10 * HOUR, called={})


def test_a_replay_knows_places_by_what_the_files_call_them(tmp_path):
    write(tmp_path / "h.csv", {"ELSEWHERE": habitual(30), "DE": habitual(30)})
    now = FIRST + timedelta(days=10)

    called = {"other": "ELSEWHERE"}
    found = replay_places((LAB, OTHER), Traces(tmp_path), now=now, called=called)

    assert all(p.forecast is not None for p in found.places)
    assert found.actual.keys() == {"lab", "other"}
    assert found.actual["lab"].hours[0].start == now


def test_a_place_of_which_nothing_was_known_has_no_outcome_either(tmp_path):
    """It came to something, but nobody could have planned for it."""
    values = habitual(30)
    late = values.copy()
    late[: 10 * 24] = float("nan")
    write(tmp_path / "h.csv", {"DE": values, "SE": late})
    now = FIRST + timedelta(days=10)

    found = replay_places((LAB, OTHER), Traces(tmp_path), now=now, called={})

    assert [p.forecast is None for p in found.places] == [False, True]
    assert found.actual.keys() == {"lab"}
    assert "no hours for other" in found.notes[0]
