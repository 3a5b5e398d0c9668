from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenops.errors import MixedSignalsError, SignalError
from greenops.footprint.grid_points import SURENESS
from greenops.footprint.revised import revised
from greenops.model import Basis, IntensityKind, Provenance
from tests.unit.footprint.conftest import HOUR, T0

MODELLED, MEASURED = Provenance.MODELLED, Provenance.MEASURED
ESTIMATED, FORECAST = Provenance.ESTIMATED, Provenance.FORECAST


def values(points):
    return [p.intensity_g_per_kwh for p in points]


def test_an_answer_that_is_mixed_or_says_two_things_is_refused(intensity_point):
    kept = [intensity_point(0)]

    with pytest.raises(MixedSignalsError):
        revised(kept, [intensity_point(1), intensity_point(2, basis=Basis.DIRECT)])
    with pytest.raises(SignalError):
        revised(kept, [intensity_point(1), intensity_point(1)])
    with pytest.raises(MixedSignalsError):
        revised(
            kept, [intensity_point(1), intensity_point(2, kind=IntensityKind.MARGINAL)]
        )


def test_with_nothing_kept_the_answer_counts(intensity_point):
    stated = [intensity_point(0, provenance=MODELLED)]

    assert revised([], stated) == stated
    assert revised(stated, []) == stated


@pytest.mark.parametrize(
    ("was", "is_now", "counts"),
    [
        pytest.param(MEASURED, MODELLED, 1.0, id="source-down"),
        pytest.param(FORECAST, MEASURED, 2.0, id="came-true"),
        pytest.param(MODELLED, ESTIMATED, 2.0, id="source-back"),
        pytest.param(MEASURED, ESTIMATED, 1.0, id="another-source"),
        pytest.param(MODELLED, MODELLED, 2.0, id="newer-table"),
        pytest.param(Provenance.BRIDGED, FORECAST, 2.0, id="gap-filled"),
    ],
)
def test_the_surer_figure_counts(intensity_point, was, is_now, counts):
    kept = [intensity_point(0, 1.0, provenance=was)]
    stated = [intensity_point(0, 2.0, provenance=is_now)]

    assert values(revised(kept, stated)) == [counts]


@pytest.mark.parametrize(("later_h", "counts"), [(24, 2.0), (0, 2.0), (-24, 1.0)])
def test_of_equally_sure_figures_the_later_issue_counts(
    intensity_point, later_h, counts
):
    kept = [intensity_point(0, 1.0, issued_at=T0)]
    stated = [intensity_point(0, 2.0, issued_at=T0 + later_h * HOUR)]

    assert values(revised(kept, stated)) == [counts]


def test_a_figure_of_yesterday_handed_out_with_wider_bounds_is_no_revision(
    intensity_point,
):
    kept = [intensity_point(0, factor=1.1, issued_at=T0)]
    stale = [intensity_point(0, factor=1.3, issued_at=T0, source="kept, 3 h old")]

    assert revised(kept, stale) == kept


def test_hours_that_are_still_less_sure_are_left_as_they_were(intensity_point):
    kept = [intensity_point(0, 1.0), intensity_point(1, 1.0, provenance=FORECAST)]
    stated = [
        intensity_point(i, 2.0, provenance=ESTIMATED, issued_at=T0) for i in range(2)
    ]

    assert values(revised(kept, stated)) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("was", "is_now", "counts"),
    [(MEASURED, MODELLED, 1.0), (MODELLED, MEASURED, 2.0), (MEASURED, MEASURED, 2.0)],
)
def test_of_two_bases_one_counts_as_a_whole(intensity_point, was, is_now, counts):
    kept = [intensity_point(i, 1.0, provenance=was) for i in range(3)]
    stated = [
        intensity_point(i, 2.0, provenance=is_now, basis=Basis.DIRECT) for i in range(3)
    ]

    assert values(revised(kept, stated)) == [counts] * 3


quarters = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(list(Provenance)),
        st.none() | st.integers(0, 5),
    ),
    min_size=1,
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=quarters, now=quarters)
def test_no_moment_gets_less_sure_and_none_is_stated_twice(
    intensity_point, before, now
):
    def points(drawn):
        at, made = 0.0, []
        for length, how, issued_h in drawn:
            issued_at = None if issued_h is None else T0 + timedelta(hours=issued_h)
            made.append(
                intensity_point(
                    at, hours=length / 4, provenance=how, issued_at=issued_at
                )
            )
            at += length / 4
        return made

    kept, stated = points(before), points(now)

    found = revised(kept, stated)

    assert all(a.stop <= b.start for a, b in pairwise(found))
    for i in range(48):
        at = T0 + i * HOUR / 4
        candidates = [_sureness(points, at) for points in (kept, stated)]
        assert _sureness(found, at) == min(candidates)


def _sureness(points, at):
    """Return how sure the point at a moment is; one that is missing is the least."""
    here = [SURENESS[p.provenance] for p in points if p.start <= at < p.stop]
    return here[0] if here else len(SURENESS)
