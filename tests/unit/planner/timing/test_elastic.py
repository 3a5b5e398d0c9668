from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from greenops.errors import NoFeasiblePlanError
from greenops.planner.timing.elastic import greenest_shares, static_plans
from greenops.planner.timing.elastic_job import Elastic
from tests.unit.planner.curves import NAN, H, hourly, rates

CONCAVE = (1.0, 1.8, 2.4, 2.8)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"work": 0.0}, "work must be above 0"),
        ({"work": NAN}, "work must be above 0"),
        ({"work_per_s": ()}, "for every count"),
        ({"work_per_s": (1.0, -2.0)}, "for every count"),
        ({"factors": (1.0,)}, "as many as work_per_s"),
        ({"factors": (1.0, NAN)}, "factors must be above 0"),
        ({"min_gpus": 0}, "0 to 2 GPUs"),
        ({"min_gpus": 2, "max_gpus": 1}, "2 to 1 GPUs"),
        ({"max_gpus": 3}, "1 to 3 GPUs are not within 1 to 2"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_a_job_that_makes_no_sense_is_refused(job, said):
    with pytest.raises(ValueError, match=said):
        Elastic(**{"work": 1.0, "work_per_s": (1.0, 2.0)} | job)


@pytest.mark.parametrize(
    ("run", "free_gpus", "bounds_h", "binding", "change"),
    [
        ((1, 1, 1), None, (0, 1), "deadline", "a deadline at least 1 h later"),
        (
            (1, 1),
            None,
            (0, 1.5),
            "deadline",
            "a deadline at least 30 min later",
        ),
        (
            (1,),
            None,
            (2, 1),
            "deadline",
            "a deadline at least 2 h later, with a forecast that reaches it",
        ),
        ((1,), None, (0, 9), "horizon", "a forecast at least 1 h longer"),
        (
            (1, NAN, NAN, 1),
            None,
            (0, 3),
            "unknown hours",
            "a deadline at least 1 h later, or the intensity of 1 h more",
        ),
        (
            (1, 1, 1, 1),
            (1, 1, 0, 2),
            (0, 3),
            "capacity",
            "a deadline at least 1 h later, or 1 more GPUs free throughout",
        ),
        ((1, 1), (0, 0), (0, 2), "capacity", "2 more GPUs free throughout"),
    ],
    ids=[
        "too little time",
        "a little too little",
        "deadline before the start",
        "forecast too short",
        "unknown hours",
        "too few GPUs",
        "no GPUs",
    ],
)
def test_what_does_not_fit_is_told_with_the_change_that_would_do(
    run, free_gpus, bounds_h, binding, change
):
    job = Elastic(work=4 * H, work_per_s=(1.0, 2.0))

    with pytest.raises(NoFeasiblePlanError) as error:
        greenest_shares(
            hourly(*run), job, bounds_h[0] * H, bounds_h[1] * H, free_gpus=free_gpus
        )

    assert (error.value.binding, error.value.change) == (binding, change)


@pytest.mark.parametrize("free_gpus", [(1,), (1, -1), (1, NAN)])
def test_free_gpus_that_do_not_match_the_slots_are_refused(free_gpus):
    job = Elastic(work=H, work_per_s=(1.0,))

    with pytest.raises(ValueError, match="free_gpus must be"):
        greenest_shares(hourly(1, 1), job, 0.0, 2 * H, free_gpus=free_gpus)


@pytest.mark.parametrize("bounds_s", [(NAN, 1.0), (0.0, np.inf)])
def test_bounds_that_are_no_times_are_refused(bounds_s):
    with pytest.raises(ValueError, match="must be finite"):
        greenest_shares(hourly(1), Elastic(work=1.0, work_per_s=(1.0,)), *bounds_s)


def _shares_h(plan):
    return [(s.start_s / H, s.stop_s / H, s.gpus) for s in plan.shares]


@pytest.mark.parametrize(
    ("run", "job", "free_gpus", "shares_h", "cost_g"),
    [
        ((5, 1, 5), {"work": 2.8 * H}, None, [(1, 2, 4)], 4),
        ((2, 1, 2), {"work": 2.8 * H}, None, [(0, 0.4, 1), (1, 2, 3)], 3.8),
        ((2, 2, 2), {"work": 3 * H}, None, [(0, 3, 1)], 6),
        ((1, 1, 9), {"work": 1.5 * H}, None, [(0, 1.5, 1)], 1.5),
        ((1, NAN, 9), {"work": 2.4 * H}, None, [(0, 1, 3)], 3),
        ((1, 1, 9), {"work": 3.6 * H, "min_gpus": 3}, None, [(0, 1.5, 3)], 4.5),
        ((1, 3, 9), {"work": 2 * H}, (1, 1, 4), [(0, 2, 1)], 4),
        ((0, 5, 5), {"work": 2.8 * H}, None, [(0, 1, 4)], 0),
        ((-1, 5, 5), {"work": 1.4 * H}, None, [(0, 0.5, 4)], -2),
    ],
    ids=[
        "all GPUs in the green hour",
        "the third GPU there before the first elsewhere",
        "all alike: one GPU, as concave work goes furthest",
        "part of the last slot",
        "no more in unknown hours",
        "never fewer than the least",
        "no more than are free",
        "free hours are filled",
        "the more GPUs the better where they earn",
    ],
)
def test_each_gpu_goes_where_its_gram_does_the_most_work(
    run, job, free_gpus, shares_h, cost_g
):
    elastic = Elastic(**{"work_per_s": CONCAVE} | job)

    plan = greenest_shares(hourly(*run), elastic, 0.0, 3 * H, free_gpus=free_gpus)

    assert _shares_h(plan) == [pytest.approx(share) for share in shares_h]
    assert plan.cost_g == pytest.approx(cost_g)


def test_levels_of_a_curve_that_is_not_concave_are_skipped():
    # Two GPUs are of no use, three are: the mix of one and three beats two.
    job = Elastic(work=2.0 * H, work_per_s=(1.0, 1.1, 3.0), factors=(1.0, 2.0, 2.5))

    plan = greenest_shares(hourly(1, 9), job, 0.0, 2 * H)

    assert {s.gpus for s in plan.shares} == {3}
    assert plan.cost_g == pytest.approx(2.5 * 2 / 3)


def test_scaling_is_never_dearer_than_a_fixed_number():
    curve = hourly(3, 1, 4, 1, 5, 9, 2, 6)
    job = Elastic(work=5 * H, work_per_s=CONCAVE)

    scaled = greenest_shares(curve, job, 0.0, 8 * H)
    fixed = static_plans(curve, job, 0.0, 8 * H)

    assert sorted(fixed) == [1, 2, 3, 4]
    assert all(scaled.cost_g < plan.cost_g for plan in fixed.values())


def test_a_fixed_number_that_cannot_do_it_in_time_is_left_out():
    job = Elastic(work=2 * H, work_per_s=CONCAVE)

    assert sorted(static_plans(hourly(1), job, 0.0, H)) == [3, 4]


LEVELS = st.lists(st.sampled_from([1.0, 1.5, 2.0, 2.5, 4.0]), min_size=1, max_size=3)


def _naive_g(run, job, free):
    """The best of all mixes of levels in which one slot at most is shared by two."""
    levels = []
    for rate, gpus in zip(run, free, strict=True):
        allowed = [
            (job.work_per_s[n - 1] * H, rate * job.factor(n))
            for n in range(job.min_gpus, min(gpus, job.most_gpus) + 1)
        ]
        levels.append([(0.0, 0.0), *([] if np.isnan(rate) else allowed)])
    best = None
    for chosen in product(*levels):
        work, cost_g = np.sum(chosen, axis=0)
        for slot, other in ((s, o) for s, ls in enumerate(levels) for o in ls):
            step = other[0] - chosen[slot][0]
            share = (job.work - work) / step if step else float(work != job.work)
            if (step and 0 <= share <= 1) or (not step and not share):
                total_g = cost_g + share * (other[1] - chosen[slot][1])
                best = total_g if best is None else min(best, total_g)
    return best


@settings(max_examples=200)
@given(
    rates(4),
    LEVELS,
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.integers(1, 2),
    st.integers(1, 24),
)
def test_it_is_as_cheap_as_the_best_of_all_mixes(run, levels, free, least, quarters):
    job = Elastic(
        work=quarters * H / 4,
        work_per_s=tuple(levels),
        min_gpus=min(least, len(levels)),
    )
    naive_g = _naive_g(run, job, free)
    if naive_g is None:
        with pytest.raises(NoFeasiblePlanError):
            greenest_shares(hourly(*run), job, 0.0, 4 * H, free_gpus=free)
        return

    plan = greenest_shares(hourly(*run), job, 0.0, 4 * H, free_gpus=free)

    assert plan.cost_g == pytest.approx(naive_g, abs=1e-9)


@given(
    rates(5),
    LEVELS,
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
    st.integers(1, 24),
    st.floats(0.0, 3 * H),
)
def test_all_the_work_is_done_on_what_is_free(run, levels, free, quarters, earliest_s):
    curve = hourly(*run)
    job = Elastic(work=quarters * H / 4, work_per_s=tuple(levels))
    try:
        plan = greenest_shares(curve, job, earliest_s, 4.5 * H, free_gpus=free)
    except NoFeasiblePlanError:
        assume(False)

    done = sum((s.stop_s - s.start_s) * job.work_per_s[s.gpus - 1] for s in plan.shares)
    assert done == pytest.approx(job.work)
    assert all(a.stop_s <= b.start_s for a, b in pairwise(plan.shares))
    assert plan.shares[0].start_s >= earliest_s
    assert plan.shares[-1].stop_s <= 4.5 * H
    for share in plan.shares:
        inside = (curve.edges_s[:-1] < share.stop_s) & (
            curve.edges_s[1:] > share.start_s
        )
        assert (np.array(free)[inside] >= share.gpus).all()
        assert curve.known(share.start_s, share.stop_s)


@given(rates(5, unknown=False), LEVELS, st.integers(1, 8), st.sampled_from([0.25, 8.0]))
def test_scaling_all_rates_leaves_the_shares_alone(run, levels, quarters, scale):
    job = Elastic(work=quarters * H / 4, work_per_s=tuple(levels))

    before = greenest_shares(hourly(*run), job, 0.0, 5 * H)
    after = greenest_shares(hourly(*(r * scale for r in run)), job, 0.0, 5 * H)

    assert after.shares == before.shares


@given(rates(4, unknown=False), LEVELS, st.integers(1, 8), st.integers(1, 3))
def test_dearer_or_unknown_hours_at_the_end_change_nothing(run, levels, quarters, more):
    job = Elastic(work=quarters * H / 4, work_per_s=tuple(levels))
    # Of four hours; with less work than one GPU does, none is bought that dear.
    before = greenest_shares(hourly(*run), job, 0.0, 4 * H)

    for extra in (1000.0, NAN):
        longer = hourly(*run, *([extra] * more))
        after = greenest_shares(longer, job, 0.0, (4 + more) * H)
        assert after.shares == before.shares
