"""Jobs and places as the planner is handed them."""

from datetime import timedelta
from typing import Any

import pytest

from greenops.agent.estimates import ASSUMED_DURATION_S, Estimate, estimated, left_of
from greenops.agent.planning import (
    START_MARGIN_S,
    Held,
    candidate,
    deadline_of,
    place_now,
)
from greenops.model import Bounded, Free, JobState, Past, PlaceHealth
from tests.unit.agent.stories import a_job, a_spec
from tests.unit.agent.worlds import T0, a_site

HOUR = timedelta(hours=1)
AN_HOUR = Bounded(central=3600.0, low=3000.0, high=4200.0)
TAKES = Estimate(duration_s=AN_HOUR, power_w=300.0, said="stated")


def planned(job, **more):
    fields: dict[str, Any] = {"submitted_at": T0, "home": "here", "now": T0} | more
    return candidate(job, TAKES, **fields)


def test_what_is_stated_goes_before_what_was_measured():
    past = Past(n=3, duration_s=Bounded(central=9.0, low=8.0, high=10.0))
    found = estimated(a_spec(duration_s=AN_HOUR, power_w=50.0), past)
    assert (found.duration_s, found.power_w) == (AN_HOUR, 50.0)


def test_past_runs_tell_what_nobody_stated():
    power = Bounded(central=210.0, low=200.0, high=220.0)
    found = estimated(a_spec(), Past(n=3, duration_s=AN_HOUR, power_w=power))
    assert (found.duration_s, found.power_w) == (AN_HOUR, 210.0)
    assert "3 past runs" in found.said


def test_what_nobody_knows_is_assumed_widely_and_said():
    found = estimated(a_spec(gpus=2), None)
    assert found.duration_s == ASSUMED_DURATION_S
    assert found.duration_s.high / found.duration_s.low > 50.0
    assert found.power_w > 500.0
    assert found.said == "assumed duration, assumed power"


@pytest.mark.parametrize(
    ("ran_s", "low", "central", "high"),
    [
        (0.0, 3000.0, 3600.0, 4200.0),
        (1000.0, 2000.0, 2600.0, 3200.0),
        (3500.0, 180.0, 180.0, 700.0),
        (99_999.0, 180.0, 180.0, 180.0),
    ],
)
def test_what_is_left_is_never_nothing(ran_s, low, central, high):
    assert left_of(AN_HOUR, ran_s) == Bounded(central=central, low=low, high=high)


def test_a_job_without_any_deadline_may_wait_for_a_day():
    due = deadline_of(a_spec(), T0, AN_HOUR)
    assert due == T0 + timedelta(hours=24, seconds=4200 + START_MARGIN_S)


def test_a_delay_counts_from_the_earliest_start():
    spec = a_spec(earliest=T0 + HOUR, max_delay_s=0.0)
    found = planned(a_job(JobState.WAITING, spec))
    assert found.planned.earliest == T0 + HOUR
    assert found.latest_start == T0 + HOUR


def test_the_latest_start_leaves_time_for_a_run_that_takes_long():
    spec = a_spec(deadline=T0 + 3 * HOUR)
    found = planned(a_job(JobState.WAITING, spec))
    assert found.latest_start == T0 + 3 * HOUR - timedelta(seconds=4200 + 60)


def test_a_deadline_that_has_passed_makes_no_nonsense():
    spec = a_spec(deadline=T0 - HOUR)
    found = planned(a_job(JobState.WAITING, spec))
    assert found.planned.deadline >= found.planned.earliest
    assert found.latest_start < T0


def test_a_paused_job_states_what_is_left_and_where_it_lies():
    job = a_job(JobState.PAUSED, place="there", ran_s=1000.0)
    found = planned(job)
    assert found.paused_at == "there"
    assert found.planned.duration_s.central == 2600.0


def test_work_without_a_checkpoint_is_all_to_be_done_again():
    found = planned(a_job(JobState.WAITING, attempts=1, ran_s=1000.0))
    assert found.planned.duration_s == AN_HOUR


def test_a_frozen_job_goes_on_only_where_it_is():
    found = planned(a_job(JobState.PAUSED, place="there", frozen=True))
    assert found.planned.places == {"there"}


def test_a_job_is_not_planned_before_it_may_be_tried_again():
    later = T0 + timedelta(minutes=10)
    job = a_job(JobState.WAITING, not_before_s=later.timestamp())
    assert planned(job).planned.earliest == later


def test_what_is_held_is_taken_off_what_is_free_until_it_ends():
    health = PlaceHealth(usable=True, at=T0, gpus=8, free_gpus=5)
    held = [
        Held(place="here", gpus=2, until=T0 + 2 * HOUR),
        Held(place="here", gpus=1, until=T0 + HOUR),
        Held(place="elsewhere", gpus=8, until=T0 + HOUR),
    ]
    place = place_now(a_site(), health, None, held, T0)
    assert [(f.stop - T0, f.gpus) for f in place.free or ()] == [
        (HOUR, 5),
        (2 * HOUR, 6),
        (timedelta(days=14), 8),
    ]
    assert place.seen is not None
    assert (place.seen.free_gpus, place.seen.at) == (5, T0)


def test_where_more_runs_than_is_configured_nothing_is_free():
    span = Free(start=T0, stop=T0 + 3 * HOUR, gpus=1)
    held = [Held(place="here", gpus=4, until=T0 + HOUR)]
    health = PlaceHealth(usable=True, at=T0, gpus=8, free_gpus=4)
    place = place_now(a_site(free=(span,)), health, None, held, T0)
    assert [f.gpus for f in place.free or ()] == [0, 1]


def test_an_executor_that_cannot_tell_has_no_gpu_that_is_known_to_be_free():
    place = place_now(a_site(), PlaceHealth(usable=True, at=T0), None, [], T0)
    assert place.free is None
    assert place.seen is not None
    assert place.seen.free_gpus == 0


def test_the_smaller_of_what_is_configured_and_found_counts():
    health = PlaceHealth(usable=True, at=T0, cpus=8.0, memory_gib=64.0)
    place = place_now(a_site(cpus=16.0), health, None, [], T0)
    assert (place.cpus, place.memory_gib) == (8.0, 64.0)
