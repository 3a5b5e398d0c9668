from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import SignalError
from greenops.model import Bounded, Pausing, Phase, Transfer
from greenops.planner.counted import draft_of, option_of, spent
from greenops.planner.site import grid_only, site_of
from greenops.planner.timing.stretches import drafted
from tests.unit.planner.scenes import HOUR, NAN, T0, around, exactly, job, place

H = 3600.0


def option(a_job, a_place, *stretches_h, transfers=()):
    """Stretches as (start of the work, work) in hours."""
    site = site_of(a_job, a_place, origin=T0, series=a_place.forecast)
    starts_s, works_s = zip(*((a * H, w * H) for a, w in stretches_h), strict=True)
    return option_of(site, drafted(starts_s, works_s), transfers)


MOVED = Transfer(
    dataset="d",
    path=("a", "home"),
    size_gb=1.0,
    energy_wh=exactly(1.0),
    emissions_g=around(40.0, 0.5),
    duration_s=0.0,
    price=3.0,
)


def test_an_unknown_hour_is_no_cost():
    with pytest.raises(SignalError, match=r"home \(HOME\) is not known for all"):
        option(job(2.0), place("home", 100.0, NAN), (0.0, 2.0))


def test_energy_by_pue_by_the_intensity_of_its_hours():
    here = place("home", 100.0, 300.0, 200.0, pue=exactly(1.5))
    found = option(job(2.0), here, (0.5, 2.0))
    assert found.place == "home"
    assert found.start == T0 + 0.5 * HOUR
    assert found.stop == T0 + 2.5 * HOUR
    assert found.cost.operational_g.central == pytest.approx(
        1.5 * (0.5 * 100.0 + 300.0 + 0.5 * 200.0)
    )


def test_parts_add_up_to_the_whole():
    here = place(
        "home",
        *(100.0, 300.0, 200.0),
        reserved=True,
        idle_w=100.0,
        embodied_g_per_h=exactly(10.0),
        price_per_h=5.0,
        pue=exactly(2.0),
    )
    cost = option(job(1.0), here, (2.0, 1.0), transfers=(MOVED,)).cost
    assert cost.operational_g.central == pytest.approx(2.0 * 200.0)
    assert cost.waiting_g.central == pytest.approx(2.0 * 0.1 * (100.0 + 300.0))
    assert cost.embodied_g.central == pytest.approx(3 * 10.0)
    assert cost.transfer_g == MOVED.emissions_g
    assert cost.total_g.central == pytest.approx(400.0 + 80.0 + 30.0 + 40.0)
    assert cost.energy_j.central == pytest.approx(2.0 * (1000.0 * H + 100.0 * 2 * H))
    assert cost.price == pytest.approx(5.0 + 3.0)


def test_an_unknown_price_is_not_nothing():
    assert option(job(), place("home", 1.0), (0.0, 1.0)).cost.price is None


def test_hardware_that_is_not_reserved_costs_nothing_while_it_waits():
    here = place("home", 1.0, 1.0, idle_w=100.0, embodied_g_per_h=exactly(10.0))
    cost = option(job(), here, (1.0, 1.0)).cost
    assert cost.waiting_g == exactly(0.0)
    assert cost.embodied_g.central == pytest.approx(10.0)


def test_each_phase_meets_the_hours_it_runs_in():
    a_job = job(
        2.0, phases=(Phase(share=0.5, power_w=500.0), Phase(share=0.5, power_w=1500.0))
    )
    cost = option(a_job, place("home", 100.0, 300.0), (0.0, 2.0)).cost
    assert cost.operational_g.central == pytest.approx(0.5 * 100.0 + 1.5 * 300.0)


def test_a_pause_costs_its_overheads():
    a_job = job(
        2.0,
        interruptible=True,
        pausing=Pausing(pause_s=900.0, resume_s=900.0, energy_j=0.5 * 3.6e6),
    )
    here = place("home", *[100.0] * 4, embodied_g_per_h=exactly(10.0))
    found = option(a_job, here, (0.0, 1.0), (2.0, 1.0))
    assert found.pauses == 1
    assert found.segments[0].stop == T0 + 1.25 * HOUR
    assert found.segments[1].start == T0 + 1.75 * HOUR
    assert found.cost.operational_g.central == pytest.approx(100.0 * (2.0 + 0.5 + 0.5))
    assert found.cost.embodied_g.central == pytest.approx(10.0 * 2.5)


@pytest.mark.parametrize(
    ("job_fields", "place_fields", "share"),
    [
        pytest.param({}, {"band": 0.2}, 0.2, id="band-of-the-forecast"),
        pytest.param({}, {"pue": around(1.5, 0.2)}, 0.2, id="pue"),
        pytest.param({"duration_s": around(2 * H, 0.2)}, {}, 0.2, id="duration"),
    ],
)
def test_one_uncertain_factor_carries_over_in_full(job_fields, place_fields, share):
    a_job = job(**{"duration_s": exactly(2 * H), **job_fields})
    total_g = option(
        a_job, place("home", 100.0, 300.0, **place_fields), (0.0, 2.0)
    ).cost.total_g
    assert total_g.low == pytest.approx((1 - share) * total_g.central)
    assert total_g.high == pytest.approx((1 + share) * total_g.central)


def test_independent_factors_widen_less_than_their_sum():
    a_job = job(duration_s=around(2 * H, 0.2))
    here = place("home", 100.0, 300.0, band=0.2, pue=around(1.5, 0.2))
    total_g = option(a_job, here, (0.0, 2.0)).cost.total_g
    assert 1.3 < total_g.high / total_g.central < 1.4


def test_the_embodied_share_has_bounds_of_its_own():
    here = place(
        "home", 100.0, embodied_g_per_h=Bounded(central=50.0, low=25.0, high=100.0)
    )
    cost = option(job(), here, (0.0, 1.0)).cost
    assert cost.embodied_g == Bounded(central=50.0, low=25.0, high=100.0)
    assert cost.total_g == Bounded(central=150.0, low=125.0, high=200.0)


def test_segments_become_the_stretches_they_were_made_of():
    a_job = job(2.0, interruptible=True, pausing=Pausing(pause_s=100.0, resume_s=200.0))
    here = place("home", *[100.0] * 5)
    site = site_of(a_job, here, origin=T0, series=here.forecast)
    for at in (site, replace(site, resuming=True)):
        draft = drafted([600.0, 9000.0], [3000.0, 4200.0])
        back = draft_of(at, option_of(at, draft, ()).segments)
        assert back.work_start_s.tolist() == pytest.approx(draft.work_start_s.tolist())
        assert back.work_s.tolist() == pytest.approx(draft.work_s.tolist())


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.floats(1.0, 900.0), min_size=9, max_size=9),
    st.lists(
        st.tuples(st.floats(0.3, 1.0), st.floats(0.1, 1.5)), min_size=1, max_size=3
    ),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.booleans(),
)
def test_what_is_spent_is_what_the_cost_curves_of_the_grid_say(
    row, parts, shares, resuming
):
    starts_h, at_h = [], 0.0
    for gap_h, work_h in parts:
        starts_h.append(at_h := at_h + gap_h)
        at_h += work_h
    works_h = [work_h for _, work_h in parts]
    a_job = job(
        sum(works_h),
        interruptible=True,
        pausing=Pausing(pause_s=60.0, resume_s=120.0, energy_j=5000.0),
        phases=tuple(
            Phase(share=n / sum(shares), power_w=100.0 * (i + 1))
            for i, n in enumerate(shares)
        ),
    )
    here = place("home", *row, band=0.3, reserved=True, idle_w=50.0)
    site = site_of(a_job, here, origin=T0, series=here.forecast, resuming=resuming)
    draft = drafted([h * H for h in starts_h], [h * H for h in works_h])

    found = spent(site, draft)

    for index, name in enumerate(("central", "low", "high")):
        work_g, overhead_g, wait_g = draft.costs_g(
            grid_only(site, index), site.task, site.pauses, site.earliest_s
        )
        assert getattr(found.run_g, name) == pytest.approx(work_g + overhead_g)
        assert getattr(found.held_g, name) == pytest.approx(wait_g)
    watts = site.power_w * (found.run_s - _overhead_s(site, draft))
    extra = site.power_w * site.pauses.factor * _overhead_s(site, draft)
    assert found.run_j == pytest.approx(watts + extra)
    assert found.held_j == pytest.approx(50.0 * found.held_s)


def _overhead_s(site, draft):
    lengths_s = draft.stops_s(site.pauses) - draft.starts_s(site.pauses)
    return float((lengths_s - draft.work_s).sum())
