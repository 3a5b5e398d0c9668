import time
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import MixedSignalsError
from greenops.ledger.known import Known, as_known
from greenops.model import Basis, IntensityKind, IntensityPoint, Provenance
from tests.unit.ledger.records import T0, a_point

HOUR = timedelta(hours=1)


def known(*, recorded_h=0.0, **changed):
    return Known(point=a_point(**changed), recorded_at=T0 + recorded_h * HOUR)


def values(points):
    return [p.intensity_g_per_kwh for p in points]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"basis": Basis.DIRECT}, id="bases"),
        pytest.param({"kind": IntensityKind.MARGINAL}, id="kinds"),
    ],
)
def test_two_kinds_or_bases_are_never_one_history(other):
    with pytest.raises(MixedSignalsError, match="more than one kind or basis"):
        as_known([known(), known(hour=1, **other)])


def test_what_was_stated_later_was_not_known():
    forecast = known(g=300.0, provenance=Provenance.FORECAST, issued_at=T0 - 6 * HOUR)
    newer = known(g=250.0, provenance=Provenance.FORECAST, issued_at=T0 - 2 * HOUR)

    assert values(as_known([forecast, newer], T0 - 3 * HOUR)) == [300.0]
    assert values(as_known([forecast, newer], T0)) == [250.0]
    assert as_known([forecast, newer], T0 - 7 * HOUR) == []


def test_without_a_time_of_issue_it_was_known_from_its_recording_on():
    table = known(provenance=Provenance.ANNUAL, recorded_h=5)

    assert as_known([table], T0 + 4 * HOUR) == []
    assert len(as_known([table], T0 + 5 * HOUR)) == 1


def test_no_clock_makes_a_measured_hour_known_before_it_is_over():
    measured = known(issued_at=T0 - 24 * HOUR)

    assert as_known([measured], T0 + HOUR / 2) == []
    assert len(as_known([measured], T0 + HOUR)) == 1


def test_a_measured_hour_counts_however_late_a_forecast_of_it_is_recorded():
    measured = known(g=280.0, issued_at=T0 + 2 * HOUR)
    late = known(g=300.0, provenance=Provenance.FORECAST, issued_at=T0 + 9 * HOUR)

    assert values(as_known([measured, late])) == [280.0]


def test_a_revision_counts_from_its_issue_on_and_not_before():
    first = known(g=280.0, issued_at=T0 + 2 * HOUR)
    revised = known(g=260.0, issued_at=T0 + 48 * HOUR)

    assert values(as_known([first, revised], T0 + 47 * HOUR)) == [280.0]
    assert values(as_known([first, revised])) == [260.0]


def test_a_longer_point_is_cut_to_what_better_ones_leave_of_it():
    day = known(
        g=400.0, hours=24, provenance=Provenance.ANNUAL, issued_at=T0 - 100 * HOUR
    )
    hour = known(g=280.0, hour=3, issued_at=T0 + 4 * HOUR)

    found = as_known([day, hour])

    assert values(found) == [400.0, 280.0, 400.0]
    assert [p.start for p in found] == [T0, T0 + 3 * HOUR, T0 + 4 * HOUR]


def test_a_year_of_hours_with_revisions_and_forecasts_is_read_at_once():
    said = [
        known(hour=h, provenance=how, issued_at=T0 + (h + issued_h) * HOUR)
        for h in range(8760)
        for how, issued_h in (
            (Provenance.FORECAST, -24),
            (Provenance.ESTIMATED, 1),
            (Provenance.MEASURED, 48),
        )
    ]
    begun_s = time.perf_counter()

    found = as_known(said, T0 + 8000 * HOUR)

    assert time.perf_counter() - begun_s < 2.0
    assert len(found) == 8025
    assert [p.provenance for p in found[7950:8003:26]] == [
        Provenance.MEASURED,
        Provenance.ESTIMATED,
        Provenance.FORECAST,
    ]


stated = st.builds(
    lambda hour, hours, how, issued_h, recorded_h: known(
        hour=hour / 2,
        hours=hours / 2,
        provenance=how,
        issued_at=None if issued_h is None else T0 + issued_h * HOUR,
        recorded_h=recorded_h,
        g=float(hour),
    ),
    st.integers(0, 20),
    st.integers(1, 8),
    st.sampled_from(list(Provenance)),
    st.none() | st.integers(-20, 40),
    st.integers(0, 40),
)


@given(said=st.lists(stated, max_size=12), asked_h=st.integers(-20, 60))
def test_nothing_of_the_future_is_used_and_nothing_overlaps(said, asked_h):
    now = T0 + asked_h * HOUR
    known_then = [k for k in said if k.since <= now]

    found = as_known(said, now)

    assert found == as_known(known_then)
    assert all(a.stop <= b.start for a, b in pairwise(found))
    assert _covered(found) == _covered([k.point for k in known_then])
    for point in found:
        assert any(_is_part(point, k.point) for k in known_then)


def _covered(points: list[IntensityPoint]) -> set[float]:
    """Return the half hours that some point covers."""
    return {
        i / 2
        for i in range(60)
        if any(p.start <= T0 + i * HOUR / 2 < p.stop for p in points)
    }


def _is_part(part: IntensityPoint, whole: IntensityPoint) -> bool:
    return (
        whole.start <= part.start
        and part.stop <= whole.stop
        and replace(part, start=whole.start, stop=whole.stop) == whole
    )
