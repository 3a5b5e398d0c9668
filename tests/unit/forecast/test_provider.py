import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.forecast.hours import DAY_H, HOUR, History
from greenops.forecast.provider import provider_hours, provider_missed
from greenops.model import Provenance
from tests.unit.forecast.grids import FIRST, minutes, point

AHEAD = 6


def issue(issued_at, g, *, first=None, hours=12, length=HOUR):
    first = issued_at if first is None else first
    return [
        point(
            first + i * length,
            g,
            length=length,
            provenance=Provenance.FORECAST,
            issued_at=issued_at,
        )
        for i in range(hours)
    ]


def said(points, origins=(FIRST,)):
    return np.exp(provider_hours(points, origins, AHEAD))


def test_nobody_said_anything():
    assert np.isnan(said([])).all()
    assert said([], []).shape == (0, AHEAD)


def test_a_point_without_a_time_of_issue_says_nothing():
    assert np.isnan(said([point(FIRST, 100.0)])).all()


def test_the_latest_issue_before_the_origin_counts():
    points = [
        *issue(FIRST - 3 * HOUR, 300.0),
        *issue(FIRST - HOUR, 100.0),
        *issue(FIRST - 2 * HOUR, 200.0),
    ]

    np.testing.assert_allclose(said(points), 100.0)


@pytest.mark.parametrize(
    ("after", "counts"),
    [(0 * HOUR, True), (minutes(59), True), (HOUR, False), (DAY_H * HOUR, False)],
    ids=["at the origin", "within its hour", "at the next", "the next day"],
)
def test_what_was_issued_later_does_not_count(after, counts):
    points = [*issue(FIRST - HOUR, 300.0), *issue(FIRST + after, 100.0, first=FIRST)]

    np.testing.assert_allclose(said(points), 100.0 if counts else 300.0)


@given(
    st.lists(
        st.tuples(st.integers(60, 9000), st.integers(-99, 99), st.integers(0, 900)),
        max_size=6,
    )
)
def test_no_issue_of_later_changes_what_was_said(later):
    before = [*issue(FIRST - 5 * HOUR, 300.0), *issue(FIRST - HOUR, 100.0, hours=4)]
    after = [
        p
        for late, first, g in later
        for p in issue(FIRST + minutes(late), float(g), first=FIRST + first * HOUR)
    ]

    np.testing.assert_array_equal(said([*after, *before]), said(before))


@pytest.mark.parametrize(
    ("age", "counts"), [(48 * HOUR, True), (48 * HOUR + minutes(1), False)]
)
def test_an_issue_older_than_two_days_says_nothing(age, counts):
    points = issue(FIRST - age, 100.0, first=FIRST)

    assert np.isfinite(said(points)).all() == counts


def test_hours_that_the_latest_leaves_out_are_those_of_the_one_before():
    points = [
        *issue(FIRST - 6 * HOUR, 300.0, hours=10),
        *issue(FIRST - HOUR, 100.0, hours=3),
    ]

    np.testing.assert_allclose(
        said(points)[0], [100.0, 100.0, 300.0, 300.0, np.nan, np.nan]
    )


def test_each_origin_hears_its_own_issue():
    origins = [FIRST, FIRST + DAY_H * HOUR]
    points = [*issue(FIRST, 100.0), *issue(FIRST + DAY_H * HOUR, 200.0)]

    np.testing.assert_allclose(said(points, origins), [[100.0] * 6, [200.0] * 6])


def test_an_issue_of_half_hours_is_averaged():
    points = issue(FIRST, 100.0, hours=1, length=minutes(30))
    points += issue(
        FIRST, 300.0, first=FIRST + minutes(30), hours=1, length=minutes(30)
    )

    np.testing.assert_allclose(said(points)[0, 0], 200.0)
    assert np.isnan(said(points)[0, 1:]).all()


def test_a_forecast_of_zero_is_the_least_that_is_told_apart():
    np.testing.assert_allclose(said(issue(FIRST, 0.0)), 1.0)


def test_a_fortnight_of_hourly_issues_is_laid_out_quickly():
    points = [
        p for h in range(14 * DAY_H) for p in issue(FIRST + h * HOUR, 100.0, hours=72)
    ]
    origins = [FIRST + d * DAY_H * HOUR for d in range(1, 15)]
    began_s = time.process_time()

    provider_hours(points, origins, 168)

    assert time.process_time() - began_s < 1.0


def missed(points, came=(100.0,) * AHEAD):
    history = History(first=FIRST, g_per_kwh=np.array(came))
    return np.exp(provider_missed(points, history))


def test_where_nobody_said_anything_nobody_missed():
    assert np.isnan(missed([])).all()


def test_a_miss_is_what_came_over_what_was_said():
    np.testing.assert_allclose(missed(issue(FIRST, 80.0)), 1.25)


def test_an_hour_that_did_not_come_was_not_missed():
    came = [100.0, np.nan, 100.0, 100.0, 100.0, 100.0]

    found = missed(issue(FIRST, 80.0), came)

    assert np.isnan(found[1])
    assert np.isfinite(found[[0, 2]]).all()


def test_each_hour_is_held_against_the_latest_issue_before_it_was_over():
    points = [
        *issue(FIRST - HOUR, 50.0),
        *issue(FIRST + 2 * HOUR, 200.0),
        *issue(FIRST + 5 * HOUR + minutes(30), 400.0, first=FIRST),
    ]

    np.testing.assert_allclose(missed(points), [2, 2, 0.5, 0.5, 0.5, 0.25])


def test_an_issue_of_days_ago_is_held_against_nothing():
    points = issue(FIRST - 46 * HOUR, 50.0, hours=96)

    found = missed(points)

    np.testing.assert_allclose(found[:3], 2.0)
    assert np.isnan(found[3:]).all()
