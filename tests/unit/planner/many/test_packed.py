"""Very many jobs, packed into what is free."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.planner.many.packed import Room, plan_packed
from greenops.planner.many.problem import ManyJobs, Rates

SLOT_S = 3600.0


def jobs_of(durations_s, *, deadline_s=1e9, places=1):
    n = len(durations_s)
    return ManyJobs(
        duration_s=np.array(durations_s, dtype=float),
        power_w=np.full(n, 100.0),
        earliest_s=np.zeros(n),
        deadline_s=np.full(n, deadline_s),
        may_pause=np.zeros(n, dtype=bool),
        allowed=np.ones((n, places), dtype=bool),
    )


def rates_of(*rows):
    return Rates(slot_s=SLOT_S, rate_g_per_j=np.array(rows, dtype=float))


def room(free, needs, order=None):
    needs = np.array(needs, dtype=float)
    order = np.arange(len(needs)) if order is None else np.array(order)
    return Room(free=np.array(free, dtype=float), needs=needs, order=order)


def test_who_comes_first_gets_the_clean_hour():
    plan = plan_packed(
        rates_of([2.0, 1.0, 3.0]),
        jobs_of([SLOT_S, SLOT_S]),
        room([[[1, 1, 1]]], [[1], [1]], order=[1, 0]),
    )
    assert plan.start_s.tolist() == [0.0, SLOT_S]


def test_the_scarcest_resource_counts():
    free = [[[9, 9, 9]], [[1, 1, 1]]]
    plan = plan_packed(
        rates_of([2.0, 1.0, 3.0]), jobs_of([SLOT_S] * 3), room(free, [[1, 1]] * 3)
    )
    assert sorted(plan.start_s) == [0.0, SLOT_S, 2 * SLOT_S]


def test_what_finds_no_room_has_no_place():
    plan = plan_packed(
        rates_of([1.0, 1.0]), jobs_of([SLOT_S] * 3), room([[[1, 1]]], [[1]] * 3)
    )
    assert plan.place.tolist().count(-1) == 1
    assert np.isnan(plan.start_s[plan.place < 0]).all()


def test_unknown_hours_and_deadlines_are_kept():
    plan = plan_packed(
        rates_of([5.0, np.nan, 1.0]),
        jobs_of([SLOT_S], deadline_s=2 * SLOT_S),
        room([[[1, 1, 1]]], [[1]]),
    )
    assert plan.start_s.tolist() == [0.0]


def test_room_for_other_jobs_is_refused():
    with pytest.raises(ValueError, match="room"):
        plan_packed(rates_of([1.0]), jobs_of([1.0]), room([[[1, 1]]], [[1]]))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_capacity_is_never_exceeded_and_no_job_left_out_of_a_free_hour(data):
    slots, places = data.draw(st.integers(2, 8)), data.draw(st.integers(1, 3))
    n = data.draw(st.integers(1, 12))
    g = st.floats(0.1, 9.0)
    rates = rates_of(
        *(data.draw(st.lists(g, min_size=slots, max_size=slots)) for _ in range(places))
    )
    needs = data.draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    long_s = data.draw(
        st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0]), min_size=n, max_size=n)
    )
    free = np.array(
        [
            [
                data.draw(st.lists(st.integers(0, 4), min_size=slots, max_size=slots))
                for _ in range(places)
            ]
        ],
        dtype=float,
    )
    jobs = jobs_of([d * SLOT_S for d in long_s], places=places)
    plan = plan_packed(rates, jobs, room(free, [[x] for x in needs]))
    left = free[0].copy()
    for job in np.flatnonzero(plan.place >= 0):
        first = int(np.floor(plan.start_s[job] / SLOT_S + 1e-9))
        stop = int(np.ceil(plan.stop_s[job] / SLOT_S - 1e-9))
        left[plan.place[job], first:stop] -= needs[job]
    assert (left >= 0).all()
    for job in np.flatnonzero(plan.place < 0):
        if long_s[job] <= 1.0:  # it would fit into any slot with that much left
            assert (left < needs[job]).all()
