from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from greenops.forecast.hours import History
from greenops.planner.prospect import Prospect
from tests.bench import planner_replay
from tests.bench.carboncast import Region, provider_misses
from tests.bench.hourly_forecasts import hourly_forecasts
from tests.bench.planner_replay import (
    CASES,
    Case,
    Known,
    contiguous,
    interruptible,
    oracle,
    paper_rows,
    replayed,
    run_at_once,
)

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def grid(days=230, *, seed=1, name="XX", said=False):
    """A grid with a daily habit and weather, told well by its provider."""
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    weather = np.zeros(len(hours))
    for i in range(1, len(hours)):
        weather[i] = 0.95 * weather[i - 1] + rng.normal(0, 0.05)
    g = 300 * np.exp(0.3 * np.cos(hours * 2 * np.pi / 24) + weather)
    region = Region(name, History(first=FIRST, g_per_kwh=g))
    if said:
        for day in range(days - 45, days):
            truth = g[day * 24 : day * 24 + 96]
            region.said[FIRST + day * 24 * HOUR] = truth * rng.normal(
                1, 0.02, len(truth)
            )
    return region


def number(row, name):
    value = row[name]
    assert isinstance(value, float)
    return value


def foreseen(came, sd=0.0):
    """What a planner would be told by someone who knows the future."""

    def ahead(now, hours):
        rows = np.array(
            [[came[min(i + h, len(came) - 1)] for h in range(hours)] for i in now]
        )
        return Prospect(g_per_kwh=rows, log_sd=np.full_like(rows, sd))

    return Known(ahead, came)


@pytest.mark.parametrize("case", CASES[:4], ids=str)
def test_who_knows_the_future_does_as_the_oracle_up_to_the_margins(case):
    came = grid(12).history.g_per_kwh
    starts = np.arange(0, len(came) - case.span_h, 7, dtype=np.intp)
    rule = interruptible if case.interruptible else contiguous

    done = rule(foreseen(came), starts, case)

    best = oracle(came, starts, case)
    assert (done.cost >= best - 1e-9).all()
    assert (done.cost <= best * 1.0102).all()
    assert (done.ended <= starts + case.span_h).all()
    assert (done.ran_h == case.job_h).all()


def test_run_at_once_counts_the_hours_from_the_start_on():
    came = np.array([1.0, 2.0, 4.0, 8.0])

    found = run_at_once(came, np.array([0, 1]), Case(2, 1, interruptible=False))

    np.testing.assert_array_equal(found, [3.0, 6.0])


@pytest.mark.parametrize(("may_pause", "least"), [(False, 5.0), (True, 3.0)])
def test_the_oracle_pauses_only_who_may_be_paused(may_pause, least):
    came = np.array([9.0, 1.0, 4.0, 2.0, 7.0])

    found = oracle(came, np.array([0]), Case(2, 3, interruptible=may_pause))

    assert found[0] == least


@pytest.mark.slow
def test_a_region_is_replayed_without_a_deadline_missed():
    rows = replayed(grid(said=True))

    assert {r["bench"] for r in rows} == {"replay", "stale"}
    assert {r["deadline_misses"] for r in rows} == {0}
    fresh = [r for r in rows if r["bench"] == "replay"]
    assert len(fresh) == len(CASES)
    for row in fresh:
        assert row["provider"]
        assert 0 < number(row, "saved_pct") <= number(row, "oracle_saved_pct")
        assert number(row, "worse_than_now_pct") < 30


@pytest.mark.slow
def test_a_forecast_holds_nothing_of_what_came_later():
    region = grid(265)
    before = hourly_forecasts(region)
    cut = before.stop - 100
    later = region.history.g_per_kwh.copy()
    later[cut:] *= np.random.default_rng(1).uniform(0.2, 5, len(later) - cut)

    after = hourly_forecasts(Region("XX", History(first=FIRST, g_per_kwh=later)))

    row = cut - before.first
    np.testing.assert_array_equal(after.log_g[: row + 1], before.log_g[: row + 1])
    np.testing.assert_array_equal(after.log_sd[: row + 1], before.log_sd[: row + 1])
    assert (after.log_g[row + 1] != before.log_g[row + 1]).any()


def test_a_provider_is_held_against_its_latest_issue():
    region = Region("XX", History(first=FIRST, g_per_kwh=np.full(60, 100.0)))
    region.said[FIRST + 2 * HOUR] = np.full(96, 50.0)
    region.said[FIRST + 5 * HOUR] = np.full(2, 200.0)

    found = np.exp(provider_misses(region, region.history))

    np.testing.assert_allclose(found[2:8], [2, 2, 2, 0.5, 0.5, 2])
    assert np.isnan(found[:2]).all()
    assert np.isnan(found[50:]).all()


def test_paper_rows_leave_out_jobs_across_gaps():
    g = np.tile([1.0, 2.0], 400)
    g[100] = np.nan
    rows = list(paper_rows(Region("XX", History(first=FIRST, g_per_kwh=g))))

    hour = next(r for r in rows if r["job_h"] == 1)
    assert hour["oracle_saved_pct"] == pytest.approx(100 / 3, abs=0.5)
    assert len(rows) == 2 * len(planner_replay.PAPER_JOBS_H) - 1


@pytest.mark.slow
def test_where_nothing_can_be_saved_nothing_is_and_no_job_waits():
    even = History(first=FIRST, g_per_kwh=np.full(265 * 24, 100.0))

    rows = replayed(Region("XX", even))

    assert {r["pct_of_oracle"] for r in rows} == {None}
    assert {r["worse_than_now_pct"] for r in rows} == {0.0}
