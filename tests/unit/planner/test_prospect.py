from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from greenops.model import (
    Basis,
    Forecast,
    ForecastHour,
    IntensityKind,
    IntensityPoint,
)
from greenops.planner.prospect import STALE_AFTER, Prospect, prospect

NOW = datetime(2021, 7, 1, 10, 20, tzinfo=UTC)
FIRST = datetime(2021, 7, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hour(start, g, factor=1.5):
    return ForecastHour(
        start=start,
        intensity_g_per_kwh=g,
        low80_g_per_kwh=g / factor,
        high80_g_per_kwh=g * factor,
        low95_g_per_kwh=g / factor**2,
        high95_g_per_kwh=g * factor**2,
    )


def forecast(
    values, *, first=FIRST, age=timedelta(0), basis=Basis.LIFE_CYCLE, factor=1.5
):
    return Forecast(
        zone="DE",
        kind=IntensityKind.AVERAGE,
        basis=basis,
        issued_at=NOW - age,
        method="own",
        source="acme",
        hours=tuple(hour(first + i * HOUR, g, factor) for i, g in enumerate(values)),
    )


def expected(*args, **kwargs):
    return prospect(*args, **kwargs).g_per_kwh[0]


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        prospect(None, NOW.replace(tzinfo=None), 3)


@pytest.mark.parametrize(
    ("g_per_kwh", "log_sd"),
    [
        ([1.0], [0.1]),
        ([[1.0, 2.0]], [[0.1]]),
        ([[-1.0]], [[0.1]]),
        ([[np.inf]], [[0.1]]),
        ([[1.0]], [[np.nan]]),
        ([[1.0]], [[-0.1]]),
    ],
    ids=["flat", "two shapes", "below 0", "infinite", "no spread", "spread below 0"],
)
def test_a_prospect_that_makes_no_sense_is_refused(g_per_kwh, log_sd):
    with pytest.raises(ValueError, match=r"prospect|known hour"):
        Prospect(g_per_kwh=np.array(g_per_kwh), log_sd=np.array(log_sd))


def test_without_a_forecast_nothing_is_known():
    found = prospect(None, NOW, 3)

    assert np.isnan(found.g_per_kwh).all()
    assert found.stale


def test_hours_begin_with_the_one_that_runs():
    np.testing.assert_array_equal(
        expected(forecast([9, 8, 7, 6], first=FIRST - HOUR), NOW, 3), [8, 7, 6]
    )


def test_hours_that_are_not_forecast_are_not_known():
    np.testing.assert_array_equal(
        expected(forecast([9, 8]), NOW, 4), [9, 8, np.nan, np.nan]
    )


def test_any_time_zone_means_the_same_hours():
    east = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))

    np.testing.assert_array_equal(expected(forecast([9, 8]), east, 2), [9, 8])


@pytest.mark.parametrize(
    ("basis", "known"), [(Basis.LIFE_CYCLE, False), (Basis.DIRECT, True)]
)
def test_a_zero_is_a_hole_unless_only_the_stack_counts(basis, known):
    found = prospect(forecast([5, 0], basis=basis), NOW, 2)

    assert np.isfinite(found.g_per_kwh[0, 1]) == known
    assert np.isfinite(found.log_sd[0, 1]) == known


def test_the_spread_is_that_of_the_80_percent_band():
    sure, unsure = (prospect(forecast([9], factor=f), NOW, 1) for f in (1.0, 1.5))

    assert sure.log_sd[0, 0] == 0.0
    assert unsure.log_sd[0, 0] == pytest.approx(np.log(1.5) / 1.2816)


def test_a_band_down_to_zero_counts_by_its_upper_half():
    down = ForecastHour(
        start=FIRST,
        intensity_g_per_kwh=10.0,
        low80_g_per_kwh=0.0,
        high80_g_per_kwh=15.0,
        low95_g_per_kwh=0.0,
        high95_g_per_kwh=20.0,
    )
    made = forecast([])
    whole = Forecast(
        zone=made.zone,
        kind=made.kind,
        basis=made.basis,
        issued_at=made.issued_at,
        method=made.method,
        source=made.source,
        hours=(down,),
    )

    assert prospect(whole, NOW, 1).log_sd[0, 0] == pytest.approx(np.log(1.5) / 1.2816)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1)])
def test_a_forecast_is_stale_once_a_day_has_passed(late):
    found = prospect(forecast([9], age=STALE_AFTER + late), NOW, 2)

    assert found.stale == bool(late)
    assert np.isnan(found.g_per_kwh[0, 1])


def test_beyond_a_stale_forecast_its_hours_of_the_day_go_on():
    days_ago = FIRST - timedelta(days=7)
    habit = [float(i % 24) + 1 + 10 * (i // 24) for i in range(48)]

    found = prospect(forecast(habit, first=days_ago, age=timedelta(days=7)), NOW, 30)

    np.testing.assert_allclose(found.g_per_kwh[0], [i % 24 + 6 for i in range(30)])
    np.testing.assert_array_equal(found.log_sd, 0.0)
    assert found.stale


def test_hours_that_a_stale_forecast_still_reaches_are_its_own():
    ago = timedelta(hours=30)

    found = expected(forecast(range(1, 41), first=FIRST - ago, age=ago), NOW, 12)

    np.testing.assert_array_equal(found[:10], range(31, 41))
    assert np.isfinite(found).all()


def test_hours_of_the_day_that_a_stale_forecast_never_had_stay_unknown():
    ago = timedelta(days=2)

    found = expected(forecast([5, 6], first=FIRST - ago, age=ago), NOW, 4)

    np.testing.assert_array_equal(found, [5, 6, np.nan, np.nan])


def came(values, *, stop=FIRST):
    first = stop - len(values) * HOUR
    return [
        IntensityPoint(
            start=first + i * HOUR,
            stop=first + (i + 1) * HOUR,
            intensity_g_per_kwh=g,
            low_g_per_kwh=g,
            high_g_per_kwh=g,
            zone="DE",
            source="acme",
        )
        for i, g in enumerate(values)
    ]


def test_without_a_forecast_the_hours_of_the_day_go_on_as_they_were():
    past = came([float(i % 24) + 20 * (i // 24) for i in range(48)])

    found = prospect(None, NOW, 30, past=past)

    np.testing.assert_allclose(found.g_per_kwh[0], [i % 24 + 10 for i in range(30)])
    assert found.stale


def test_a_stale_habit_is_half_what_was_said_and_half_what_came():
    days_ago = FIRST - timedelta(days=7)
    old = forecast([10.0] * 24, first=days_ago, age=timedelta(days=7))

    found = expected(old, NOW, 2, past=came([30.0] * 24))

    np.testing.assert_allclose(found, 20.0)


def test_a_fresh_forecast_is_not_mended_with_the_past():
    found = expected(forecast([9]), NOW, 2, past=came([30.0] * 24))

    np.testing.assert_array_equal(found, [9, np.nan])
