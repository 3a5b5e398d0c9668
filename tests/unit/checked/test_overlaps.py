from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from greenops.checked.overlaps import settled
from greenops.checked.rows import Problems
from greenops.model import IntensityPoint

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def point(start_min, stop_min, g_per_kwh, issue=0):
    return IntensityPoint(
        start=T0 + timedelta(minutes=start_min),
        stop=T0 + timedelta(minutes=stop_min),
        intensity_g_per_kwh=g_per_kwh,
        low_g_per_kwh=g_per_kwh,
        high_g_per_kwh=g_per_kwh,
        zone="FR",
        source="a grid",
        issued_at=T0 + timedelta(hours=issue),
    )


def test_a_later_hour_replaces_the_quarters_it_covers():
    quarters = [point(m, m + 15, 50 + m) for m in (0, 15, 30, 45, 60)]

    kept = settled([*quarters, point(0, 60, 99, issue=1)], Problems())

    assert [p.intensity_g_per_kwh for p in kept] == [99, 110]


def test_what_the_newest_issue_contradicts_itself_about_stays_a_gap():
    problems = Problems()

    kept = settled(
        [point(0, 60, 50), point(0, 60, 60, issue=1), point(30, 90, 70, issue=1)],
        problems,
    )

    assert kept == ()
    assert len(problems.sentences()) == 1


_points = st.builds(
    lambda start, length, g, issue: point(start, start + length, g, issue),
    st.integers(0, 40),
    st.integers(1, 15),
    st.integers(1, 3),
    st.integers(0, 2),
)


@given(st.lists(_points, max_size=12))
def test_every_kept_point_is_contradicted_by_nothing_as_new(points):
    kept = settled(points, Problems())

    for one in kept:
        for other in points:
            same = (other.start, other.stop, other.intensity_g_per_kwh) == (
                one.start,
                one.stop,
                one.intensity_g_per_kwh,
            )
            touches = other.start < one.stop and one.start < other.stop
            assert same or not touches or other.issued_at < one.issued_at
