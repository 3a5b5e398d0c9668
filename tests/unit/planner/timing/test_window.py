from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from greenops.errors import NoFeasiblePlanError, PlanError
from greenops.planner.timing.curve import Curve
from greenops.planner.timing.starts import window_costs
from greenops.planner.timing.task import Task
from greenops.planner.timing.window import greenest_window
from tests.unit.planner.curves import NAN, H, hourly, minutes, rates


@pytest.mark.parametrize(
    ("curve", "bounds_h", "binding", "change"),
    [
        (
            hourly(1, 1, 1, 1),
            (0, 1),
            "deadline",
            "a deadline at least 30 min later",
        ),
        (
            hourly(1, 1, 1, 1),
            (2, 1),
            "deadline",
            "a deadline at least 2 h 30 min later",
        ),
        (
            hourly(1),
            (0, 1),
            "deadline",
            "a deadline at least 30 min later, with a forecast that reaches it",
        ),
        (
            hourly(1),
            (0, 9),
            "horizon",
            "a forecast at least 30 min longer",
        ),
        (
            hourly(1, NAN, 1, NAN, 1, 1),
            (0, 4),
            "unknown hours",
            "a deadline at least 1 h 30 min later, or the intensity of 30 min more",
        ),
        (
            hourly(NAN, NAN, NAN),
            (0, 3),
            "unknown hours",
            "the intensity of 1 h 30 min more",
        ),
        (
            hourly(NAN, 1, 1, wait_g_per_h=[NAN, 1, 1]),
            (0, 3),
            "unknown hours",
            "hardware that is not held while it waits",
        ),
    ],
    ids=[
        "shorter than the run",
        "deadline before the start",
        "deadline and forecast",
        "forecast too short",
        "between unknown hours",
        "nothing known",
        "held through an unknown hour",
    ],
)
def test_what_does_not_fit_is_told_with_the_change_that_would_do(
    curve, bounds_h, binding, change
):
    with pytest.raises(NoFeasiblePlanError) as error:
        greenest_window(curve, Task(1.5 * H), bounds_h[0] * H, bounds_h[1] * H)

    assert (error.value.binding, error.value.change) == (binding, change)
    assert binding in str(error.value)
    assert change in str(error.value)
    assert isinstance(error.value, PlanError)


@pytest.mark.parametrize("bounds_s", [(NAN, 1.0), (0.0, NAN), (0.0, np.inf)])
def test_bounds_that_are_no_times_are_refused(bounds_s):
    with pytest.raises(ValueError, match="must be finite"):
        greenest_window(hourly(1, 1), Task(60.0), *bounds_s)


@pytest.mark.parametrize(
    ("curve", "duration_h", "start_h", "cost_g"),
    [
        (hourly(5, 1, 5, 1), 1.0, 1.0, 1.0),
        (hourly(5, 4, 1, 3), 1.5, 2.0, 2.5),
        (hourly(5, 3, 1, 4), 1.5, 1.5, 2.5),
        (hourly(3, 3, 3, 3), 1.5, 0.0, 4.5),
        (hourly(9, 9, 9, NAN), 1.0, 0.0, 9.0),
        (hourly(9, NAN, 9, 8), 1.0, 3.0, 8.0),
        (hourly(9, NAN, 1, 8), 1.25, 2.0, 3.0),
        (hourly(9, -2, 0, 8), 1.0, 1.0, -2.0),
    ],
    ids=[
        "the earliest of two",
        "starts at an edge",
        "ends at an edge",
        "all alike",
        "the edge of the horizon is not preferred",
        "across an unknown hour it waits",
        "after an unknown hour",
        "money may be earned",
    ],
)
def test_the_cheapest_window_is_found_within_slots(curve, duration_h, start_h, cost_g):
    best = greenest_window(curve, Task(duration_h * H), 0.0, 4 * H).best

    assert best.start_s == pytest.approx(start_h * H)
    assert best.stop_s - best.start_s == pytest.approx(duration_h * H)
    assert best.cost_g == pytest.approx(cost_g)


def test_the_rounding_of_sums_does_not_choose_between_equal_starts():
    best = greenest_window(hourly(*[0.1] * 168), Task(7 * H), 0.0, 168 * H).best

    assert best.start_s == 0.0


def test_a_run_before_the_forecast_begins_waits_for_it():
    assert greenest_window(hourly(3, 2), Task(H), -5 * H, 2 * H).best.start_s == H


def test_holding_hardware_is_weighed_against_greener_hours():
    free = hourly(10, 10, 8, wait_g_per_h=[0, 0, 0])
    held = hourly(10, 10, 8, wait_g_per_h=[2, 2, 2])

    later = greenest_window(free, Task(H), 0.0, 3 * H).best
    at_once = greenest_window(held, Task(H), 0.0, 3 * H).best

    assert (later.start_s, later.wait_g) == (2 * H, 0.0)
    assert (at_once.start_s, at_once.wait_g) == (0.0, 0.0)
    assert window_costs(held, Task(H), 0.0, 3 * H).cost_g[-1] == pytest.approx(12.0)


def test_a_hungry_phase_is_put_into_the_greenest_hour():
    curve = hourly(5, 5, 1, 5, 5)

    late = greenest_window(curve, Task(2 * H, ((H, 1.0), (H, 4.0))), 0.0, 5 * H).best
    early = greenest_window(curve, Task(2 * H, ((H, 4.0), (H, 1.0))), 0.0, 5 * H).best

    assert (late.start_s, early.start_s) == (H, 2 * H)
    assert [late.cost_g, early.cost_g] == pytest.approx([9.0, 9.0])


@pytest.mark.parametrize(
    ("curve", "duration_h", "start_h"),
    [
        (hourly(5, 1, 2, 5), 1.0, 2.0),
        (hourly(5, 4, 1, 3), 1.5, 1.0),
        (hourly(2, 2, 2, 2), 1.0, 1.0),
    ],
    ids=["the next hour", "a slot away", "as cheap, but later"],
)
def test_the_runner_up_starts_at_least_a_slot_away(curve, duration_h, start_h):
    choice = greenest_window(curve, Task(duration_h * H), 0.0, 4 * H)

    assert choice.runner_up is not None
    assert choice.runner_up.start_s == pytest.approx(start_h * H)
    assert choice.runner_up.cost_g >= choice.best.cost_g


def test_there_is_no_runner_up_where_nothing_else_fits():
    assert greenest_window(hourly(1, 1), Task(1.5 * H), 0.0, 2 * H).runner_up is None


LENGTHS_MIN = st.integers(1, 7)
RATES = rates(12)


def _naive(curve, minutes_run, low, high):
    """The cheapest whole minute to start at, the earliest among equals."""
    run, wait = curve.run_g_per_s * 60, curve.wait_g_per_s * 60
    found = []
    for start in range(low, high - minutes_run + 1):
        cost_g = run[start : start + minutes_run].sum() + wait[low:start].sum()
        if np.isfinite(cost_g) and start + minutes_run <= run.size:
            found.append((round(cost_g, 6), start))
    return min(found, default=None)


@given(
    RATES,
    rates(12, unknown=False),
    st.booleans(),
    LENGTHS_MIN,
    st.integers(0, 5),
    st.integers(6, 14),
)
def test_it_is_as_cheap_as_the_best_of_all_minutes(run, wait, held, length, low, high):
    curve = minutes(*run, wait_g_per_min=np.abs(wait) if held else None)
    naive = _naive(curve, length, low, high)
    if naive is None:
        with pytest.raises(NoFeasiblePlanError):
            greenest_window(curve, Task(60.0 * length), 60.0 * low, 60.0 * high)
        return

    best = greenest_window(curve, Task(60.0 * length), 60.0 * low, 60.0 * high).best

    assert best.cost_g == pytest.approx(naive[0], abs=1e-6)
    assert best.start_s == pytest.approx(60.0 * naive[1])


SHARE = st.floats(0.0, 1.0)


@given(rates(5, unknown=False), st.floats(30.0, 4 * H), SHARE, SHARE)
def test_no_start_at_all_is_cheaper(run, duration_s, first, second):
    curve, task = hourly(*run), Task(duration_s)
    earliest_s = first * (5 * H - duration_s)
    other_s = earliest_s + second * (5 * H - duration_s - earliest_s)

    best = greenest_window(curve, task, earliest_s, 5 * H).best

    assert best.cost_g <= float(task.run_g(curve, np.array(other_s))) + 1e-6
    assert earliest_s <= best.start_s
    assert best.stop_s <= 5 * H


@given(rates(8), st.integers(1, 12), st.sampled_from([0.001, 3.0, 1e6]))
def test_scaling_all_rates_leaves_the_start_alone(run, quarters, scale):
    task, curve = Task(quarters * H / 4), hourly(*run)
    assume(np.isfinite(window_costs(curve, task, 0.0, 8 * H).cost_g).any())
    scaled = Curve(curve.edges_s, curve.run_g_per_s * scale, curve.wait_g_per_s)

    before = greenest_window(curve, task, 0.0, 8 * H).best
    after = greenest_window(scaled, task, 0.0, 8 * H).best

    assert after.start_s == before.start_s
    assert after.cost_g == pytest.approx(before.cost_g * scale)


@given(rates(8), st.integers(1, 12), st.integers(-5, 50))
def test_a_constant_on_top_of_all_rates_leaves_the_start_alone(run, quarters, more):
    task, curve = Task(quarters * H / 4), hourly(*run)
    assume(np.isfinite(window_costs(curve, task, 0.0, 8 * H).cost_g).any())
    raised = hourly(*(r + more for r in run))

    before = greenest_window(curve, task, 0.0, 8 * H).best
    after = greenest_window(raised, task, 0.0, 8 * H).best

    assert after.start_s == before.start_s


@given(rates(6), st.integers(1, 8), st.integers(1, 4))
def test_dearer_or_unknown_hours_at_the_end_change_nothing(run, quarters, more):
    task, curve = Task(quarters * H / 4), hourly(*run)
    assume(np.isfinite(window_costs(curve, task, 0.0, 6 * H).cost_g).any())
    before = greenest_window(curve, task, 0.0, 6 * H).best

    for extra in (1000.0, NAN):
        longer = hourly(*run, *([extra] * more))
        after = greenest_window(longer, task, 0.0, (6 + more) * H).best
        assert after.start_s == before.start_s


def test_costs_between_the_starts_returned_lie_on_straight_lines():
    task = Task(1.5 * H, ((0.75 * H, 1.0), (0.75 * H, 3.0)))
    curve = hourly(3, 8, 1, 7, 2, wait_g_per_h=[1, 2, 1, 2, 1])
    starts = window_costs(curve, task, 0.0, 5 * H)

    for (low_s, high_s), ends_g in zip(
        pairwise(starts.start_s), pairwise(starts.cost_g), strict=True
    ):
        middle_s = (low_s + high_s) / 2
        between_g = task.run_g(curve, np.array(middle_s)) + curve.wait_g(0.0, middle_s)
        assert float(between_g) == pytest.approx(sum(ends_g) / 2)
