import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.planner.timing.curve import Curve
from tests.unit.planner.curves import NAN, H, hourly, rates


@pytest.mark.parametrize(
    ("edges_s", "run", "wait", "said"),
    [
        ([0.0], [], [], "n at least 1"),
        ([0.0, 1.0], [1.0, 2.0], [0.0, 0.0], "n\\+1 edges"),
        ([0.0, 1.0, 2.0], [1.0, 2.0], [0.0], "wait rates"),
        ([0.0, 2.0, 1.0], [1.0, 2.0], [0.0, 0.0], "strictly increasing"),
        ([0.0, 1.0, 1.0], [1.0, 2.0], [0.0, 0.0], "strictly increasing"),
        ([0.0, NAN], [1.0], [0.0], "finite"),
        ([0.0, np.inf], [1.0], [0.0], "finite"),
        ([0.0, 1.0], [np.inf], [0.0], "finite, or NaN"),
        ([0.0, 1.0], [1.0], [-np.inf], "finite, or NaN"),
        ([[0.0, 1.0]], [1.0], [0.0], "one-dimensional"),
    ],
    ids=[
        "no slot",
        "too many run rates",
        "too few wait rates",
        "edges fall",
        "edges stand",
        "edge not a number",
        "edge endless",
        "run rate endless",
        "wait rate endless",
        "two dimensions",
    ],
)
def test_what_is_no_curve_is_refused_in_words(edges_s, run, wait, said):
    with pytest.raises(ValueError, match=said):
        Curve(np.array(edges_s), np.array(run), np.array(wait))


def test_a_curve_does_not_change_with_the_arrays_it_was_made_from():
    run = np.array([1.0, 2.0])
    curve = Curve(np.array([0.0, 1.0, 2.0]), run, np.zeros(2))

    run[0] = 100.0

    assert curve.run_g(0.0, 2.0) == 3.0
    with pytest.raises(ValueError, match="read-only"):
        curve.run_g_per_s[0] = 5.0


@pytest.mark.parametrize(
    ("start_h", "stop_h", "cost_g"),
    [
        (0.0, 1.0, 10.0),
        (0.5, 1.5, 15.0),
        (1.25, 1.75, 10.0),
        (0.0, 3.0, NAN),
        (1.0, 2.0, 20.0),
        (2.5, 2.5, 0.0),
        (3.0, 5.0, 10.0),
        (3.0, 5.5, NAN),
        (-0.5, 0.5, NAN),
        (9.0, 9.0, 0.0),
    ],
    ids=[
        "a slot",
        "parts of two",
        "within one",
        "over an unknown hour",
        "up to an unknown hour",
        "nothing of an unknown hour",
        "with a yield",
        "past the horizon",
        "before the first edge",
        "nothing past the horizon",
    ],
)
def test_running_costs_the_integral_of_its_rate(start_h, stop_h, cost_g):
    curve = hourly(10, 20, NAN, 30, -20)

    found = curve.run_g(start_h * H, stop_h * H)

    assert float(found) == pytest.approx(cost_g, nan_ok=True)
    assert bool(curve.known(start_h * H, stop_h * H)) is not np.isnan(cost_g)


def test_the_unknown_part_of_a_span_is_measured():
    curve = hourly(10, NAN, 30)

    assert curve.unknown_s(-H, 4 * H) == 3 * H
    assert curve.unknown_s(0.5 * H, 1.5 * H) == 0.5 * H
    assert curve.unknown_s(5 * H, 7 * H) == 2 * H


def test_many_spans_are_priced_at_once():
    curve = hourly(10, 20, 30)

    costs_g = curve.run_g(np.array([[0.0], [H]]), np.array([2 * H, 3 * H]))

    assert costs_g == pytest.approx(np.array([[30.0, 60.0], [20.0, 50.0]]))


@pytest.mark.parametrize(
    ("wait_g_per_h", "held", "cost_g"),
    [
        ([0, 0, 0], False, 0.0),
        ([0, NAN, 0], False, 0.0),
        ([1, NAN, 1], True, NAN),
        ([1, 2, 3], True, 6.0),
        ([NAN, NAN, NAN], True, NAN),
    ],
    ids=[
        "free",
        "not held, so unknown hours cost nothing",
        "held through an unknown hour",
        "held",
        "nothing known",
    ],
)
def test_waiting_is_unknown_only_where_hardware_is_held(wait_g_per_h, held, cost_g):
    curve = hourly(1, 1, 1, wait_g_per_h=wait_g_per_h)

    assert curve.held is held
    assert float(curve.wait_g(0.0, 3 * H)) == pytest.approx(cost_g, nan_ok=True)


@given(rates(6), st.integers(0, 24), st.integers(0, 24))
def test_the_integral_is_the_sum_over_quarters_of_an_hour(values, one, other):
    low, high = sorted((one, other))
    curve = hourly(*values)
    quarters = [values[q // 4] / 4 for q in range(low, high)]

    found = curve.run_g(low * H / 4, high * H / 4)

    assert float(found) == pytest.approx(sum(quarters), abs=1e-9, nan_ok=True)
