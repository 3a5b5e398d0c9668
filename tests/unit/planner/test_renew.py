from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from greenops.errors import NoFeasiblePlanError
from greenops.model import Free, IntensityPoint, Objective, Plan, Seen
from greenops.planner.plan import plan_job, plan_jobs, renewed
from greenops.planner.robust import LEAST_CHANGE, LEAST_GAIN
from tests.unit.planner.scenes import HOUR, NAN, T0, forecast, job, place


def hours_late(plan: Plan) -> float:
    return (plan.chosen.start - T0) / HOUR


def with_forecast(where, *g_per_kwh, issued=T0, band=0.0):
    ahead = replace(forecast(*g_per_kwh, band=band), issued_at=issued)
    return replace(where, forecast=ahead)


def test_waits_only_for_enough():
    little = place("home", 100.0, 100.0 * (1 - LEAST_GAIN / 2))
    enough = place("home", 100.0, 100.0 * (1 - LEAST_GAIN * 2))

    assert hours_late(renewed(job(deadline_h=2), [little], now=T0)) == 0
    assert hours_late(renewed(job(deadline_h=2), [enough], now=T0)) == 1


def test_goes_elsewhere_at_once_rather_than_wait_for_little():
    home, other = place("home", 200.0, 99.5), place("other", 100.0, 200.0)

    plan = renewed(job(deadline_h=2), [home, other], now=T0)

    assert (plan.chosen.place, hours_late(plan)) == ("other", 0)
    assert plan.reason.runner_up is not None
    assert plan.reason.runner_up.place == "home"


def test_keeps_its_plan_unless_another_is_better_by_a_margin():
    first = renewed(job(deadline_h=3), [place("home", 300.0, 100.0, 200.0)], now=T0)
    near = [place("home", 300.0, 100.0, 100.0 * (1 - LEAST_CHANGE / 2))]
    far = [place("home", 300.0, 100.0, 100.0 * (1 - LEAST_CHANGE * 2))]

    assert hours_late(first) == 1
    assert hours_late(renewed(job(deadline_h=3), near, now=T0, standing=first)) == 1
    assert hours_late(renewed(job(deadline_h=3), far, now=T0, standing=first)) == 2


def test_a_kept_plan_is_counted_on_the_new_forecast_and_names_the_better_one():
    first = renewed(job(deadline_h=3), [place("home", 300.0, 100.0, 200.0)], now=T0)

    kept = renewed(
        job(deadline_h=3), [place("home", 300.0, 120.0, 119.9)], now=T0, standing=first
    )

    assert kept.chosen.cost.total_g.central == pytest.approx(120.0)
    assert kept.reason.runner_up is not None
    assert kept.reason.runner_up.start == T0 + 2 * HOUR


def test_a_plan_that_cannot_be_kept_is_replaced():
    home, other = place("home", 300.0, 100.0), place("other", 300.0, 300.0)
    first = renewed(job(deadline_h=2), [home, other], now=T0)
    gone = [replace(home, free=()), other]

    plan = renewed(job(deadline_h=2, gpus=1), gone, now=T0, standing=first)

    assert plan.chosen.place == "other"


def test_an_hour_that_is_unsure_is_weighed_below_an_equal_sure_one():
    sure = with_forecast(place("home"), 300.0, 100.0, 100.5)
    hours = list(sure.forecast.hours)
    hours[2] = replace(hours[2], low95_g_per_kwh=40.0, high95_g_per_kwh=250.0)
    unsure = replace(sure, forecast=replace(sure.forecast, hours=tuple(hours)))

    assert hours_late(renewed(job(deadline_h=3), [sure], now=T0)) == 1
    assert hours_late(renewed(job(deadline_h=3), [unsure], now=T0)) == 2
    assert hours_late(plan_job(job(deadline_h=3), [unsure], now=T0)) == 1


def test_the_less_is_known_of_the_hours_ahead_the_more_waiting_must_promise():
    sure = place("home", 100.0, 97.0)
    unsure = place("home", 100.0, 97.0, band=0.6)

    assert hours_late(renewed(job(deadline_h=2), [sure], now=T0)) == 1
    assert hours_late(renewed(job(deadline_h=2), [unsure], now=T0)) == 0


def test_an_old_forecast_is_carried_on_by_its_days_and_the_plan_says_so():
    day = [300.0] * 24
    day[5] = 100.0
    home = with_forecast(place("home"), *day)
    now = T0 + 3 * 24 * HOUR
    late = job(deadline_h=4 * 24, earliest=now)

    plan = renewed(late, [replace(home, seen=replace(home.seen, at=now))], now=now)

    assert plan.chosen.start == now + 5 * HOUR
    assert "72 h old" in plan.advice[-1]
    assert "carried on" in plan.advice[-1]


def test_without_a_forecast_it_goes_by_what_came_lately():
    now = T0 + 24 * HOUR
    came = [
        IntensityPoint(
            start=T0 + i * HOUR,
            stop=T0 + (i + 1) * HOUR,
            intensity_g_per_kwh=100.0 if i == 5 else 300.0,
            low_g_per_kwh=90.0,
            high_g_per_kwh=310.0,
            zone="HOME",
            source="a test",
        )
        for i in range(24)
    ]
    home = place("home", seen=Seen(free_gpus=8, at=now))

    plan = renewed(
        job(earliest=now, deadline_h=48), [home], now=now, past={"home": came}
    )

    assert plan.chosen.start == now + 5 * HOUR
    assert "carried on" in plan.advice[-1]


def test_a_forecast_that_is_still_fresh_is_not_carried_on():
    now = T0 + 20 * HOUR
    home = with_forecast(place("home"), *[100.0] * 21)
    home = replace(home, seen=replace(home.seen, at=now))

    plan = renewed(job(earliest=now, deadline_h=48), [home], now=now)

    assert plan.chosen.start == now
    assert not any("carried on" in a for a in plan.advice)


def test_nothing_known_is_refused_as_a_plan_made_once_is():
    with pytest.raises(NoFeasiblePlanError, match="nothing is known") as refused:
        renewed(job(), [place("home")], now=T0)

    assert refused.value.binding == "horizon"


def test_money_counts_for_what_is_kept_too():
    home = place("home", 100.0, 90.0, price_per_h=1.0)
    cheap = place("cheap", 110.0, 110.0, price_per_h=0.0)
    terms = Objective(price_per_t=100.0)

    first = renewed(job(deadline_h=2), [home, cheap], now=T0, objective=terms)
    again = renewed(
        job(deadline_h=2), [home, cheap], now=T0, objective=terms, standing=first
    )

    assert first.chosen.place == again.chosen.place == "cheap"


def test_paused_stretches_that_stand_are_kept():
    able = job(hours=2.0, deadline_h=4, interruptible=True)
    home = place("home", 300.0, 100.0, 300.0, 101.0)
    first = renewed(able, [home], now=T0)

    kept = renewed(
        able, [place("home", 100.4, 100.0, 300.0, 100.5)], now=T0, standing=first
    )

    assert [(s.start - T0) / HOUR for s in first.chosen.segments] == [1, 3]
    assert kept.chosen.segments == first.chosen.segments


def test_several_jobs_keep_their_plans_and_their_gpus():
    free = (Free(start=T0, stop=T0 + 3 * HOUR, gpus=1),)
    home = place("home", 300.0, 100.0, 200.0, free=free)
    jobs = [job(name=n, deadline_h=3, gpus=1) for n in ("a", "b")]
    first, _ = plan_jobs(jobs, [home], now=T0, standing={})
    moved = place("home", 300.0, 100.0, 99.9, free=free)

    again, refused = plan_jobs(
        jobs, [moved], now=T0, standing={p.job: p for p in first}
    )

    assert [hours_late(p) for p in first] == [1, 2]
    assert [hours_late(p) for p in again] == [1, 2]
    assert refused == ()


intensities = st.lists(st.floats(1.0, 900.0) | st.just(NAN), min_size=8, max_size=8)


@settings(max_examples=60, deadline=None)
@given(
    forecasts=st.lists(intensities, min_size=1, max_size=6),
    length_h=st.floats(0.2, 3.0),
    able=st.booleans(),
)
@example(  # waiting gains more than a change must, and less than waiting must
    forecasts=[[7.0, 1.0, 1.0, NAN, NAN, 1.0, 1.0, NAN]],
    length_h=2.9921875,
    able=False,
)
def test_whatever_forecasts_come_the_deadline_holds_and_a_same_one_changes_nothing(
    forecasts, length_h, able
):
    asked = job(hours=length_h, deadline_h=8, interruptible=able)
    standing = None
    for late, hours in enumerate(forecasts):
        now = T0 + late * timedelta(minutes=10)
        home = place("home", *hours)
        home = replace(home, seen=replace(home.seen, at=now))
        try:
            plan = renewed(asked, [home], now=now, standing=standing)
        except NoFeasiblePlanError:
            continue
        assert plan.chosen.start >= now
        assert plan.chosen.stop <= asked.deadline + timedelta(milliseconds=1)
        again = renewed(asked, [home], now=now, standing=plan)
        assert again.chosen.segments == plan.chosen.segments
        standing = plan


@settings(max_examples=40, deadline=None)
@given(
    hours=st.lists(st.floats(1.0, 900.0), min_size=8, max_size=8),
    factor=st.floats(0.1, 9),
)
def test_scaling_all_intensities_changes_no_choice(hours, factor):
    plans = [
        renewed(job(deadline_h=8), [place("home", *g, band=0.2)], now=T0)
        for g in (hours, [factor * h for h in hours])
    ]

    assert plans[0].chosen.segments == plans[1].chosen.segments
