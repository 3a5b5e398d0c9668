import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.planner.prospect import Prospect
from greenops.planner.robust import (
    NO_PLAN,
    Margins,
    run_now,
    start_in,
    worth,
)

NAN = np.nan
NONE = Margins(wait=0.0, caution=0.0, change=0.0)


def ahead(*rows, sd=0.0):
    g_per_kwh = np.array(rows, dtype=float)
    log_sd = np.broadcast_to(np.asarray(sd, dtype=float), g_per_kwh.shape)
    return Prospect(
        g_per_kwh=g_per_kwh, log_sd=np.where(np.isnan(g_per_kwh), NAN, log_sd)
    )


def one_start(prices, *, sd=0.0, length=1, slack=3, kept=NO_PLAN, margins=NONE):
    found = start_in(
        ahead(prices, sd=sd),
        length=length,
        slack=slack,
        kept=np.array([kept]),
        margins=margins,
    )
    return int(found[0])


def one_run(prices, *, sd=0.0, work=1, left=4, waited=True, margins=NONE):
    found = run_now(
        ahead(prices, sd=sd),
        work=np.array([work]),
        left=left,
        waited=np.array([waited]),
        margins=margins,
    )
    return bool(found[0])


@pytest.mark.parametrize(("length", "slack"), [(0, 3), (-1, 3), (1, -1)])
def test_a_job_without_length_or_past_its_deadline_is_refused(length, slack):
    with pytest.raises(ValueError, match="slots"):
        start_in(ahead([1.0]), length=length, slack=slack)


@pytest.mark.parametrize("work", [5, -1])
def test_more_work_than_time_or_less_than_none_is_refused(work):
    with pytest.raises(ValueError, match="more work"):
        run_now(ahead([1.0] * 4), work=np.array([work]), left=4)


@pytest.mark.parametrize("share", [-0.1, 1.0, NAN])
def test_a_margin_is_a_share_of_at_most_nine_tenths(share):
    with pytest.raises(ValueError, match="margins"):
        Margins(wait=share)


@pytest.mark.parametrize(
    ("prices", "starts"),
    [
        ([4, 3, 2, 5], 2),
        ([2, 3, 2, 5], 0),
        ([4, NAN, 2, 5], 2),
        ([NAN, 5, 4, 9], 2),
        ([NAN, NAN, NAN, NAN], 0),
        ([5, 4, 3, 3, 1], 2),
        ([5, 4], 1),
    ],
    ids=[
        "the least",
        "of equals the earliest",
        "an unknown hour is not cheap",
        "not now if now is unknown",
        "nothing is known: at once",
        "beyond the deadline does not count",
        "the edge of what is known",
    ],
)
def test_a_job_starts_where_its_hours_are_least(prices, starts):
    assert one_start(prices) == starts


def test_a_stretch_does_not_cross_an_unknown_hour():
    assert one_start([5, 2, NAN, 3, 3], length=2) == 3


def test_a_job_longer_than_what_is_known_starts_at_once():
    assert one_start([5, 1], length=3) == 0


@pytest.mark.parametrize(
    ("prices", "kept", "starts"),
    [
        ([100, 99.5, 200, 200], NO_PLAN, 0),
        ([100, 98.5, 200, 200], NO_PLAN, 1),
        ([100, 200, 100.4, 200], 2, 2),
        ([100, 200, 101, 200], 2, 0),
        ([100, 200, NAN, 200], 2, 0),
        ([NAN, NAN, NAN, NAN], 2, 0),
        ([100, 99.6, 200, 200], 0, 0),
    ],
    ids=[
        "not for half a percent",
        "for one and a half",
        "a plan stands against little",
        "and falls to enough",
        "or when its hour is not known any more",
        "with nothing known it starts at once",
        "a start that has come is not put off for little",
    ],
)
def test_neither_waiting_nor_changing_comes_for_nothing(prices, kept, starts):
    assert one_start(prices, kept=kept, margins=Margins()) == starts


def test_a_job_out_of_slack_starts_whatever_its_plan_was():
    assert one_start([9, 1, 1, 1], slack=0, kept=2, margins=Margins()) == 0


@pytest.mark.parametrize(
    ("prices", "work", "left", "runs"),
    [
        ([4, 3, 2, 5], 1, 4, False),
        ([4, 3, 2, 5], 3, 4, True),
        ([9, 3, 2, 5], 4, 4, True),
        ([2, 2, 2, 2], 1, 4, True),
        ([NAN, 3, 2, 5], 1, 4, False),
        ([NAN, 3, 2, 5], 4, 4, True),
        ([NAN] * 4, 1, 4, True),
        ([1, 2, 3, 4], 0, 4, False),
        ([3, 4, 5, 1], 1, 3, True),
    ],
    ids=[
        "a better hour comes",
        "among the three best",
        "no slack is left",
        "of equals the earliest",
        "an unknown hour is not cheap",
        "but is used before a deadline is missed",
        "nothing is known: at once",
        "a job that is done",
        "beyond the deadline does not count",
    ],
)
def test_a_job_that_may_be_paused_runs_in_its_best_hours(prices, work, left, runs):
    assert one_run(prices, work=work, left=left) == runs


def test_the_first_pause_needs_a_gain_and_later_ones_do_not():
    prices = [100, 99.5, 200, 200]

    assert one_run(prices, waited=False, margins=Margins())
    assert not one_run(prices, waited=True, margins=Margins())


@pytest.mark.parametrize("caution", [-0.1, NAN, np.inf])
def test_caution_is_a_number_of_standard_deviations(caution):
    with pytest.raises(ValueError, match="caution"):
        Margins(caution=caution)


def test_waiting_for_unsure_hours_needs_more_gain():
    prices, margins = [100, 95, 200, 200], Margins()

    assert one_start(prices, sd=0.1, margins=margins) == 1
    assert one_start(prices, sd=0.4, margins=margins) == 0
    assert not one_run(prices, sd=0.1, waited=False, margins=margins)
    assert one_run(prices, sd=0.4, waited=False, margins=margins)


@pytest.mark.parametrize(
    ("standing_g", "found_g", "planned", "log_sd", "replaced"),
    [
        (100.0, 99.4, True, 0.9, True),
        (100.0, 99.6, True, 0.0, False),
        (100.0, 98.9, False, 0.0, True),
        (100.0, 99.4, False, 0.0, False),
        (100.0, 90.0, False, 0.6, False),
        (100.0, 90.0, False, NAN, True),
        (np.inf, 90.0, True, 0.0, True),
        (100.0, np.inf, True, 0.0, False),
        (np.inf, np.inf, False, NAN, False),
    ],
)
def test_a_plan_is_replaced_by_one_that_gains_enough(
    standing_g, found_g, planned, log_sd, replaced
):
    found = Margins().replaced(
        np.array([standing_g]),
        np.array([found_g]),
        planned=np.array([planned]),
        log_sd=np.array([log_sd]),
    )

    assert found.tolist() == [replaced]


def test_no_uncertainty_is_so_great_that_nothing_is_worth_waiting_for():
    assert one_start([100, 5, 200, 200], sd=9.0, margins=Margins()) == 1


def test_an_unsure_hour_is_worth_more_to_a_job_that_can_choose():
    unsure = ahead([100, 100, 100], sd=[0.02, 0.1, 0.3])

    found = worth(unsure, 0.1)[0]

    assert found[0] == 100.0
    assert 100.0 > found[1] > found[2] > 90.0


def test_to_a_job_that_fills_its_time_hours_are_worth_what_is_expected():
    np.testing.assert_array_equal(
        worth(ahead([100, 90], sd=[0.1, 0.9]), 1.0), [[100, 90]]
    )


def test_hours_that_are_equally_sure_are_worth_what_is_expected():
    np.testing.assert_array_equal(
        worth(ahead([NAN, 90, 80], sd=0.5), 0.0)[0, 1:], [90, 80]
    )


def test_one_prospect_serves_jobs_of_different_shares():
    same = ahead([100, 100], [100, 100], sd=[0.0, 0.5])

    found = worth(same, np.array([0.0, 1.0]))

    assert found[0, 1] < found[1, 1] == 100.0


intensities = st.lists(
    st.one_of(st.floats(0.1, 1e4), st.just(NAN)), min_size=1, max_size=30
)


@st.composite
def unsettled(draw):
    """Forecasts that have nothing to do with one another, one for every hour."""
    hours = draw(st.integers(1, 12))
    return [draw(intensities) for _ in range(hours)], draw(st.integers(0, 2**16))


def spread(prices, seed):
    return np.random.default_rng(seed).uniform(0, 1, len(prices))


@given(unsettled(), st.integers(1, 5))
def test_whatever_the_forecasts_say_a_job_starts_in_time(forecasts, length):
    rows, seed = forecasts
    slack = len(rows) - 1
    kept = NO_PLAN
    for late, prices in enumerate(rows):
        chosen = one_start(
            prices,
            sd=spread(prices, seed),
            length=length,
            slack=slack - late,
            kept=kept,
            margins=Margins(),
        )
        assert 0 <= chosen <= slack - late
        if chosen == 0:
            return
        kept = chosen - 1
    raise AssertionError("it never started")


@given(unsettled(), st.data())
def test_whatever_the_forecasts_say_the_work_is_done_in_time(forecasts, data):
    rows, seed = forecasts
    work, waited = data.draw(st.integers(1, len(rows))), False
    for late, prices in enumerate(rows):
        runs = one_run(
            prices,
            sd=spread(prices, seed),
            work=work,
            left=len(rows) - late,
            waited=waited,
            margins=Margins(),
        )
        work, waited = work - runs, waited or not runs
    assert work == 0


@given(intensities, st.integers(0, 2**16), st.sampled_from([0.25, 8.0, 1024.0]))
def test_scaling_all_intensities_changes_no_plan(prices, seed, factor):
    more = [p * factor for p in prices]
    sd = spread(prices, seed)

    assert one_start(prices, sd=sd) == one_start(more, sd=sd)
    assert one_run(prices, sd=sd) == one_run(more, sd=sd)


@given(
    st.lists(st.floats(1.0, 100.0), min_size=6, max_size=6),
    st.integers(0, 5),
    st.integers(0, 2**16),
)
def test_while_forecasts_hardly_change_no_plan_is_taken_up_twice(prices, kept, seed):
    """What flaps returns to a plan that it left: here each change must be for good."""
    wobble = np.random.default_rng(seed).uniform(0.998, 1.002, (20, 6))
    plans = [kept]
    for w in wobble:
        chosen = one_start(prices * w, slack=5, kept=plans[-1], margins=Margins())
        if chosen != plans[-1]:
            plans.append(chosen)

    assert len(set(plans)) == len(plans)


@settings(max_examples=50)
@given(
    st.lists(st.floats(1.0, 100.0), min_size=8, max_size=8),
    st.integers(1, 3),
    st.integers(0, 5),
)
def test_with_sure_forecasts_and_no_margin_the_plan_is_the_best_there_is(
    prices, length, slack
):
    costs = [
        sum(prices[i : i + length])
        for i in range(slack + 1)
        if i + length <= len(prices)
    ]

    found = one_start(prices, length=length, slack=slack)

    assert costs[found] == pytest.approx(min(costs))


@given(st.lists(st.floats(1.0, 100.0), min_size=6, max_size=6), st.integers(1, 6))
def test_with_sure_forecasts_and_no_margin_the_best_hours_are_used(prices, work):
    total, need = 0.0, work
    for at in range(6):
        if one_run(prices[at:], work=need, left=6 - at):
            total, need = total + prices[at], need - 1

    assert need == 0
    assert total == pytest.approx(sum(sorted(prices)[:work]))


def test_many_jobs_are_decided_as_each_would_be():
    rng = np.random.default_rng(5)
    rows = rng.uniform(1, 100, (40, 24))
    sd = np.sort(rng.uniform(0, 0.3, (40, 24)), axis=1)
    kept = rng.integers(-1, 10, 40)
    work = rng.integers(0, 24, 40)

    starts = start_in(ahead(*rows, sd=sd), length=4, slack=20, kept=kept)
    runs = run_now(ahead(*rows, sd=sd), work=work, left=24)

    for i, row in enumerate(rows):
        one = ahead(row, sd=sd[i])
        alone = start_in(one, length=4, slack=20, kept=kept[i : i + 1])
        assert starts[i] == alone[0]
        assert runs[i] == run_now(one, work=work[i : i + 1], left=24)[0]
