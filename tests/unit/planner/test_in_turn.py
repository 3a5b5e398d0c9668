from dataclasses import replace

import pytest

from greenops.model import Free, Objective, Plan
from greenops.planner.in_turn import Asked, Left, in_turn, turn
from greenops.planner.route import SEEN_FOR
from greenops.planner.stood import Standing
from tests.unit.planner.scenes import HOUR, T0, job, place

HOURS = (50.0, 10.0, 20.0, 30.0)
HOME = place("home", *HOURS, free=(Free(start=T0, stop=T0 + 4 * HOUR, gpus=1),))
ASKED = Asked(
    now=T0,
    paused_at={},
    seen_for=SEEN_FOR,
    standing=None,
    past={},
    untouched={"home": HOME},
)
LEFT = Left(places=(HOME,), objective=Objective())


def one(name, **fields):
    return job(name=name, gpus=1, **fields)


def hour_of(answer):
    return (answer.found.chosen.start - T0) / HOUR


def test_turns_go_by_priority_then_deadline_then_start_then_name():
    jobs = [
        one("d", deadline_h=9),
        one("c", deadline_h=9, earliest=T0 + HOUR),
        one("b", deadline_h=9),
        one("soon", deadline_h=5),
        one("first", deadline_h=24, priority=3),
    ]
    order = [j.name for j in sorted(jobs, key=turn)]
    assert order == ["first", "soon", "b", "d", "c"]


def test_a_newcomer_of_the_same_length_and_delay_never_overtakes():
    waiting = [one(f"w{i}", deadline_h=24 + i) for i in range(3)]
    newcomers = [one(f"n{i}", earliest=T0 + HOUR, deadline_h=30) for i in range(9)]
    order = [j.name for j in sorted([*newcomers, *waiting], key=turn)]
    assert order[:3] == ["w0", "w1", "w2"]


def test_what_is_kept_for_a_job_is_taken_for_those_before_it_only():
    kept = {"b": Standing(place="home", segments=(segment(1),))}
    found = in_turn([one("a"), one("b"), one("c")], LEFT, ASKED, kept)
    assert [hour_of(a) for a in found.answers.values()] == [2, 1, 3]


def test_a_job_may_choose_better_than_what_is_kept_for_it():
    kept = {"a": Standing(place="home", segments=(segment(3),))}
    found = in_turn([one("a")], LEFT, ASKED, kept)
    assert hour_of(found.answers["a"]) == 1


def segment(hour):
    """Return how a job of one hour that must run in it runs."""
    free = Free(start=T0 + hour * HOUR, stop=T0 + (hour + 1) * HOUR, gpus=1)
    only = replace(HOME, free=(free,))
    left = replace(LEFT, places=(only,))
    found = in_turn([one("x")], left, ASKED).answers["x"].found
    assert isinstance(found, Plan)
    return found.chosen.segments[0]


@pytest.mark.parametrize(
    ("fields", "crowded"),
    [
        pytest.param({}, ["b"], id="in its hours"),
        pytest.param({"earliest": T0 + 2 * HOUR}, [], id="before it can start"),
        pytest.param({"deadline_h": 1}, [], id="after its deadline"),
    ],
)
def test_who_finds_less_room_than_the_first_is_crowded(fields, crowded):
    found = in_turn([one("a"), one("b", **fields)], LEFT, ASKED)
    assert [j.name for j in found.crowded] == crowded


def test_room_enough_for_all_crowds_nobody():
    wide = replace(HOME, free=(Free(start=T0, stop=T0 + 4 * HOUR, gpus=2),))
    left = replace(LEFT, places=(wide,))
    assert in_turn([one("a"), one("b")], left, ASKED).crowded == ()
