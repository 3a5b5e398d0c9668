from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenops.errors import MixedSignalsError, SignalError
from greenops.footprint.grid_points import (
    BRIDGE_AT_MOST,
    BRIDGE_FACTOR,
    bridged,
    one_signal,
)
from greenops.model import Basis, IntensityKind, Provenance
from tests.unit.footprint.conftest import HOUR, T0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.sampled_from(list(IntensityKind)), min_size=1, max_size=6),
    bases=st.lists(st.sampled_from(list(Basis)), min_size=6, max_size=6),
)
def test_kinds_and_bases_are_never_mixed(intensity_point, kinds, bases):
    points = [
        intensity_point(i, kind=kind, basis=basis)
        for i, (kind, basis) in enumerate(zip(kinds, bases, strict=False))
    ]
    signals = {(p.kind, p.basis) for p in points}

    if len(signals) > 1:
        with pytest.raises(MixedSignalsError, match="in one sum"):
            one_signal(points)
    else:
        assert one_signal(points) == points


def test_two_figures_for_one_moment_are_an_error(intensity_point):
    with pytest.raises(SignalError, match="two intensities of FR"):
        one_signal([intensity_point(0, hours=2), intensity_point(1)])


def test_points_come_in_any_order_and_leave_in_time_order(intensity_point):
    points = [intensity_point(i) for i in (2, 0, 1)]

    assert [p.start for p in one_signal(points)] == [T0 + i * HOUR for i in range(3)]


def test_a_gap_takes_the_mean_of_both_sides_within_wider_bounds(intensity_point):
    points = [intensity_point(0, 100.0, factor=1.1), intensity_point(2, 200.0)]

    filled = bridged(points, T0, T0 + 3 * HOUR)

    assert [p.intensity_g_per_kwh for p in filled] == [100.0, 150.0, 200.0]
    assert filled[1].provenance is Provenance.BRIDGED
    assert filled[1].low_g_per_kwh == pytest.approx(100.0 / 1.1 / BRIDGE_FACTOR)
    assert filled[1].high_g_per_kwh == pytest.approx(200.0 * BRIDGE_FACTOR)


@pytest.mark.parametrize(("index", "place"), [(1, 0), (0, 1)], ids=["start", "end"])
def test_at_an_edge_the_nearest_point_stands_in(intensity_point, index, place):
    filled = bridged([intensity_point(index, 100.0)], T0, T0 + 2 * HOUR)

    assert [p.intensity_g_per_kwh for p in filled] == [100.0, 100.0]
    assert filled[place].provenance is Provenance.BRIDGED


def test_a_gap_that_is_too_long_stays(intensity_point):
    beyond = BRIDGE_AT_MOST / HOUR + 1.25
    points = [intensity_point(0), intensity_point(beyond)]

    assert bridged(points, T0, T0 + (beyond + 1) * HOUR) == points


def test_only_what_touches_the_span_is_returned(intensity_point):
    points = [intensity_point(i) for i in range(4)]

    assert bridged(points, T0 + HOUR, T0 + 2 * HOUR) == [points[1]]


def test_a_missing_issue_does_not_make_a_filled_gap_younger(intensity_point):
    points = [intensity_point(0, issued_at=T0), intensity_point(2)]

    assert bridged(points, T0, T0 + 3 * HOUR)[1].issued_at == T0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quarters=st.sets(st.integers(0, 40), min_size=1),
    start=st.integers(0, 39),
    length=st.integers(1, 20),
)
def test_filling_never_overlaps_nor_leaves_a_short_gap(
    intensity_point, quarters, start, length
):
    points = [intensity_point(q / 4, 50.0 + q, hours=0.25) for q in sorted(quarters)]
    first, last = T0 + start * HOUR / 4, T0 + (start + length) * HOUR / 4

    filled = bridged(points, first, last)

    assert all(a.stop <= b.start for a, b in pairwise(filled))
    assert all(p.start < last and first < p.stop for p in filled)
    gaps = [b.start - a.stop for a, b in pairwise(filled)]
    assert all(gap == timedelta(0) or gap > BRIDGE_AT_MOST for gap in gaps)
