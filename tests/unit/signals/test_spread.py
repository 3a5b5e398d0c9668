from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import IntensityKind, IntensityPoint, Provenance
from greenops.signals.spread import (
    BRIDGE_AT_MOST,
    bridged,
    carried,
    clipped,
    drift,
    gaps_in,
    widened,
)

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def point(hour, *, hours=1.0, g=100.0, low=90.0, high=110.0, **fields):
    return IntensityPoint(
        start=MIDNIGHT + hour * HOUR,
        stop=MIDNIGHT + (hour + hours) * HOUR,
        intensity_g_per_kwh=g,
        low_g_per_kwh=low,
        high_g_per_kwh=high,
        zone="FR",
        source="s",
        **fields,
    )


def at(hour):
    return MIDNIGHT + hour * HOUR


def test_drift_grows_with_the_span_up_to_a_limit():
    spans = [timedelta(0), timedelta(minutes=5), HOUR, 4 * HOUR, 11 * HOUR, 168 * HOUR]

    grown = [drift(s, IntensityKind.AVERAGE) for s in spans]

    assert grown == sorted(grown)
    assert grown[0] == 0
    assert grown[2] == pytest.approx(0.3)
    assert grown[3] == pytest.approx(0.6)
    assert grown[-2] == pytest.approx(0.995, abs=0.01)
    assert grown[-1] == 1.0


def test_marginal_intensity_drifts_faster():
    assert drift(HOUR, IntensityKind.MARGINAL) > drift(HOUR, IntensityKind.AVERAGE)


def test_a_negative_span_is_no_drift():
    assert drift(-HOUR, IntensityKind.AVERAGE) == 0


def test_an_exact_point_widens_by_the_factor():
    wide = widened(point(0, low=100.0, high=100.0), 0.3)

    assert wide.low_g_per_kwh == pytest.approx(100 * exp(-0.3))
    assert wide.high_g_per_kwh == pytest.approx(100 * exp(0.3))


@given(
    g=st.floats(0, 2000), down=st.floats(0, 1), up=st.floats(1, 5), by=st.floats(0, 3)
)
def test_widening_never_narrows_and_never_moves_the_value(g, down, up, by):
    before = point(0, g=g, low=g * down, high=g * up)

    after = widened(before, by)

    assert after.low_g_per_kwh <= before.low_g_per_kwh
    assert after.high_g_per_kwh >= before.high_g_per_kwh
    assert after.intensity_g_per_kwh == g


def test_a_carried_zero_may_be_more_than_zero():
    kept = carried(point(0, g=0.0, low=0.0, high=0.0), at(1), at(2))

    assert kept.high_g_per_kwh > 1.0


@pytest.mark.parametrize(
    ("hours", "gaps"),
    [
        ([0, 1, 2, 3], []),
        ([0, 3], [(1, 3)]),
        ([1, 2], [(0, 1), (3, 4)]),
        ([], [(0, 4)]),
        ([-2, 9], [(0, 4)]),
    ],
    ids=["none", "inside", "ends", "all", "points-elsewhere"],
)
def test_gaps_are_what_no_point_covers(hours, gaps):
    found = gaps_in([point(h) for h in hours], at(0), at(4))

    assert found == [(at(a), at(b)) for a, b in gaps]


def test_a_short_gap_is_the_mean_of_its_neighbours_within_wider_bounds():
    found = bridged([point(0), point(2, g=200.0, low=150.0, high=220.0)], at(0), at(3))

    middle = found[1]
    assert (middle.start, middle.stop) == (at(1), at(2))
    assert middle.intensity_g_per_kwh == 150.0
    assert middle.provenance is Provenance.BRIDGED
    assert middle.low_g_per_kwh < 90.0
    assert middle.high_g_per_kwh > 220.0


@pytest.mark.parametrize(
    ("hour", "gap"), [(0, (1, 2)), (1, (0, 1))], ids=["at-the-end", "at-the-start"]
)
def test_at_an_end_the_nearest_point_is_carried(hour, gap):
    found = bridged([point(hour)], at(0), at(2))

    added = next(p for p in found if p.provenance is Provenance.BRIDGED)
    assert (added.start, added.stop) == (at(gap[0]), at(gap[1]))
    assert added.intensity_g_per_kwh == 100.0
    assert added.low_g_per_kwh < 90.0 < 110.0 < added.high_g_per_kwh


def test_a_long_gap_stays():
    points = [point(0), point(3.5)]

    assert bridged(points, at(0), at(4)) == points
    assert 2.5 * HOUR > BRIDGE_AT_MOST


def test_nothing_cannot_be_bridged():
    assert bridged([], at(0), at(1)) == []


def test_points_are_cut_to_the_gaps_they_fill():
    found = clipped([point(0, hours=4)], [(at(1), at(2)), (at(3), at(9))])

    assert [(p.start, p.stop) for p in found] == [(at(1), at(2)), (at(3), at(4))]


@given(st.sets(st.integers(0, 30), min_size=1), st.integers(0, 29))
def test_bridging_leaves_points_in_order_without_overlap(hours, first):
    points = [point(h) for h in sorted(hours)]
    start, stop = at(first), at(first + 8)
    touching = [p for p in points if p.start < stop and start < p.stop]

    found = bridged(touching, start, stop)

    assert all(a.stop <= b.start for a, b in pairwise(found))
    assert all(b - a > BRIDGE_AT_MOST for a, b in gaps_in(found, start, stop)) or (
        not touching
    )
