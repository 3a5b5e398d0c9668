import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

from greenops.planner.many.plan import plan_many, spells_s
from greenops.planner.many.problem import ManyJobs, Rates
from tests.unit.planner.many.naive import CLOSE, least_g, many, used_g


def jobs(**fields):
    count = len(fields.get("duration_s", [1]))
    plain = {
        "duration_s": np.full(count, 10.0),
        "power_w": np.ones(count),
        "earliest_s": np.zeros(count),
        "deadline_s": np.full(count, 1e9),
        "may_pause": np.zeros(count, dtype=bool),
        "allowed": np.ones((count, 1), dtype=bool),
    }
    return ManyJobs(**plain | {name: np.array(value) for name, value in fields.items()})


def rates(*rows):
    return Rates(slot_s=10.0, rate_g_per_j=np.array(rows, dtype=float))


@settings(max_examples=400, deadline=None)
@given(many())
def test_every_cost_is_that_of_a_naive_search(drawn):
    places, asked = drawn
    plan = plan_many(places, asked)

    for job in range(len(asked)):
        naive_g = least_g(places, asked, job)
        assert (plan.place[job] >= 0) == np.isfinite(naive_g)
        if np.isfinite(naive_g):
            assert plan.cost_g[job] == pytest.approx(naive_g, abs=CLOSE)


@settings(max_examples=400, deadline=None)
@given(many())
def test_every_run_keeps_its_bounds_and_costs_what_is_said(drawn):
    places, asked = drawn
    plan = plan_many(places, asked)

    for job in np.flatnonzero(plan.place >= 0).tolist():
        spells, place = spells_s(places, asked, plan, job), plan.place[job]
        assert asked.allowed[job, place]
        assert spells[0][0] >= asked.earliest_s[job] - CLOSE
        assert spells[-1][1] <= asked.deadline_s[job] + CLOSE
        assert spells[0][0] == pytest.approx(plan.start_s[job], abs=CLOSE)
        assert spells[-1][1] == pytest.approx(plan.stop_s[job], abs=CLOSE)
        ran_s = sum(stop_s - start_s for start_s, stop_s in spells)
        assert ran_s == pytest.approx(asked.duration_s[job], abs=CLOSE)
        fixed_g = 0.0 if asked.fixed_g is None else asked.fixed_g[job, place]
        run_g = used_g(places, asked, job, places.rate_g_per_j[place], spells)
        assert plan.cost_g[job] == pytest.approx(fixed_g + run_g, abs=CLOSE)


@settings(max_examples=100, deadline=None)
@given(many())
def test_a_pause_is_never_dearer_than_none(drawn):
    places, asked = drawn
    always = dataclasses.replace(asked, may_pause=np.ones(len(asked), dtype=bool))
    never = dataclasses.replace(asked, may_pause=np.zeros(len(asked), dtype=bool))
    one, other = plan_many(places, always), plan_many(places, never)

    fits = other.place >= 0
    assert (one.place[fits] >= 0).all()
    assert (one.cost_g[fits] <= other.cost_g[fits] + CLOSE).all()


def test_jobs_for_other_places_are_refused():
    with pytest.raises(ValueError, match="jobs are for 1 places, rates for 2"):
        plan_many(rates([1], [2]), jobs())


@pytest.mark.parametrize("may_pause", [False, True])
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"deadline_s": [-1.0]}, id="deadline in the past"),
        pytest.param({"duration_s": [31.0]}, id="longer than what is known of"),
        pytest.param({"earliest_s": [25.0]}, id="begins too late"),
        pytest.param({"earliest_s": [1e6]}, id="begins beyond the last slot"),
        pytest.param({"allowed": [[False]]}, id="nowhere allowed"),
        pytest.param({"duration_s": [21.0]}, id="touches an unknown hour"),
    ],
)
def test_what_fits_nowhere_gets_no_place_and_no_cost(fields, may_pause):
    plan = plan_many(rates([1, 2, np.nan]), jobs(may_pause=[may_pause], **fields))

    assert plan.place.tolist() == [-1]
    assert np.isnan([plan.cost_g[0], plan.start_s[0], plan.stop_s[0]]).all()


@pytest.mark.parametrize("may_pause", [False, True])
def test_a_job_without_power_keeps_out_of_unknown_hours_too(may_pause):
    asked = jobs(power_w=[0.0], duration_s=[15.0], may_pause=[may_pause])

    plan = plan_many(rates([np.nan, 5, 5, np.nan]), asked)

    assert (plan.start_s[0], plan.cost_g[0]) == (10, 0)


@pytest.mark.parametrize("may_pause", [False, True])
def test_with_flat_rates_the_earliest_start_wins(may_pause):
    flat = [0.1 * 3] * 50
    asked = jobs(duration_s=[33.0], earliest_s=[7.0], may_pause=[may_pause])

    assert plan_many(rates(flat), asked).start_s[0] == pytest.approx(7.0)


def test_no_jobs_make_an_empty_plan():
    none = jobs(
        duration_s=[],
        power_w=[],
        earliest_s=[],
        deadline_s=[],
        may_pause=np.zeros(0, dtype=bool),
        allowed=np.ones((0, 1), dtype=bool),
    )

    assert len(plan_many(rates([1, 2]), none).place) == 0


def test_thousands_of_jobs_at_places_that_hardly_differ_are_planned_as_if_alone():
    rng = np.random.default_rng(3)
    common = rng.uniform(1, 2, 60)
    places = Rates(slot_s=10.0, rate_g_per_j=common + 0.02 * rng.random((5, 60)))
    count = 9000
    asked = ManyJobs(
        duration_s=rng.uniform(1, 100, count),
        power_w=rng.uniform(1, 9, count),
        earliest_s=rng.uniform(0, 200, count),
        deadline_s=rng.uniform(310, 600, count),
        may_pause=rng.random(count) < 0.5,
        allowed=np.ones((count, 5), dtype=bool),
    )
    plan = plan_many(places, asked)

    for job in rng.integers(0, count, 150).tolist():
        naive_g = least_g(places, asked, job)
        assert plan.cost_g[job] == pytest.approx(naive_g, rel=1e-9)
