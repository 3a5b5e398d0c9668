from dataclasses import replace
from datetime import timedelta

from greenops.model import Dataset, Link
from greenops.planner.plan import plan_job
from tests.unit.planner.scenes import HOUR, T0, exactly, job, place

HOME = place("home", *[100.0] * 24)


def advice(a_job, *places, now=T0):
    return plan_job(a_job, places, now=now).advice


def data(*at, size_gb=100.0):
    return Dataset(name="corpus", size_gb=size_gb, at=frozenset(at))


def test_there_is_nothing_to_say_of_a_plain_plan():
    assert advice(job(), HOME) == ()


def test_a_soft_deadline_that_is_missed_is_told():
    here = place("home", *[900.0] * 4, 10.0)
    a_job = job(deadline_h=2.0, hard=False, late_g_per_h=1.0)
    assert advice(a_job, here) == (
        "It is done 3 h after its soft deadline, Mon 2 Mar 2026 02:00 UTC.",
    )


def test_names_that_nobody_described_are_told():
    said = advice(job(home="gone", places=frozenset({"home", "typo"})), HOME)
    assert said == (
        "Its home, gone, is none of the places: nothing to compare with.",
        "It allows places that nobody described: typo.",
    )


def test_an_old_forecast_is_told():
    forecast = replace(HOME.forecast, issued_at=T0 - timedelta(hours=30))
    said = advice(job(), replace(HOME, forecast=forecast))
    assert said == ("The forecast of HOME is 30 h old: plan again with a fresh one.",)


def test_an_assumed_network_is_told():
    said = advice(
        job(datasets=(data("home"),), places=frozenset({"b"})), HOME, place("b", 9.0)
    )
    assert said == (
        (
            "The speed of home - b is not known: corpus has to be at b by Mon 2 Mar 2026 "
            "00:00 UTC."
        ),
        (
            "Nobody states the energy of home - b: 10.6 Wh/GB (1.3 to 60) is assumed for "
            "the public network."
        ),
    )


def test_an_assumed_grid_is_told():
    link = Link(to="bucket", energy_wh_per_gb=exactly(1.0), gb_per_s=1.0)
    said = advice(job(datasets=(data("bucket"),)), replace(HOME, links=(link,)))
    assert said == (
        (
            "The grid at bucket is not known: 473 g/kWh (10 to 1100) is assumed for moving "
            "corpus."
        ),
    )


def test_data_that_waits_for_days_is_advised_to_lie_cold():
    here = place("home", *[500.0] * 150, 50.0, pue=exactly(1.5))
    a_job = job(datasets=(data("home", size_gb=5000.0),), deadline_h=200.0)
    (said,) = advice(a_job, here)
    assert said.startswith("corpus is not read for days: on tape it saves ")
    assert "call it back by Sat 7 Mar 2026" in said


def test_data_that_has_to_travel_is_called_back_before_it_does():
    link = Link(to="home", energy_wh_per_gb=exactly(0.0), gb_per_s=5000.0 / 86400.0)
    store = place("store", *[500.0] * 200, links=(link,))
    here = place("home", *[500.0] * 150, 50.0)
    a_job = job(
        datasets=(data("store", size_gb=5000.0),),
        deadline_h=200.0,
        places=frozenset({"home"}),
    )
    plan = plan_job(a_job, [here, store], now=T0)
    assert plan.chosen.start == T0 + 150 * HOUR
    assert "call it back by Fri 6 Mar 2026" in plan.advice[-1]
