from datetime import timedelta

import numpy as np
import pytest

from greenops.model import Bounded, Free, Objective, Pausing, Phase
from greenops.planner.site import site_of, weighed
from tests.unit.planner.scenes import HOUR, NAN, T0, exactly, job, place

H = 3600.0
CARBON = Objective()


def site(a_job, a_place, **fields):
    return site_of(a_job, a_place, origin=T0, series=a_place.forecast, **fields)


def g_per_h(curve):
    return (curve.run_g_per_s * H).tolist()


def test_a_second_weighs_power_by_pue_by_intensity():
    here = place("home", 100.0, 200.0, pue=exactly(1.5), power_factor=2.0)
    curve = weighed(site(job(deadline_h=2.0), here), CARBON)
    assert g_per_h(curve) == pytest.approx([300.0, 600.0])
    assert not curve.held


def test_the_making_of_the_hardware_counts_by_the_hour():
    here = place("home", 100.0, embodied_g_per_h=exactly(40.0))
    assert g_per_h(weighed(site(job(deadline_h=1.0), here), CARBON)) == pytest.approx(
        [140.0]
    )


def test_an_hour_of_money_weighs_what_the_price_of_a_tonne_says():
    here = place("home", 100.0, price_per_h=2.0)
    with_money = weighed(site(job(deadline_h=1.0), here), Objective(price_per_t=1e5))
    assert g_per_h(with_money) == pytest.approx([100.0 + 20.0])
    assert g_per_h(weighed(site(job(deadline_h=1.0), here), CARBON)) == [100.0]


def test_reserved_hardware_costs_while_it_waits():
    here = place(
        "home",
        *(100.0, NAN, 100.0),
        reserved=True,
        idle_w=200.0,
        pue=exactly(1.5),
        embodied_g_per_h=exactly(40.0),
    )
    curve = weighed(site(job(deadline_h=2.0), here), CARBON)
    assert curve.wait_g_per_s[0] * H == pytest.approx(0.2 * 1.5 * 100.0 + 40.0)
    assert np.isnan(curve.wait_g_per_s[1])


def test_too_few_free_gpus_are_no_hour_to_run_in():
    free = (
        Free(start=T0 + 0.5 * HOUR, stop=T0 + HOUR, gpus=3),
        Free(start=T0 + HOUR, stop=T0 + 2 * HOUR, gpus=4),
    )
    here = place("home", *[100.0] * 3, free=free)
    a_site = site(job(gpus=4, deadline_h=3.0), here)
    curve = weighed(a_site, CARBON)
    assert curve.edges_s.tolist() == [0.0, 0.5 * H, H, 2 * H, 3 * H]
    assert np.isnan(curve.run_g_per_s).tolist() == [True, True, False, True]
    assert not np.isnan(weighed(a_site, CARBON, by_capacity=False).run_g_per_s).any()


def test_hours_after_a_soft_deadline_weigh_more_running_or_not():
    a_job = job(deadline_h=1.0, hard=False, late_g_per_h=30.0)
    here = place("home", 100.0, 100.0)
    curve = weighed(site(a_job, here), CARBON)
    assert g_per_h(curve) == pytest.approx([100.0, 130.0])
    assert (curve.wait_g_per_s * H).tolist() == pytest.approx([0.0, 30.0])


def test_a_faster_place_shortens_the_run_and_keeps_the_phases_shares():
    a_job = job(
        duration_s=Bounded(central=4 * H, low=2 * H, high=8 * H),
        phases=(Phase(share=0.25, power_w=400.0), Phase(share=0.75, power_w=1200.0)),
    )
    a_site = site(a_job, place("home", 1.0, speed=2.0))
    assert a_site.duration_s == Bounded(central=2 * H, low=H, high=4 * H)
    assert a_site.task.phases == ((0.5 * H, 0.4), (1.5 * H, 1.2))
    assert a_site.latest_s == 24 * H - 2 * H


def test_a_soft_deadline_leaves_all_known_hours():
    a_site = site(job(hard=False, deadline_h=1.0), place("home", *[1.0] * 5))
    assert a_site.latest_s == 5 * H


def test_data_that_comes_delays_the_start_and_not_the_holding():
    a_job = job(earliest=T0 + HOUR)
    a_site = site(a_job, place("home", 1.0), moving_s=2 * H)
    assert (a_site.earliest_s, a_site.ready_s) == (H, 2 * H)


def test_what_may_not_be_paused_is_not():
    pausing = Pausing(pause_s=5.0, resume_s=7.0, max_pauses=3)
    assert site(job(pausing=pausing), place("home", 1.0)).pauses.max_pauses == 0
    may = site(job(pausing=pausing, interruptible=True), place("home", 1.0))
    assert may.pauses.max_pauses == 3


def test_an_earliest_start_in_the_past_is_now():
    a_job = job(earliest=T0 - timedelta(days=1))
    assert site(a_job, place("home", 1.0)).earliest_s == 0.0
