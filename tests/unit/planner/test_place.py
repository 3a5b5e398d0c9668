from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.model import Bounded, Exclusion, Free, Objective, Pausing, Phase
from greenops.planner.place import Bid, best_here, by_weight
from greenops.planner.site import site_of
from tests.unit.planner.scenes import HOUR, NAN, T0, around, exactly, job, place

H = 3600.0
CARBON = Objective()


def best(a_job, a_place, objective=CARBON, transfers=(), **fields):
    site = site_of(a_job, a_place, origin=T0, series=a_place.forecast, **fields)
    return best_here(site, transfers, objective)


@pytest.mark.parametrize(
    ("a_job", "a_place", "objective", "rule", "detail", "change"),
    [
        pytest.param(
            job(deadline_h=-4.0),
            place("home", 1.0, 1.0),
            CARBON,
            "deadline",
            "there is no time: the deadline, Sun 1 Mar 2026 20:00 UTC, has passed",
            "a deadline at least 5 h later",
            id="deadline-in-the-past",
        ),
        pytest.param(
            job(3.0, deadline_h=2.0),
            place("home", *[1.0] * 9),
            CARBON,
            "deadline",
            "may take 3 h at home; there is the 2 h before the deadline",
            "a deadline at least 1 h later",
            id="longer-than-the-slack",
        ),
        pytest.param(
            job(duration_s=around(4 * H, 0.5), deadline_h=5.0),
            place("home", *[1.0] * 9),
            CARBON,
            "deadline",
            "may take 6 h at home",
            "a deadline at least 1 h later",
            id="may-be-longer-than-the-slack",
        ),
        pytest.param(
            job(),
            place("home"),
            CARBON,
            "horizon",
            "nothing is known of the hours ahead of HOME",
            "a forecast of HOME",
            id="no-forecast",
        ),
        pytest.param(
            job(),
            place("home", NAN, NAN),
            CARBON,
            "horizon",
            "nothing is known",
            "a forecast of HOME",
            id="forecast-of-nothing",
        ),
        pytest.param(
            job(3.0),
            place("home", 1.0, 1.0),
            CARBON,
            "horizon",
            "at home the forecast ends before",
            "a forecast at least 1 h longer",
            id="forecast-shorter-than-the-job",
        ),
        pytest.param(
            job(3.0, deadline_h=5.0),
            place("home", 1.0, 1.0, NAN, 1.0, 1.0, 1.0),
            CARBON,
            "unknown hours",
            "known throughout",
            "the intensity of 1 h more",
            id="gap-in-the-forecast",
        ),
        pytest.param(
            job(2.0, gpus=4, deadline_h=6.0),
            place(
                "home",
                *[1.0] * 6,
                free=(
                    Free(start=T0 + HOUR, stop=T0 + 2 * HOUR, gpus=4),
                    Free(start=T0 + 2 * HOUR, stop=T0 + 4 * HOUR, gpus=1),
                ),
            ),
            CARBON,
            "capacity",
            "4 GPUs are not free at home for long enough in time",
            "3 more GPUs free at home, within Mon 2 Mar 2026 01:00 UTC to Mon 2 Mar "
            "2026 03:00 UTC",
            id="free-for-too-short",
        ),
        pytest.param(
            job(),
            place("home", 1.0),
            Objective(price_per_t=100.0),
            "price",
            "the price of an hour at home is not known",
            "price_per_h of home",
            id="price-unknown",
        ),
        pytest.param(
            job(project="p"),
            place("home", 300.0),
            Objective(budgets_g={"p": 100.0}),
            "budget",
            "p has 100 g left, train-x at home would emit 300 g",
            "200 g more for p",
            id="budget",
        ),
    ],
)
def test_what_stands_in_the_way_is_named_with_the_smallest_change(
    a_job, a_place, objective, rule, detail, change
):
    found = best(a_job, a_place, objective)
    assert isinstance(found, Exclusion)
    assert found.place == "home"
    assert found.rule == rule
    assert detail in found.detail
    assert change in found.change


def test_a_place_without_the_hours_is_not_out_for_its_capacity():
    full = place("home", 1.0, free=(Free(start=T0, stop=T0 + HOUR, gpus=1),))
    found = best(job(2.0, gpus=1), full)
    assert isinstance(found, Exclusion)
    assert found.rule == "horizon"


def test_hardware_held_through_an_unknown_hour_is_not_out_for_its_capacity():
    held = place("home", NAN, 1.0, reserved=True, idle_w=100.0)
    found = best(job(gpus=1), held)
    assert isinstance(found, Exclusion)
    assert found.rule == "unknown hours"
    assert "hardware that is not held while it waits" in found.change


def test_data_that_comes_too_late_bars_a_place_by_its_deadline():
    found = best(job(deadline_h=2.0), place("home", *[1.0] * 9), moving_s=1.5 * H)
    assert isinstance(found, Exclusion)
    assert found.rule == "deadline"
    assert "there is the 30 min before the deadline" in found.detail
    assert found.change == "a deadline at least 30 min later"


def test_waiting_through_an_unknown_hour_is_free_where_nothing_is_held():
    assert best(job(), place("home", NAN, 1.0)).option.start == T0 + HOUR


def test_a_place_that_holds_hardware_through_an_unknown_hour_is_not_cheap():
    held = place("home", NAN, 1.0, 1.0, reserved=True, idle_w=100.0)
    found = best(job(deadline_h=3.0), held, moving_s=1.5 * H)
    assert isinstance(found, Exclusion)
    assert found.rule == "unknown hours"


def test_the_edge_of_the_horizon_is_not_chosen_for_being_the_edge():
    found = best(job(deadline_h=99.0), place("home", 5.0, 3.0, 5.0, 5.0))
    assert found.option.start == T0 + HOUR


def test_an_unknown_hour_is_never_run_in_however_dear_the_others():
    found = best(job(2.0), place("home", 900.0, 900.0, NAN, 1.0, NAN))
    assert found.option.start == T0


def test_the_upper_end_of_the_duration_is_done_by_the_deadline():
    falling = place("home", *[100.0 - i for i in range(24)])
    a_job = job(duration_s=Bounded(central=2 * H, low=H, high=5 * H), deadline_h=10.0)
    assert best(a_job, falling).option.start == T0 + 5 * HOUR


def test_waiting_on_idle_reserved_hardware_is_not_called_green():
    hours = [100.0] * 5 + [80.0]
    free = place("home", *hours)
    held = place("home", *hours, reserved=True, idle_w=100.0)
    assert best(job(), free).option.start == T0 + 5 * HOUR
    assert best(job(), held).option.start == T0


def test_the_making_of_held_hardware_keeps_a_job_from_waiting():
    hours = [100.0] * 5 + [80.0]
    held = place("home", *hours, reserved=True, embodied_g_per_h=exactly(10.0))
    assert best(job(), held).option.start == T0


def test_a_soft_deadline_is_missed_where_it_pays_and_only_there():
    here = place("home", *[500.0] * 4, *[10.0] * 4)
    soft = job(deadline_h=2.0, hard=False, late_g_per_h=100.0)
    assert best(soft, here).option.start == T0 + 4 * HOUR
    dear = replace(soft, late_g_per_h=400.0)
    assert best(dear, here).option.start == T0


def test_lateness_is_no_emission():
    soft = job(deadline_h=2.0, hard=False, late_g_per_h=100.0)
    bid = best(soft, place("home", *[500.0] * 4, *[10.0] * 4))
    assert bid.option.cost.total_g.central == pytest.approx(10.0)
    assert bid.weight_g == pytest.approx(10.0 + 3 * 100.0)


def test_money_is_weighed_and_not_counted_as_emissions():
    here = place("home", 100.0, price_per_h=2.0)
    bid = best(job(), here, Objective(price_per_t=1e5))
    assert bid.weight_g == pytest.approx(120.0)
    assert bid.option.cost.total_g.central == pytest.approx(100.0)
    assert bid.option.cost.price == 2.0


def test_a_budget_is_kept_by_a_greener_time_where_money_or_lateness_chose_another():
    here = place("home", *[500.0] * 4, 10.0)
    soft = job(deadline_h=1.0, hard=False, late_g_per_h=1000.0, project="p")
    assert best(soft, here).option.start == T0
    within = best(soft, here, Objective(budgets_g={"p": 100.0}))
    assert within.option.start == T0 + 4 * HOUR


def test_a_paused_job_is_run_in_the_greenest_slots():
    a_job = job(2.0, interruptible=True, deadline_h=5.0)
    bid = best(a_job, place("home", 9.0, 1.0, 9.0, 1.0, 9.0))
    assert [(s.start, s.stop) for s in bid.option.segments] == [
        (T0 + HOUR, T0 + 2 * HOUR),
        (T0 + 3 * HOUR, T0 + 4 * HOUR),
    ]


def test_no_pause_is_made_that_saves_less_than_it_spends():
    pausing = Pausing(resume_s=1800.0, energy_j=50 * 3.6e6)
    a_job = job(2.0, interruptible=True, deadline_h=5.0, pausing=pausing)
    assert best(a_job, place("home", 9.0, 1.0, 9.0, 1.0, 9.0)).option.pauses == 0


def bid(name, weight_g, start=T0):
    option = best(job(earliest=start), place(name, *[1.0] * 20)).option
    return Bid(option=option, weight_g=weight_g)


def test_equal_bids_go_to_the_earlier_start_and_then_to_the_first_named():
    late, early = bid("late", 5.0, T0 + HOUR), bid("early", 5.0 + 1e-12)
    same = bid("same", 5.0)
    assert [b.option.place for b in by_weight([late, early, same])] == [
        "early",
        "late",
        "same",
    ]


def test_lighter_bids_come_first():
    bids = [bid("a", 3.0), bid("b", 1.0), bid("c", 2.0)]
    assert [b.weight_g for b in by_weight(bids)] == [1.0, 2.0, 3.0]
    assert by_weight([]) == []


g_per_kwh = st.integers(1, 9).map(float)
hours_known = st.lists(st.one_of(g_per_kwh, st.just(NAN)), min_size=3, max_size=9)


@settings(deadline=None, max_examples=50)
@given(
    hours=hours_known,
    work_h=st.integers(1, 3),
    free=st.lists(st.integers(0, 3), min_size=9, max_size=9),
    idle_w=st.sampled_from([0.0, 300.0]),
)
def test_no_whole_hour_start_is_better_than_the_one_chosen(hours, work_h, free, idle_w):
    here = place(
        "home",
        *hours,
        reserved=idle_w > 0.0,
        idle_w=idle_w,
        free=tuple(
            Free(start=T0 + i * HOUR, stop=T0 + (i + 1) * HOUR, gpus=n)
            for i, n in enumerate(free)
        ),
    )
    a_job = job(float(work_h), gpus=2, deadline_h=float(len(hours)))

    def cost_g(start):
        run = range(start, start + work_h)
        waited = sum(hours[:start]) * idle_w / 1000.0 if idle_w else 0.0
        fits = all(free[i] >= 2 for i in run)
        return waited + sum(hours[i] for i in run) if fits else NAN

    costs = [cost_g(s) for s in range(len(hours) - work_h + 1)]
    possible = [c for c in costs if c == c]
    found = best(a_job, here)
    if not possible:
        assert isinstance(found, Exclusion)
        return
    assert found.weight_g == pytest.approx(min(possible))
    assert found.option.start == T0 + costs.index(min(possible)) * HOUR
    assert found.option.cost.total_g.central == pytest.approx(min(possible))


@settings(deadline=None, max_examples=50)
@given(hours=hours_known, work_h=st.integers(1, 3))
def test_no_choice_of_whole_slots_is_better_than_the_one_chosen(hours, work_h):
    a_job = job(float(work_h), interruptible=True, deadline_h=float(len(hours)))
    known = [h for h in hours if h == h]
    found = best(a_job, place("home", *hours))
    if len(known) < work_h:
        assert isinstance(found, Exclusion)
        return
    least_g = min(sum(c) for c in combinations(known, work_h))
    assert found.weight_g == pytest.approx(least_g)
    assert found.option.cost.total_g.central == pytest.approx(least_g)


@settings(deadline=None, max_examples=50)
@given(
    hours=st.lists(g_per_kwh, min_size=4, max_size=9),
    shares=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    pause_s=st.sampled_from([0.0, 600.0]),
    interruptible=st.booleans(),
    speed=st.sampled_from([0.5, 1.0, 2.0]),
    price=st.sampled_from([0.0, 3.0]),
    embodied=st.sampled_from([0.0, 4.0]),
)
def test_what_is_weighed_is_what_is_counted_plus_the_money(
    hours, shares, pause_s, interruptible, speed, price, embodied
):
    a_job = job(
        1.0,
        interruptible=interruptible,
        pausing=Pausing(pause_s=pause_s),
        phases=tuple(
            Phase(share=s / sum(shares), power_w=1000.0 * (i + 1))
            for i, s in enumerate(shares)
        ),
        deadline_h=float(len(hours)),
    )
    here = place(
        "home",
        *hours,
        speed=speed,
        price_per_h=price,
        embodied_g_per_h=exactly(embodied),
        pue=exactly(1.2),
    )
    found = best(a_job, here, Objective(price_per_t=1e6))
    counted = found.option.cost
    assert found.weight_g == pytest.approx(counted.total_g.central + counted.price)
    assert found.option.stop <= a_job.deadline
    run_s = sum(s.length.total_seconds() for s in found.option.segments)
    assert run_s == pytest.approx(H / speed + pause_s * found.option.pauses, abs=1e-3)
