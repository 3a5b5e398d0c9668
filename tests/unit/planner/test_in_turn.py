from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import PlanError
from greenops.model import Free, Objective, Seen
from greenops.planner.plan import plan_job, plan_jobs
from tests.unit.planner.scenes import HOUR, T0, forecast, job, place

HOURS = (50.0, 10.0, 20.0, 30.0)
HOME = place("home", *HOURS, free=(Free(start=T0, stop=T0 + 4 * HOUR, gpus=1),))


def named(*names, **fields):
    return [job(name=n, gpus=1, **fields) for n in names]


def at_once_g(plan):
    return plan.at_once.total_g.central


def starts_h(plans):
    return {p.job: (p.chosen.start - T0) / HOUR for p in plans}


def test_two_jobs_of_one_name_are_refused():
    with pytest.raises(PlanError, match="two jobs bear one name"):
        plan_jobs(named("a", "a"), [HOME], now=T0)


def test_each_takes_what_those_before_have_left():
    plans, refusals = plan_jobs(named("a", "b", "c"), [HOME], now=T0)
    assert starts_h(plans) == {"a": 1.0, "b": 2.0, "c": 3.0}
    assert refusals == ()


def test_a_higher_priority_takes_its_turn_first_and_then_the_earlier_deadline():
    jobs = [
        job(name="late", gpus=1, deadline_h=24.0),
        job(name="soon", gpus=1, deadline_h=4.0),
        job(name="first", gpus=1, deadline_h=24.0, priority=5),
    ]
    plans, _ = plan_jobs(jobs, [HOME], now=T0)
    assert [p.job for p in plans] == ["first", "soon", "late"]
    assert starts_h(plans) == {"first": 1.0, "soon": 2.0, "late": 3.0}


def test_who_finds_nothing_left_is_refused_by_capacity():
    plans, refusals = plan_jobs(named(*"abcde"), [HOME], now=T0)
    assert len(plans) == 4
    (refusal,) = refusals
    assert (refusal.job, refusal.binding) == ("e", "capacity")


def test_what_a_job_is_given_is_what_it_would_be_given_alone():
    plans, _ = plan_jobs(named("a"), [HOME], now=T0)
    assert plans == (plan_job(named("a")[0], [HOME], now=T0),)


def test_running_at_once_is_counted_as_if_no_other_job_were_planned():
    here = replace(HOME, forecast=forecast(10.0, 50.0, 50.0, 50.0))
    plans, _ = plan_jobs(named("a", "b"), [here], now=T0)
    assert starts_h(plans) == {"a": 0.0, "b": 1.0}
    assert [at_once_g(p) for p in plans] == pytest.approx([10.0, 10.0])


def test_a_budget_is_not_promised_twice():
    objective = Objective(budgets_g={"p": 35.0})
    plans, refusals = plan_jobs(
        named(*"abc", project="p"), [HOME], now=T0, objective=objective
    )
    assert starts_h(plans) == {"a": 1.0, "b": 2.0}
    assert [r.binding for r in refusals] == [
        "budget",
    ]
    assert refusals[0].change == "25 g more for p"


def test_private_capacity_that_was_seen_is_not_promised_twice():
    lab = replace(HOME, free=None, seen=Seen(free_gpus=1, at=T0))
    cloud = place("cloud", *HOURS, private=False)
    plans, _ = plan_jobs(named("a", "b"), [lab, cloud], now=T0)
    assert [p.chosen.place for p in plans] == ["home", "cloud"]


def test_a_paused_job_goes_on_from_where_it_lies():
    (a_job,) = named("a", checkpoint_gb=1.0)
    plans, _ = plan_jobs([a_job], [HOME], now=T0, paused_at={"a": "elsewhere"})
    assert plans[0].chosen.transfers[0].path == ("elsewhere", "home")


jobs = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(0, 3),
        st.integers(1, 8),
        st.booleans(),
        st.integers(0, 2),
    ),
    max_size=7,
)
capacities = st.lists(st.integers(0, 4), min_size=8, max_size=8)
intensities = st.lists(st.integers(1, 9).map(float), min_size=8, max_size=8)


@settings(deadline=None, max_examples=50)
@given(jobs, st.lists(st.tuples(intensities, capacities), min_size=1, max_size=2))
def test_capacity_is_never_exceeded_and_no_deadline_broken(specs, made):
    places = [
        place(
            f"p{i}",
            *hours,
            free=tuple(
                Free(start=T0 + h * HOUR, stop=T0 + (h + 1) * HOUR, gpus=n)
                for h, n in enumerate(free)
            ),
        )
        for i, (hours, free) in enumerate(made)
    ]
    given_jobs = [
        job(
            float(hours),
            name=f"j{i}",
            gpus=gpus,
            deadline_h=float(deadline),
            interruptible=interruptible,
            priority=priority,
            home="p0",
        )
        for i, (hours, gpus, deadline, interruptible, priority) in enumerate(specs)
    ]
    plans, refusals = plan_jobs(given_jobs, places, now=T0)
    assert sorted(p.job for p in plans) + sorted(r.job for r in refusals) == [
        *sorted(p.job for p in plans),
        *sorted({j.name for j in given_jobs} - {p.job for p in plans}),
    ]
    by_name = {j.name: j for j in given_jobs}
    for i, (_, free) in enumerate(made):
        for hour, capacity in enumerate(free):
            start, stop = T0 + hour * HOUR, T0 + (hour + 1) * HOUR
            held = sum(
                s.gpus
                for p in plans
                if p.chosen.place == f"p{i}"
                for s in p.chosen.segments
                if s.start < stop and start < s.stop
            )
            assert held <= capacity
    for plan in plans:
        assert plan.chosen.stop <= by_name[plan.job].deadline
        run_s = sum(s.length.total_seconds() for s in plan.chosen.segments)
        assert run_s == pytest.approx(by_name[plan.job].duration_s.central)
