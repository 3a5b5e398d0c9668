from dataclasses import replace
from datetime import timedelta

import pytest

from greenops.model import Bounded, Free, Objective, Pausing, Phase
from greenops.planner.seats import Open, seats
from greenops.planner.terms import Terms
from greenops.planner.weighing import open_sites
from tests.unit.planner.scenes import HOUR, T0, around, exactly, job, place

NOW = T0


def home(*hours, gpus=1, name="home", **fields):
    free = (Free(start=T0, stop=T0 + len(hours) * HOUR, gpus=gpus),)
    return place(name, *hours, **{"free": free, **fields})


def watts(name, power_w, hours=1.0, **fields):
    phases = (Phase(share=1.0, power_w=float(power_w)),)
    return job(hours, name=name, **{"gpus": 1, "phases": phases, **fields})


def seated(jobs, places, now=NOW, objective=None, paused_at=None):
    objective = objective or Objective()
    terms = Terms(now=now, objective=objective, paused_at=paused_at)
    opened = [Open(job=j, found=open_sites(j, places, terms)) for j in jobs]
    return seats(opened, places, now, objective)


def hours_of(standing):
    return [
        ((s.start - T0) / HOUR, (s.stop - T0) / HOUR, s.gpus) for s in standing.segments
    ]


def test_who_has_no_place_or_no_time_gets_no_seat():
    nowhere = watts("a", 100, needs_tags=frozenset({"EU"}))
    late = watts("b", 100, hours=9.0, deadline_h=2)
    assert seated([nowhere, late], [home(1.0, 2.0)]) == {}
    assert seated([], [home(1.0)]) == {}


def test_a_job_without_gpus_competes_with_nobody():
    assert seated([watts("a", 100, gpus=0)], [home(1.0, 2.0)]) == {}


def test_the_cleanest_hour_is_kept_for_who_gains_most_by_it():
    found = seated([watts("a", 100), watts("b", 900)], [home(300.0, 100.0, 200.0)])
    assert {n: hours_of(s) for n, s in found.items()} == {
        "a": [(2, 3, 1)],
        "b": [(1, 2, 1)],
    }


def test_hours_are_those_of_the_clock_though_planned_within_one():
    now = T0 + timedelta(minutes=30)
    here = home(100.0, 300.0, 90.0)
    here = replace(here, seen=replace(here.seen, at=now))
    early = watts("a", 900, hours=0.5, earliest=now)
    found = seated([early, watts("b", 10, earliest=now)], [here], now=now)
    [(start_h, stop_h, _)] = hours_of(found["a"])
    assert 2 <= start_h < stop_h <= 3
    assert found["b"].segments[0].start >= now


def test_capacity_that_ends_within_an_hour_is_not_there_in_that_hour():
    here = home(300.0, 10.0, 200.0)
    cut = (
        Free(start=T0, stop=T0 + 1.5 * HOUR, gpus=1),
        Free(start=T0 + 1.5 * HOUR, stop=T0 + 2 * HOUR, gpus=0),
        Free(start=T0 + 2 * HOUR, stop=T0 + 3 * HOUR, gpus=1),
    )
    found = seated([watts("a", 100)], [replace(here, free=cut)])
    assert hours_of(found["a"]) == [(2, 3, 1)]


def test_hours_that_nobody_knows_are_not_used():
    found = seated([watts("a", 100)], [home(300.0, float("nan"), 200.0)])
    assert hours_of(found["a"]) == [(2, 3, 1)]


def test_a_seat_leaves_the_time_that_a_long_run_may_take():
    unsure = watts("a", 100, duration_s=around(3600.0, 0.5), deadline_h=3)
    found = seated([unsure], [home(300.0, 100.0, 1.0)])
    assert hours_of(found["a"]) == [(1.5, 2.5, 1)]


def test_speed_power_and_the_making_of_hardware_count():
    slow = home(100.0, 100.0, name="home", speed=0.5)
    hungry = home(100.0, 100.0, name="hungry", power_factor=1.8)
    made = home(100.0, 100.0, name="made", embodied_g_per_h=exactly(200.0))
    places = [slow, hungry, made]
    found = seated([watts("a", 1000)], places)
    assert found["a"].place == "hungry"


def test_money_counts_where_it_has_a_price():
    dear = home(100.0, name="dear", price_per_h=9.0)
    cheap = home(120.0, name="cheap", price_per_h=1.0)
    unknown = home(1.0, name="unknown")
    asked = [watts("a", 1000, deadline_h=1)]
    priced = Objective(price_per_t=100_000.0)
    found = seated(asked, [dear, cheap, unknown], objective=priced)
    assert found["a"].place == "cheap"


def test_a_job_that_may_be_paused_gets_separate_hours():
    able = watts("a", 100, hours=2.0, interruptible=True)
    found = seated([able], [home(10.0, 300.0, 20.0)])
    assert hours_of(found["a"]) == [(0, 1, 1), (2, 3, 1)]


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Pausing(max_pauses=1), id="so many pauses"),
        pytest.param(Pausing(min_run_s=7200.0), id="longer than an hour"),
    ],
)
def test_limits_to_pauses_that_hours_cannot_keep_give_one_stretch(limits):
    able = watts("a", 100, hours=2.0, interruptible=True, pausing=limits)
    found = seated([able], [home(10.0, 300.0, 20.0)])
    assert len(found["a"].segments) == 1


def test_more_hours_are_kept_where_a_pause_takes_time():
    able = watts(
        "a", 100, hours=2.0, interruptible=True, pausing=Pausing(resume_s=600.0)
    )
    found = seated([able], [home(10.0, 300.0, 20.0, 30.0)])
    kept_s = sum(s.length.total_seconds() for s in found["a"].segments)
    assert kept_s == pytest.approx(7800.0)


def test_a_place_without_limit_takes_them_all():
    free = home(100.0, 10.0, free=None)
    found = seated([watts(n, 100) for n in "abc"], [free])
    assert [hours_of(s) for s in found.values()] == [[(1, 2, 1)]] * 3


def test_the_first_given_is_served_where_not_all_fit():
    jobs = [watts(n, 100, deadline_h=1) for n in ("b", "a")]
    assert set(seated(jobs, [home(10.0)])) == {"b"}


def test_a_duration_with_a_wide_interval_at_places_of_two_speeds_is_in_time_at_both():
    unsure = watts(
        "a",
        100,
        duration_s=Bounded(central=3600.0, low=3000.0, high=7200.0),
        deadline_h=5,
    )
    fast, slow = home(*[9.0] * 5, name="fast"), home(*[1.0] * 5, name="slow", speed=0.5)
    found = seated([unsure], [fast, slow])
    assert found["a"].place == "slow"
    assert hours_of(found["a"])[-1][1] <= 3.0
