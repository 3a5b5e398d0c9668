from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.model import Free
from greenops.planner.plan import plan_job
from tests.unit.planner.scenes import HOUR, T0, job, place

SOON = timedelta(milliseconds=1)


def soft(hours=1.0, **fields):
    return job(hours, **{"hard": False, "gpus": 1, "home": "p0", **fields})


def planned(a_job, *places):
    return plan_job(a_job, places, now=T0).chosen


def test_a_deadline_that_has_passed_is_passed_no_further_than_it_must_be():
    here = place("p0", 500.0, 400.0, 10.0, 10.0)
    late = soft(deadline=T0 - HOUR)
    assert planned(late, here).start == T0


def test_a_deadline_without_a_price_is_late_by_what_it_takes_to_find_room():
    free = (Free(start=T0 + 3 * HOUR, stop=T0 + 9 * HOUR, gpus=1),)
    here = place("p0", *[500.0] * 8, 1.0, free=free)
    assert planned(soft(deadline_h=2), here).start == T0 + 3 * HOUR


def test_a_price_that_is_stated_may_buy_more():
    here = place("p0", *[500.0] * 4, *[10.0] * 4)
    assert planned(soft(deadline_h=2), here).stop <= T0 + 2 * HOUR
    bought = planned(soft(deadline_h=2, late_g_per_h=100.0), here)
    assert bought.start == T0 + 4 * HOUR


hours = st.lists(st.floats(1.0, 900.0), min_size=12, max_size=12)


@settings(deadline=None, max_examples=60)
@given(hours, st.floats(0.2, 4.0), st.floats(0.0, 3.0), st.booleans())
def test_where_there_is_always_room_a_deadline_without_a_price_is_kept(
    row, length_h, slack_h, able
):
    asked = soft(length_h, deadline_h=length_h + slack_h, interruptible=able)
    assert planned(asked, place("p0", *row)).stop <= asked.deadline + SOON


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(hours, st.lists(st.integers(0, 1), min_size=12, max_size=12)),
        min_size=1,
        max_size=2,
    ),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_no_job_that_could_be_in_time_is_late_by_more_than_its_run_time(
    made, length_h, slack_h
):
    places = [
        place(
            f"p{i}",
            *row,
            free=tuple(
                Free(start=T0 + h * HOUR, stop=T0 + (h + 1) * HOUR, gpus=n)
                for h, n in enumerate(free)
            ),
        )
        for i, (row, free) in enumerate(made)
    ]
    within = length_h + slack_h
    in_time = any(
        all(free[start : start + length_h])
        for _, free in made
        for start in range(within - length_h + 1)
    )
    if not in_time:
        return
    asked = soft(float(length_h), deadline_h=float(within))
    assert planned(asked, *places).stop <= asked.deadline + length_h * HOUR + SOON


@pytest.mark.parametrize("able", [True, False])
def test_a_late_job_waits_for_no_cleaner_hour(able):
    here = place("p0", *[100.0 * (9 - late) for late in range(9)])
    late = soft(2.0, deadline=T0 - HOUR, interruptible=able)
    assert planned(late, here).stop == T0 + 2 * HOUR
