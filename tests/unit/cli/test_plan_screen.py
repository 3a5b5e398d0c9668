import re
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from greenops.cli.plan_screen import Screen, within
from greenops.model import Exclusion
from greenops.report.look import Look
from tests.unit.report.forecasts import HOUR, MONDAY, forecast
from tests.unit.report.plans import (
    PLACES,
    job,
    option,
    place,
    plan,
    planned,
    refusal,
    replayed,
)


def shown(found, zone=UTC, **look):
    lines = Screen(found, Look(width=100, **look), zone).lines()
    return "\n".join(lines).replace("\N{EN DASH}", "-")


def test_a_refusal_says_what_binds_and_what_would_do():
    text = shown(replace(planned(refusals=[refusal()]), plans=()))

    assert "no plan (deadline): it takes 6 h and 4 h are left" in text
    assert "would do   a deadline 2 h later would do" in text
    assert "left out   lab (deadline): 2 h too few" in text


def test_a_plan_is_shown_whole():
    text = " ".join(shown(planned()).split())

    for said in (
        "pretrain: train, 6 h 00 min (5 h 00 min to 8 h 00 min), by Wed 04 Mar 00:00",
        "where cloud (SE), away from lab",
        "when Tue 03 Mar 06:00-12:00",
        "emits 1.20 kg, 95 % within 0.96-1.80 kg",
        "of which 1.08 kg running, 40.0 g moving data, 120 g embodied",
        "saves 800 g (40 %) of 2.00 kg at once at lab",
        "data corpus, 150 GB, lab → hub → cloud: 1.20 kg, 5 min 00 s",
        "why It is the greenest of 2 places.",
        "advice Keep corpus in cold storage until then.",
        "left out us (residency): it lacks the tag EU; what would do: drop EU",
        "planned Mon 02 Mar 2026 00:00; times are UTC",
    ):
        assert said in text
    assert "came to" not in text


def test_the_table_marks_what_was_chosen():
    rows = [x for x in shown(planned()).splitlines() if x.startswith(("*", "   lab"))]

    assert rows[0].startswith("*  cloud  SE")
    assert rows[0].endswith("40 %")
    assert rows[1].startswith("   lab    DE")
    assert rows[1].endswith("25 %")


def test_a_replay_says_what_came_and_what_could_have():
    text = " ".join(shown(replayed()).split())

    assert "came to 1.30 kg; saved 700 g (35 %) of 2.00 kg at once at lab" in text
    assert "82 % of what could be saved" in text
    assert "best was 1.15 kg at cloud (SE), Tue 03 Mar 11:00-17:00" in text
    assert "replayed as of" in text


def test_a_long_reason_is_not_cut():
    long = replace(plan().reason, words="word " * 300 + "end.")

    assert "end." in shown(planned(plan(reason=long)))


def test_hours_of_running_are_marked_below_the_chart():
    lines = shown(planned()).splitlines()
    marks = next(x for x in lines if x.lstrip().startswith("runs")).split()[1]

    assert marks.count("█") == pytest.approx(len(marks) * 6 / 48, abs=2)
    assert set(marks) == {"█", "·"}


def test_several_jobs_are_listed_without_charts():
    text = shown(planned(plan("one"), plan("two")))

    assert text.count("PLACE") == 2
    assert "runs ·" not in text


def test_many_jobs_are_listed_one_a_line_with_their_sum():
    names = [f"job {i}" for i in range(9)]

    text = shown(planned(*(plan(n) for n in names)))

    assert "JOB    PLACE  START" in text
    rows = [x for x in text.splitlines() if x.startswith("job ")]
    assert [r[:5] for r in rows] == names
    assert all(r.endswith("1.20 kg   40 %") for r in rows)
    assert "9 jobs together: 10.8 kg, 40 % below running at once" in text
    assert "CAME TO" not in text


def test_a_sum_compares_only_what_can_be_compared():
    some = shown(planned(plan("one"), plan("two", at_once=None)))
    none = shown(planned(*(plan(n, at_once=None) for n in ("one", "two"))))

    assert "2 jobs together: 2.40 kg, the 1 that could run so 40 % below" in some
    assert "2 jobs together: 2.40 kg\n" in none


def test_many_refusals_leave_out_why_each_place_was_left_out():
    few = shown(planned(refusals=[refusal("late")]))
    many = shown(planned(refusals=[refusal(f"late {i}") for i in range(9)]))

    assert "left out   lab (deadline)" in few
    assert "left out   lab (deadline)" not in many
    assert many.count("would do   a deadline 2 h later") == 9


def test_a_replay_of_many_jobs_says_what_each_came_to():
    names = [f"job {i}" for i in range(9)]
    came = {"job 3": replayed().came["pretrain"]}

    text = shown(planned(*(plan(n) for n in names), came=came))

    rows = [x for x in text.splitlines() if x.startswith("job ")]
    assert [r.split()[-1] for r in rows] == ["-"] * 3 + ["kg"] + ["-"] * 5
    assert rows[3].endswith("1.30 kg")
    assert "of which 1 job came to 1.30 kg, 35 % below running at once" in text


def test_prices_are_shown_where_there_are_any():
    priced = plan(chosen=option("cloud", 1.0, price=12.5))
    priced = replace(priced, reason=replace(priced.reason, considered=(priced.chosen,)))

    assert "PRICE" in shown(planned(priced))
    assert "PRICE" not in shown(planned())


def test_a_choice_that_is_not_among_those_listed_still_is_in_the_table():
    reason = replace(plan().reason, considered=())

    assert "*  cloud" in shown(planned(plan(reason=reason)))


def test_many_places_are_cut_and_counted():
    many = tuple(option(f"p{i}", 1.0) for i in range(30))
    out = tuple(Exclusion(place=f"x{i}", rule="size", detail="d") for i in range(30))
    reason = replace(plan().reason, considered=many, excluded=out)
    places = (*PLACES, *(place(f"p{i}", "DE") for i in range(30)))
    found = plan(chosen=many[0], reason=reason)

    text = shown(planned(found, places=places))

    assert "and 18 more places" in text
    assert "and 22 more places" in text


def test_times_are_local_and_the_zone_is_named():
    text = shown(planned(), zone=ZoneInfo("Asia/Tokyo"))

    assert "Tue 03 Mar 15:00-21:00" in text
    assert "times are JST" in text


def test_notes_and_sources_are_shown_last():
    found = planned(notes=("no forecast of XX",), sources=("Acme (CC BY)",))

    assert shown(found).splitlines()[-2:] == ["no forecast of XX", "Acme (CC BY)"]


@pytest.mark.parametrize("width", [10, 40, 60, 80, 200])
@pytest.mark.parametrize("color", [False, True])
def test_no_line_is_wider_than_the_screen(width, color):
    found = replayed(refusals=[refusal()], notes=("x" * 300,))
    lines = Screen(found, Look(width=width, color=color), UTC).lines()

    # What is narrower than 40 columns is no screen for charts.
    assert max(len(re.sub("\x1b.*?m", "", x)) for x in lines) <= max(width, 40)


def test_hostile_names_cannot_act_on_the_terminal():
    name = "evil\x1b[2J\u202e"
    found = planned(plan(name), jobs=[job(name)], notes=("bad\x1b[2J",))

    text = shown(found)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "evil\\x1b[2J" in text


def test_an_ascii_screen_gets_ascii():
    assert shown(replayed(), unicode=False).isascii()


def test_the_hours_shown_are_those_that_touch_the_span():
    cut = within(forecast([1.0] * 10), MONDAY + 2.5 * HOUR, MONDAY + 5 * HOUR)

    assert cut is not None
    assert [h.start for h in cut.hours] == [MONDAY + i * HOUR for i in (2, 3, 4)]
    assert within(forecast([1.0]), MONDAY + 9 * HOUR, MONDAY + 10 * HOUR) is None
