from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.model import Exclusion, Free, Objective, Pausing, Phase
from greenops.planner.place import best_here
from greenops.planner.plan import plan_job, replayed
from greenops.planner.scaled import elastic_bid
from greenops.planner.site import site_of
from tests.unit.planner.scenes import HOUR, T0, exactly, forecast, job, place

H = 3600.0
CARBON = Objective()
LINEAR = (0.25, 0.5, 0.75, 1.0)
ELASTIC = job(
    2.0,
    gpus=4,
    scaling=LINEAR,
    interruptible=True,
    phases=(Phase(share=1.0, power_w=4000.0),),
    deadline_h=8.0,
)


def site(a_job, a_place):
    return site_of(a_job, a_place, origin=T0, series=a_place.forecast)


def elastic(a_job, a_place, objective=CARBON):
    return elastic_bid(site(a_job, a_place), (), objective)


def best(a_job, a_place):
    return best_here(site(a_job, a_place), (), CARBON)


def free(*gpus):
    return tuple(
        Free(start=T0 + i * HOUR, stop=T0 + (i + 1) * HOUR, gpus=n)
        for i, n in enumerate(gpus)
    )


HERE = place("home", 10.0, 50.0, 20.0, 90.0, free=free(4, 4, 3, 4))


@pytest.mark.parametrize(
    ("a_job", "a_place"),
    [
        pytest.param(replace(ELASTIC, scaling=()), HERE, id="no-scaling-known"),
        pytest.param(
            replace(ELASTIC, interruptible=False), HERE, id="not-to-be-paused"
        ),
        pytest.param(ELASTIC, replace(HERE, reserved=True), id="hardware-is-held"),
        pytest.param(
            replace(ELASTIC, hard=False, deadline=T0 - HOUR), HERE, id="late-already"
        ),
        pytest.param(
            replace(ELASTIC, pausing=Pausing(max_pauses=0)), HERE, id="no-pause-allowed"
        ),
        pytest.param(
            replace(ELASTIC, pausing=Pausing(min_run_s=5400.0)),
            HERE,
            id="runs-too-short",
        ),
        pytest.param(replace(ELASTIC, deadline=T0 + HOUR), HERE, id="too-little-time"),
    ],
)
def test_a_job_keeps_its_number_of_gpus(a_job, a_place):
    assert elastic(a_job, a_place) is None


def test_as_many_gpus_as_are_free_are_used_when_it_is_green():
    option, weight_g = elastic(ELASTIC, HERE)
    # 8 GPU-hours: 4 in the first hour, 3 in the third, the last in the second.
    used_h = {s.start: s.gpus * (s.length / HOUR) for s in option.segments}
    assert used_h == {T0: 5.0, T0 + 2 * HOUR: 3.0}
    assert weight_g == pytest.approx(40.0 + 60.0 + 50.0)
    assert option.cost.total_g.central == pytest.approx(40.0 + 60.0 + 50.0)
    assert option.cost.energy_j.central == pytest.approx(8 * 3.6e6)


def test_the_hardware_and_its_price_count_by_the_gpus_in_use():
    dear = replace(HERE, price_per_h=8.0, embodied_g_per_h=exactly(40.0))
    option, weight_g = elastic(ELASTIC, dear, Objective(price_per_t=1e6))
    assert option.cost.price == pytest.approx(2 * 8.0)
    assert option.cost.embodied_g.central == pytest.approx(2 * 40.0)
    assert weight_g == pytest.approx(option.cost.total_g.central + 16.0)


def test_the_upper_end_of_the_duration_leaves_its_margin():
    may_last = replace(
        ELASTIC,
        duration_s=replace(ELASTIC.duration_s, high=4 * H),
        deadline=T0 + 4 * HOUR,
    )
    option, _ = elastic(may_last, place("home", 90.0, 90.0, 10.0, 10.0))
    assert option.stop <= T0 + 2 * HOUR


def test_a_changing_number_is_chosen_only_where_it_is_greener():
    plan = plan_job(ELASTIC, [HERE], now=T0)
    assert {s.gpus for s in plan.chosen.segments} == {3, 4}
    roomy = replace(HERE, free=None)
    assert {s.gpus for s in plan_job(ELASTIC, [roomy], now=T0).chosen.segments} == {4}


def test_it_runs_where_its_stated_number_of_gpus_is_never_free():
    small = replace(HERE, free=free(2, 2, 2, 2))
    plan = plan_job(ELASTIC, [small], now=T0)
    assert [s.gpus for s in plan.chosen.segments] == [2]
    assert plan.chosen.start == T0
    assert plan.chosen.stop == T0 + 4 * HOUR


def test_every_change_takes_its_energy_in_its_hour():
    costs_more = replace(ELASTIC, pausing=Pausing(energy_j=0.5 * 3.6e6))
    option, weight_g = elastic(costs_more, HERE)
    assert len(option.segments) == 2
    assert option.cost.total_g.central == pytest.approx(150.0 + 0.5 * 20.0)
    assert option.cost.energy_j.central == pytest.approx(8.5 * 3.6e6)
    assert weight_g == pytest.approx(160.0)


def test_a_paused_elastic_job_works_off_its_resumption():
    small = replace(place("home", *[10.0] * 8), free=free(*[2] * 8))
    a_job = replace(ELASTIC, pausing=Pausing(resume_s=600.0))
    begun = plan_job(a_job, [small], now=T0, paused_at="home")
    assert begun.chosen.stop == T0 + 4 * HOUR + HOUR / 3
    assert plan_job(a_job, [small], now=T0).chosen.stop == T0 + 4 * HOUR


def test_an_elastic_plan_is_recounted_with_what_came():
    plan = plan_job(ELASTIC, [HERE], now=T0)
    same = replayed(plan, ELASTIC, [HERE], {"home": HERE.forecast})
    assert same.chosen.cost.total_g.central == pytest.approx(
        plan.chosen.cost.total_g.central
    )
    twice = replayed(
        plan, ELASTIC, [HERE], {"home": forecast(20.0, 100.0, 40.0, 180.0)}
    )
    assert twice.chosen.cost.total_g.central == pytest.approx(
        2 * plan.chosen.cost.total_g.central
    )


hours = st.lists(st.integers(1, 9).map(float), min_size=3, max_size=7)
capacity = st.lists(st.integers(0, 4), min_size=7, max_size=7)


@settings(deadline=None, max_examples=50)
@given(row=hours, gpus=capacity, work_h=st.integers(1, 3))
def test_linear_scaling_fills_the_greenest_free_gpu_hours(row, gpus, work_h):
    here = place("home", *row, free=free(*gpus))
    a_job = replace(
        ELASTIC, duration_s=exactly(work_h * H), deadline=T0 + len(row) * HOUR
    )
    found = best(a_job, here)
    free_hours = sorted(g for g, n in zip(row, gpus, strict=False) for _ in range(n))
    if len(free_hours) < 4 * work_h:
        assert isinstance(found, Exclusion)
        return
    assert found.weight_g == pytest.approx(sum(free_hours[: 4 * work_h]))


@settings(deadline=None, max_examples=50)
@given(
    row=hours,
    gpus=capacity,
    work_h=st.floats(0.3, 2.5),
    change_s=st.sampled_from([0.0, 300.0, 1200.0]),
    energy_j=st.sampled_from([0.0, 1e6]),
    scaling=st.sampled_from([LINEAR, (0.4, 0.7, 0.9, 1.0), (0.2, 0.6, 0.5, 1.0)]),
)
def test_all_the_work_is_done_on_gpus_that_are_free(
    row, gpus, work_h, change_s, energy_j, scaling
):
    here = place("home", *row, free=free(*gpus))
    pausing = Pausing(pause_s=change_s, resume_s=change_s, energy_j=energy_j)
    a_job = replace(
        ELASTIC,
        duration_s=exactly(work_h * H),
        scaling=scaling,
        pausing=pausing,
        deadline=T0 + len(row) * HOUR,
    )
    found = elastic(a_job, here)
    if found is None:
        return
    option, weight_g = found
    assert weight_g == pytest.approx(option.cost.total_g.central)
    assert option.stop <= a_job.deadline
    done_s = 0.0
    for i, part in enumerate(option.segments):
        useful_s = part.length.total_seconds() - (2 * change_s if i else 0.0)
        done_s += scaling[part.gpus - 1] * useful_s
        for hour, n in enumerate(gpus):
            if part.start < T0 + (hour + 1) * HOUR and T0 + hour * HOUR < part.stop:
                assert part.gpus <= n
    assert done_s >= work_h * H - 1e-3


def test_a_soft_deadline_is_kept_while_the_number_of_gpus_changes():
    hard = elastic(ELASTIC, HERE)
    soft = elastic(replace(ELASTIC, hard=False), HERE)
    assert soft is not None
    assert soft == hard
