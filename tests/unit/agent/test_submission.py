"""What its owner is told of a job, before the daemon has seen it."""

from datetime import timedelta

import pytest

from greenops.agent.estimates import Estimate
from greenops.agent.submission import CAUSE, Asking, foreseen
from greenops.errors import JobRefusedError
from greenops.model import Bounded, JobState, Place, Seen
from tests.unit.agent.worlds import DIRTY, T0, dirty_then_clean, forecast, spec

HOUR = timedelta(hours=1)
TAKES = Estimate(
    duration_s=Bounded(central=3600.0, low=3000.0, high=4200.0),
    power_w=300.0,
    said="stated",
)


def a_place(name="here", intensities=None, **fields):
    known = forecast("SE", intensities or dirty_then_clean())
    seen = Seen(free_gpus=8, at=T0)
    return Place(name=name, zone="SE", forecast=known, seen=seen, **fields)


def tell(*places, held=False, run_now=False, **changed):
    asking = Asking(
        job_id="j1", spec=spec(**changed), by_user="ada", held=held, run_now=run_now
    )
    return foreseen(asking, TAKES, places, home="here", now=T0, version="0")


def test_it_is_told_the_plan_that_the_daemon_would_make():
    told = tell(a_place(), deadline=T0 + 20 * HOUR)

    assert told.intent.place == "here"
    assert told.intent.start == T0 + 3 * HOUR
    assert told.plan.saved_g > 0.0
    assert [(d.cause, d.job_id) for d in told.decisions] == [(CAUSE, "j1")]


def test_where_no_place_can_be_used_now_nothing_is_promised():
    told = tell()

    assert (told.intent, told.plan, told.decisions) == (None, None, ())
    assert told.first.state is JobState.WAITING


def test_where_nothing_is_known_of_the_hours_it_does_not_wait_for_them():
    told = tell(Place(name="here", zone="SE", seen=Seen(free_gpus=8, at=T0)))

    assert told.intent.start is None
    assert told.plan is None


def test_a_hold_and_a_wish_to_run_now_are_in_its_first_event():
    assert tell(a_place(), held=True).first.state is JobState.HELD
    assert tell(a_place(), run_now=True).first.facts == {"run_now": True}
    assert tell(a_place()).first.facts == {}


def test_a_deadline_before_the_soonest_end_is_refused():
    with pytest.raises(JobRefusedError, match="2026-01-01 13:10:00 UTC"):
        tell(a_place(), deadline=T0 + timedelta(minutes=49))


def test_a_deadline_that_may_be_met_is_not():
    assert tell(a_place(), deadline=T0 + timedelta(minutes=51)).first.seq == 0


def test_a_faster_place_meets_a_deadline_that_a_slow_one_would_miss():
    soon = T0 + timedelta(minutes=30)

    with pytest.raises(JobRefusedError):
        tell(
            a_place(),
            a_place("fast", speed=4.0),
            deadline=soon,
            places=frozenset({"here"}),
        )
    assert tell(a_place(), a_place("fast", speed=4.0), deadline=soon).first.seq == 0


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        pytest.param({"needs_tags": frozenset({"EU"})}, "EU", id="residency"),
        pytest.param({"cpus": 1000.0}, "1000 CPUs", id="size"),
        pytest.param({"places": frozenset({"moon"})}, "here", id="places"),
    ],
)
def test_what_no_waiting_changes_is_told_at_once(changed, named):
    with pytest.raises(JobRefusedError, match="no place may ever run it") as e:
        tell(a_place(cpus=8.0), **changed)
    assert named in str(e.value)
    assert "j1" not in str(e.value)


def test_what_waiting_may_change_is_not_refused():
    busy = Place(
        name="here",
        zone="SE",
        forecast=forecast("SE", [DIRTY] * 48),
        seen=Seen(free_gpus=0, at=T0),
    )

    assert tell(busy, gpus=4).plan is None
