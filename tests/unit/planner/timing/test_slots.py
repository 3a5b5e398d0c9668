import csv
import gzip
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from greenops.errors import NoFeasiblePlanError
from greenops.planner.timing import grid
from greenops.planner.timing.curve import Curve
from greenops.planner.timing.pauses import Pauses
from greenops.planner.timing.slots import greenest_slots
from greenops.planner.timing.task import Task
from greenops.planner.timing.window import greenest_window
from tests.unit.planner.curves import NAN, H, hourly, minutes, rates, traces


@pytest.mark.parametrize(
    ("curve", "pauses", "bounds_h", "binding", "change"),
    [
        (
            hourly(1, 1, 1, 1),
            Pauses(),
            (0, 2),
            "deadline",
            "a deadline at least 1 h later",
        ),
        (
            hourly(1, 1),
            Pauses(),
            (0, 2),
            "deadline",
            "a deadline at least 1 h later, with a forecast that reaches it",
        ),
        (
            hourly(1, 1, 1, 1),
            Pauses(),
            (3, 2),
            "deadline",
            "a deadline at least 4 h later, with a forecast that reaches it",
        ),
        (hourly(1, 1), Pauses(), (0, 9), "horizon", "a forecast at least 1 h longer"),
        (
            hourly(1, NAN, NAN, 1, 1),
            Pauses(),
            (0, 4),
            "unknown hours",
            "a deadline at least 1 h later, or the intensity of 1 h more",
        ),
        (
            hourly(NAN, NAN, NAN),
            Pauses(),
            (0, 3),
            "unknown hours",
            "the intensity of 3 h more",
        ),
        (
            hourly(1, NAN, 1, NAN, 1),
            Pauses(max_pauses=1),
            (0, 5),
            "max pauses",
            "2 pauses allowed",
        ),
        (
            hourly(1, NAN, 1, NAN, 1),
            Pauses(max_pauses=0),
            (0, 5),
            "max pauses",
            "2 pauses allowed",
        ),
        (
            hourly(1, NAN, 1, NAN, 1),
            Pauses(min_run_s=1.5 * H),
            (0, 5),
            "min run",
            "stretches of 1 h allowed",
        ),
        (
            hourly(1, NAN, 1, NAN, 1),
            Pauses(pause_s=60.0),
            (0, 5),
            "pause cost",
            "pausing and resuming that take less time",
        ),
        (
            hourly(1, 1, 1),
            Pauses(resume_s=H / 2, resuming=True),
            (0, 3),
            "deadline",
            "a deadline at least 30 min later, with a forecast that reaches it",
        ),
    ],
    ids=[
        "shorter than the work",
        "deadline and forecast",
        "deadline before the start",
        "forecast too short",
        "unknown hours",
        "nothing known",
        "one pause too few",
        "no pause allowed",
        "stretches too long",
        "no time to pause",
        "no time to resume",
    ],
)
def test_what_does_not_fit_is_told_with_the_change_that_would_do(
    curve, pauses, bounds_h, binding, change
):
    with pytest.raises(NoFeasiblePlanError) as error:
        greenest_slots(curve, Task(3 * H), pauses, bounds_h[0] * H, bounds_h[1] * H)

    assert (error.value.binding, error.value.change) == (binding, change)
    assert change in str(error.value)


@pytest.mark.parametrize("bounds_s", [(NAN, 1.0), (0.0, np.inf)])
def test_bounds_that_are_no_times_are_refused(bounds_s):
    with pytest.raises(ValueError, match="must be finite"):
        greenest_slots(hourly(1, 1), Task(60.0), Pauses(), *bounds_s)


def _spans_h(plan):
    return [(s.start_s / H, s.stop_s / H) for s in plan.stretches]


@pytest.mark.parametrize(
    ("run", "pauses", "spans_h", "cost_g"),
    [
        ((1, 9, 2, 9, 3), Pauses(), [(0, 1), (2, 3)], 3),
        ((5, 5, 5, 5, 5), Pauses(), [(0, 2)], 10),
        ((1, 9, 2, 2, 9), Pauses(max_pauses=0), [(2, 4)], 4),
        ((1, 9, 1, 9, 3), Pauses(min_run_s=2 * H), [(0, 2)], 10),
        ((1, NAN, 2, NAN, 3), Pauses(), [(0, 1), (2, 3)], 3),
        ((1, 2, 1, 9, 9), Pauses(), [(0, 1), (2, 3)], 2),
        ((1, 2, 1, 9, 9), Pauses(resume_s=0.75 * H), [(0, 2)], 3),
        (
            (1, 3, 1, 9, 9),
            Pauses(pause_s=0.5 * H, factor=0.5),
            [(0, 1.5), (2, 3)],
            2.75,
        ),
        ((1, 3, 1, 9, 9), Pauses(pause_s=0.5 * H, factor=2.0), [(0, 2)], 4),
        ((9, 1, 3, 9, 1), Pauses(), [(1, 2), (4, 5)], 2),
        ((-1, 5, -2, 5, 5), Pauses(), [(0, 1), (2, 3)], -3),
    ],
    ids=[
        "pauses for the dear hour",
        "all alike: no pause, at once",
        "no pause allowed",
        "no stretch so short",
        "pauses for unknown hours",
        "a free pause pays",
        "resuming costs what it saves",
        "checkpoint in the dear hour, still pays",
        "a hungry checkpoint does not pay",
        "starts late",
        "money may be earned",
    ],
)
def test_it_pauses_where_that_saves_more_than_it_costs(run, pauses, spans_h, cost_g):
    plan = greenest_slots(hourly(*run), Task(2 * H), pauses, 0.0, 5 * H)

    assert _spans_h(plan) == spans_h
    assert plan.cost_g == pytest.approx(cost_g)
    assert plan.exact


def test_of_equal_plans_the_one_with_fewest_pauses_is_taken():
    plan = greenest_slots(hourly(1, 9, 1, 9, 1, 1), Task(3 * H), Pauses(), 0.0, 6 * H)

    assert _spans_h(plan) == [(0, 1), (4, 6)]


def test_the_rounding_of_sums_does_not_choose_between_equal_plans():
    curve = hourly(*[0.1, 0.7] * 84)

    plan = greenest_slots(curve, Task(3 * H), Pauses(), 0.0, 168 * H)

    assert _spans_h(plan) == [(0, 1), (2, 3), (4, 5)]


def test_bounds_off_the_rounded_grid_are_reached():
    # From 11.7 s on, 7188.3 s of the two green hours are left: 4.4 s are run at 9.
    curve, task = hourly(1, 9, 1, 9), Task(2 * H - 7.3)

    plan = greenest_slots(curve, task, Pauses(), 11.7, 4 * H)

    assert not plan.exact
    assert plan.stretches[0].start_s == pytest.approx(11.7)
    assert plan.cost_g * H == pytest.approx(7188.3 + 9 * 4.4)


def test_the_last_stretch_may_be_shorter_than_the_others():
    plan = greenest_slots(
        hourly(1, 1, 9, 1, 9), Task(3 * H), Pauses(min_run_s=2 * H), 0.0, 5 * H
    )

    assert _spans_h(plan) == [(0, 2), (3, 4)]


def test_the_hungry_phase_of_a_paused_job_finds_its_hour():
    task = Task(3 * H, ((H, 1.0), (H, 9.0), (H, 1.0)))

    plan = greenest_slots(hourly(3, 4, 1, 4, 2), task, Pauses(), 0.0, 5 * H)

    assert _spans_h(plan) == [(0, 1), (2, 3), (4, 5)]
    assert plan.cost_g == pytest.approx(3 + 9 + 2)


def test_holding_hardware_through_a_pause_is_counted():
    wait = [0, 1, 1, 1, 1]
    short = hourly(1, 2.5, 1, 9, 9, wait_g_per_h=wait)
    long = hourly(1, 1.5, 1, 9, 9, wait_g_per_h=wait)

    paused = greenest_slots(short, Task(2 * H), Pauses(), 0.0, 5 * H)
    unbroken = greenest_slots(long, Task(2 * H), Pauses(), 0.0, 5 * H)

    assert paused.pauses == 1
    assert paused.wait_g == pytest.approx(1.0)
    assert (unbroken.pauses, unbroken.wait_g) == (0, 0.0)


def test_a_job_that_lies_paused_resumes_first():
    pauses = Pauses(resume_s=0.5 * H, resuming=True)

    plan = greenest_slots(hourly(4, 1, 1, 9), Task(H), pauses, 0.0, 4 * H)

    assert _spans_h(plan) == [(1, 2.5)]
    assert plan.stretches[0].work_start_s == 1.5 * H
    assert plan.run_g == pytest.approx(1.0)
    assert plan.overhead_g == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("curve", "pauses", "exact"),
    [
        (hourly(2, -1, 2, -1), Pauses(), True),
        (hourly(2, 1, 2, 1), Pauses(pause_s=H), True),
        (hourly(2, -1, 2, -1), Pauses(pause_s=H), False),
        (hourly(2, 1, 2, 1, wait_g_per_h=[0, 3, 0, 0]), Pauses(pause_s=H), False),
        (hourly(2, -1, 2, -1), Pauses(pause_s=H, max_pauses=0), True),
    ],
    ids=[
        "no overheads",
        "overheads cost something",
        "overheads earn money",
        "overheads cost less than waiting",
        "no pause allowed",
    ],
)
def test_nothing_is_called_exact_where_pausing_for_its_own_sake_would_pay(
    curve, pauses, exact
):
    assert greenest_slots(curve, Task(H), pauses, 0.0, 4 * H).exact is exact


# Every way of running a job on whole minutes, and its cost.


def _every_way(curve, factors, pauses, low, high):
    """Yield (cost in g, stretches) of every plan on the curve's own slots."""
    run, wait = curve.run_g_per_s * 60, curve.wait_g_per_s * 60
    high = min(high, run.size)
    pause, resume = round(pauses.pause_s / 60), round(pauses.resume_s / 60)
    least = max(1, round(pauses.min_run_s / 60))
    most = high if pauses.max_pauses is None else pauses.max_pauses

    def go_on(at, done, stretches):
        before = resume if stretches or pauses.resuming else 0
        for start in range(at, high - before + 1):
            waited_g = wait[at:start].sum() if curve.held else 0.0
            resumed_g = waited_g + pauses.factor * run[start : start + before].sum()
            begin = start + before
            for work in range(1, min(len(factors) - done, high - begin) + 1):
                share = factors[done : done + work]
                cost_g = resumed_g + float(share @ run[begin : begin + work])
                if done + work == len(factors):
                    yield cost_g, len(stretches)
                    continue
                stop = begin + work + pause
                if work < least or len(stretches) >= most or stop > high:
                    continue
                cost_g += pauses.factor * run[begin + work : stop].sum()
                for rest_g, count in go_on(
                    stop, done + work, [*stretches, (begin, work)]
                ):
                    yield cost_g + rest_g, count

    return go_on(low, 0, [])


def _least_g(curve, factors, pauses, low, high):
    found = [c for c, _ in _every_way(curve, factors, pauses, low, high)]
    return min((c for c in found if np.isfinite(c)), default=None)


def _task(factors):
    return Task(60.0 * len(factors), tuple((60.0, float(f)) for f in factors))


SOME_PAUSES = st.builds(
    Pauses,
    pause_s=st.sampled_from([0.0, 0.0, 60.0]),
    resume_s=st.sampled_from([0.0, 0.0, 60.0, 120.0]),
    factor=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    min_run_s=st.sampled_from([0.0, 0.0, 120.0, 180.0]),
    max_pauses=st.sampled_from([None, None, 0, 1, 2]),
    resuming=st.booleans(),
)
# With overheads that earn money, the best pause is one after no work at all.
FEES = rates(5).map(lambda run: [abs(r) for r in run])
FACTORS = st.lists(st.sampled_from([1.0, 1.0, 0.5, 3.0]), min_size=1, max_size=4)


def _assert_keeps_to_all_limits(plan, curve, task, pauses, earliest_s, deadline_s):
    stretches = plan.stretches
    assert sum(s.work_s for s in stretches) == pytest.approx(task.duration_s)
    assert stretches[0].start_s >= earliest_s - 1e-6
    assert stretches[-1].stop_s <= deadline_s + 1e-6
    assert all(a.stop_s <= b.start_s + 1e-6 for a, b in pairwise(stretches))
    assert all(s.work_s >= pauses.min_run_s - 1e-6 for s in stretches[:-1])
    assert pauses.max_pauses is None or plan.pauses <= pauses.max_pauses
    assert all(curve.known(s.start_s, s.stop_s) for s in stretches)
    assert np.isfinite(plan.cost_g)


# Spikes, so that pauses often pay although they cost something.
SPIKES = st.lists(
    st.sampled_from([0.0, 1.0, 1.0, 2.0, 3.0, 20.0, 30.0, NAN]), min_size=9, max_size=9
)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(rates(9), SPIKES, SPIKES),
    rates(9, unknown=False),
    st.booleans(),
    FACTORS,
    SOME_PAUSES,
    st.integers(0, 2),
    st.integers(5, 11),
)
@example(  # A later pause would be cheaper, but there is no time left for it.
    run=[0.0, 2.0, 30.0, 30.0, 0.0, 1.0, 3.0, 0.0, 3.0],
    wait=[0.0] * 9,
    held=False,
    factors=[1.0] * 4,
    pauses=Pauses(pause_s=120.0, factor=0.0),
    low=0,
    high=9,
)
def test_it_is_as_cheap_as_the_best_of_all_plans(
    run, wait, held, factors, pauses, low, high
):
    curve = minutes(*run, wait_g_per_min=np.abs(wait) if held else None)
    naive_g = _least_g(curve, np.array(factors), pauses, low, high)
    if naive_g is None:
        with pytest.raises(NoFeasiblePlanError):
            greenest_slots(curve, _task(factors), pauses, 60.0 * low, 60.0 * high)
        return

    plan = greenest_slots(curve, _task(factors), pauses, 60.0 * low, 60.0 * high)

    assert plan.cost_g == pytest.approx(naive_g, abs=1e-6)
    _assert_keeps_to_all_limits(
        plan, curve, _task(factors), pauses, 60.0 * low, 60.0 * high
    )


@settings(max_examples=60)
@given(FEES, st.lists(st.sampled_from([1.0, 3.0]), min_size=1, max_size=3), SOME_PAUSES)
def test_plans_between_the_steps_of_the_grid_are_no_cheaper(run, factors, pauses):
    curve = minutes(*run)
    halves = minutes(*np.repeat(run, 2))
    half = replace(
        pauses,
        pause_s=2 * pauses.pause_s,
        resume_s=2 * pauses.resume_s,
        min_run_s=2 * pauses.min_run_s,
    )
    naive_g = _least_g(halves, np.repeat(factors, 2), half, 0, 10)
    assume(naive_g is not None)

    plan = greenest_slots(curve, _task(factors), pauses, 0.0, 300.0)

    assert plan.exact
    assert plan.cost_g == pytest.approx(naive_g / 2, abs=1e-6)


ROUGH = st.floats(0.0, 500.0)


@settings(max_examples=40, deadline=None)
@given(
    rates(8),
    st.floats(600.0, 4 * H),
    st.builds(
        Pauses,
        pause_s=ROUGH,
        resume_s=ROUGH,
        min_run_s=st.sampled_from([0.0, 777.7, 4321.1]),
        max_pauses=st.sampled_from([None, 1, 2]),
    ),
    st.floats(-100.0, 2 * H),
    st.floats(3 * H, 9 * H),
)
def test_odd_times_keep_to_all_limits_and_never_cost_more_than_one_stretch(
    run, duration_s, pauses, earliest_s, deadline_s
):
    curve, task = hourly(*run), Task(duration_s)
    try:
        plan = greenest_slots(curve, task, pauses, earliest_s, deadline_s)
    except NoFeasiblePlanError:
        with pytest.raises(NoFeasiblePlanError):
            greenest_window(curve, task, earliest_s, deadline_s)
        return

    _assert_keeps_to_all_limits(plan, curve, task, pauses, earliest_s, deadline_s)
    try:
        window = greenest_window(curve, task, earliest_s, deadline_s).best
    except NoFeasiblePlanError:
        assert plan.pauses > 0
    else:
        assert plan.cost_g <= window.cost_g + 1e-6


@settings(max_examples=60, deadline=None)
@given(rates(8), st.integers(2, 16), SOME_PAUSES)
def test_a_rounded_grid_comes_close_to_the_exact_one(run, quarters, pauses):
    assume(pauses.max_pauses != 0)
    curve, task = hourly(*run), Task(quarters * H / 4 + 60.0)
    try:
        exact = greenest_slots(curve, task, pauses, 0.0, 8 * H)
    except NoFeasiblePlanError:
        assume(False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "CELLS", 1000)
        patch.setattr(grid, "ROUGH_CELLS", 1000)
        rough = greenest_slots(curve, task, pauses, 0.0, 8 * H)

    assert not rough.exact
    # Every bound is off by less than a step, at rates at most 12 g/h apart.
    step_h = (rough.step_s or 1800.0) / H
    assert exact.cost_g - 1e-6 <= rough.cost_g
    assert rough.cost_g <= exact.cost_g + 12 * step_h * 2 * (exact.pauses + 1)
    _assert_keeps_to_all_limits(rough, curve, task, pauses, 0.0, 8 * H)


@given(rates(8), st.integers(1, 5), st.sampled_from([0.25, 2.0, 1024.0]))
def test_scaling_all_rates_leaves_the_plan_alone(run, hours, scale):
    task, curve = Task(hours * H), hourly(*run)
    assume(np.isfinite(run).sum() >= hours)
    scaled = Curve(curve.edges_s, curve.run_g_per_s * scale, curve.wait_g_per_s)

    before = greenest_slots(curve, task, Pauses(), 0.0, 8 * H)
    after = greenest_slots(scaled, task, Pauses(), 0.0, 8 * H)

    assert after.stretches == before.stretches


@given(rates(6), st.integers(1, 4), st.integers(1, 3))
def test_dearer_or_unknown_hours_at_the_end_change_nothing(run, hours, more):
    task = Task(hours * H)
    assume(np.isfinite(run).sum() >= hours)
    before = greenest_slots(hourly(*run), task, Pauses(), 0.0, 6 * H)

    for extra in (1000.0, NAN):
        longer = hourly(*run, *([extra] * more))
        after = greenest_slots(longer, task, Pauses(), 0.0, (6 + more) * H)
        assert after.cost_g == pytest.approx(before.cost_g)
        assert after.stretches == before.stretches


def _year(zone):
    path = traces() / "zones2022" / "ci_lca_2022_hourly.csv.gz"
    with gzip.open(path, "rt", newline="") as file:
        return np.array([float(row[zone] or "nan") for row in csv.DictReader(file)])


def test_one_pause_gives_most_of_what_any_number_does_on_real_hours():
    saved = {1: 0.0, None: 0.0}
    for zone in ("DE", "NL", "BE", "IE", "ES"):
        year = _year(zone)
        for start in range(0, year.size - 48, 24 * 7 + 5):
            curve = hourly(*year[start : start + 48])
            now_g = float(curve.run_g(0.0, 24 * H))
            for most in saved:
                plan = greenest_slots(
                    curve, Task(24 * H), Pauses(max_pauses=most), 0.0, 48 * H
                )
                saved[most] += (now_g - plan.cost_g) / now_g

    assert saved[1] >= 0.93 * saved[None]
