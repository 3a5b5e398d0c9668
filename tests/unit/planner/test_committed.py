import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Free, Segment
from greenops.planner.committed import beside, has_room, without
from tests.unit.planner.scenes import HOUR, T0, place


def free(start_h, stop_h, gpus):
    return Free(start=T0 + start_h * HOUR, stop=T0 + stop_h * HOUR, gpus=gpus)


def held(start_h, stop_h, gpus):
    return Segment(start=T0 + start_h * HOUR, stop=T0 + stop_h * HOUR, gpus=gpus)


def left_of(a_place, segments):
    return without(a_place, segments)


def test_more_than_is_free_cannot_be_taken():
    with pytest.raises(
        ValueError, match="holds 5 GPUs from 2026-03-02 01:00 on, where 4"
    ):
        left_of(place("a", free=(free(0, 9, 4),)), [held(1, 2, 5)])


def test_what_a_plan_holds_is_taken_off_while_it_runs():
    left = left_of(place("a", free=(free(0, 9, 4),)), [held(1, 2, 3), held(4, 9, 1)])
    assert left.free == (
        free(0, 1, 4),
        free(1, 2, 1),
        free(2, 4, 4),
        free(4, 9, 3),
    )


def test_a_plan_may_reach_over_several_spans():
    left = left_of(place("a", free=(free(0, 2, 4), free(2, 5, 2))), [held(1, 3, 2)])
    assert left.free == (free(0, 1, 4), free(1, 2, 2), free(2, 3, 0), free(3, 5, 2))


def test_without_a_limit_it_is_taken_off_what_was_seen():
    assert left_of(place("a"), [held(0, 1, 3)]).seen.free_gpus == 5
    assert left_of(place("a"), [held(0, 1, 99)]).seen.free_gpus == 0
    unseen = place("a", seen=None)
    assert left_of(unseen, [held(0, 1, 3)]) is unseen


hours = st.integers(0, 12)


@given(st.lists(st.tuples(hours, hours, st.integers(0, 2)), max_size=4))
def test_every_hour_has_what_nobody_holds(spans):
    segments = [held(a, b, n) for a, b, n in spans if a < b]
    left = left_of(place("a", free=(free(0, 6, 8), free(6, 10, 8))), segments)
    for hour in range(10):
        (span,) = [f for f in left.free if f.start <= T0 + hour * HOUR < f.stop]
        taken = sum(n for a, b, n in spans if a <= hour < b)
        assert span.gpus == 8 - taken


def test_what_is_kept_for_others_leaves_nothing_where_it_is_more_than_is_free():
    left = beside(place("a", free=(free(0, 9, 4),)), [held(1, 3, 3), held(2, 4, 3)])
    assert left.free == (
        free(0, 1, 4),
        free(1, 2, 1),
        free(2, 3, 0),
        free(3, 4, 1),
        free(4, 9, 4),
    )


def test_a_place_without_limit_is_the_same_beside_others():
    here = place("a")
    assert beside(here, [held(1, 3, 3)]) is here


@pytest.mark.parametrize(
    ("segments", "fits"),
    [
        pytest.param([held(1, 3, 2)], True, id="over two spans"),
        pytest.param([held(1, 3, 3)], False, id="too wide for one of them"),
        pytest.param([held(0, 1, 4), held(3, 4, 2)], True, id="in stretches"),
        pytest.param([held(4, 6, 1)], False, id="past what is offered"),
        pytest.param([held(-2, 1, 4)], True, id="what has passed does not count"),
        pytest.param([held(4, 6, 0)], True, id="no GPU at all"),
        pytest.param([], True, id="nothing"),
    ],
)
def test_a_plan_has_room_where_its_gpus_are_free_all_the_time(segments, fits):
    here = place("a", free=(free(0, 2, 4), free(2, 5, 2)))
    assert has_room(here, segments, T0) is fits


def test_a_place_without_limit_has_room():
    assert has_room(place("a"), [held(0, 9, 99)], T0)
