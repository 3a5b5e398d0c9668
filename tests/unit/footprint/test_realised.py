from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import MixedSignalsError
from greenops.footprint.realised import AtOnce, Measured, realised, shifted
from greenops.model import (
    Basis,
    Bounded,
    HourEnergy,
    IntensityKind,
    IntensityPoint,
    RunRecord,
    RunStatus,
)
from tests.unit.ledger import records as ledger_records

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KWH_J = 3.6e6


def exact(value):
    return Bounded(central=value, low=value, high=value)


def around(value, rel=0.1):
    return Bounded(central=value, low=value * (1 - rel), high=value * (1 + rel))


def a_point(hour, g, **changed):
    fields: dict[str, Any] = {
        "start": T0 + hour * HOUR,
        "stop": T0 + (hour + 1) * HOUR,
        "intensity_g_per_kwh": g,
        "low_g_per_kwh": g * 0.9,
        "high_g_per_kwh": g * 1.1,
        "zone": "DE",
        "source": "a grid operator",
    }
    return IntensityPoint(**fields | changed)


def a_run(hour=10.0, long_h=1.0, *, kwh=1.0, g=100.0, **changed):
    start = T0 + hour * HOUR
    fields: dict[str, Any] = {
        "run_id": f"r{hour:g}",
        "start": start,
        "duration_s": long_h * 3600.0,
        "hours": (),
        "energy_j": around(kwh * KWH_J),
        "intensity_g_per_kwh": around(g),
        "pue": exact(1.2),
        "zone": "DE",
    }
    return Measured(**fields | changed)


def state(runs, points, *, kind=IntensityKind.AVERAGE, at_once=None, **given):
    at_once = at_once or AtOnce(zone="DE", start=T0, pue=1.2)
    return realised("j1", runs, at_once, points, kind=kind, stated_at=T0, **given)


def test_a_run_without_a_footprint_of_that_kind_does_not_count():
    record = RunRecord(
        run=ledger_records.a_run(),
        status=RunStatus.FINISHED,
        end=ledger_records.an_end(),
        totals=(),
        footprint=None,
        marks=(),
    )
    known = replace(record, footprint=ledger_records.a_stated_footprint())

    assert Measured.of(record, [], IntensityKind.AVERAGE) is None
    assert Measured.of(replace(known, end=None), [], IntensityKind.AVERAGE) is None
    assert Measured.of(known, [], IntensityKind.MARGINAL) is None
    found = Measured.of(known, [], IntensityKind.AVERAGE)
    assert found is not None
    assert (found.duration_s, found.zone) == (3.25, "DE")
    assert found.bases == {Basis.LIFE_CYCLE}


def test_a_job_without_a_measured_run_has_no_outcome():
    with pytest.raises(ValueError, match="no run of job j1"):
        state([], [a_point(0, 300.0)])


def test_average_and_marginal_are_never_compared():
    with pytest.raises(MixedSignalsError):
        state([a_run()], [a_point(0, 300.0, kind=IntensityKind.MARGINAL)])


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], "no carbon intensity"),
        ([a_point(50, 300.0)], "no carbon intensity"),
        ([a_point(0, 300.0, basis=Basis.DIRECT)], "two bases"),
    ],
    ids=["none", "of another time", "of another basis"],
)
def test_where_the_grid_of_then_is_not_known_there_is_no_figure_and_it_says_why(
    points, why
):
    run = a_run(bases=frozenset({Basis.LIFE_CYCLE}))

    found = state([run], points)

    assert (found.run_now_g, found.saved_g) == (None, None)
    assert why in found.how
    assert found.emitted_g.central == pytest.approx(120.0)


def test_the_same_energy_is_weighed_with_the_hours_from_the_submission_on():
    found = state([a_run(long_h=2.0, g=100.0)], [a_point(0, 300.0), a_point(1, 500.0)])

    assert found.run_now_g.central == pytest.approx(400.0 * 1.2)
    assert found.emitted_g.central == pytest.approx(100.0 * 1.2)
    assert found.saved_g.central == pytest.approx(300.0 * 1.2)
    assert (found.run_now_zone, found.run_now_source) == ("DE", "a grid operator")
    assert found.run_ids == ("r10",)


def test_attempts_run_one_after_the_other_without_the_pauses_between_them():
    runs = [a_run(20, 1.0, kwh=3.0), a_run(10, 1.0, kwh=1.0)]

    found = state(runs, [a_point(0, 100.0), a_point(1, 200.0)])

    # The earlier one in the first hour, the later and larger one in the second.
    assert found.run_now_g.central == pytest.approx((100.0 + 600.0) * 1.2)
    assert found.run_ids == ("r10", "r20")


def test_power_that_changes_is_laid_into_the_hours_as_it_came():
    start = T0 + 10.5 * HOUR
    hours = tuple(
        HourEnergy(hour=T0 + h * HOUR, energy_j=e) for h, e in [(10, 9.0), (11, 1.0)]
    )
    run = a_run(10.5, 1.0, hours=hours, start=start, energy_j=exact(10.0))

    assert shifted([run], T0) == [HourEnergy(hour=T0, energy_j=10.0)]
    assert shifted([run], T0 + HOUR / 2) == [
        HourEnergy(hour=T0, energy_j=9.0),
        HourEnergy(hour=T0 + HOUR, energy_j=1.0),
    ]


def test_energy_that_a_clock_put_outside_of_the_run_is_taken_as_even():
    hours = (HourEnergy(hour=T0 - 5 * HOUR, energy_j=10.0),)
    run = a_run(10, 2.0, hours=hours, energy_j=exact(10.0))

    assert [h.energy_j for h in shifted([run], T0)] == [5.0, 5.0]


@given(
    st.lists(
        st.tuples(st.floats(0.0, 30.0), st.floats(0.0, 5.0)), min_size=1, max_size=4
    ),
    st.floats(-20.0, 20.0),
)
def test_no_energy_is_lost_by_shifting(runs, shift):
    measured = [a_run(10 + 40 * i, h, kwh=e) for i, (h, e) in enumerate(runs)]

    found = shifted(measured, T0 + shift * HOUR)

    assert sum(h.energy_j for h in found) == pytest.approx(
        sum(e for _, e in runs) * KWH_J
    )


def test_in_the_same_building_neither_energy_nor_pue_hide_what_was_saved():
    unknown_pue = Bounded(central=1.0, low=1.0, high=1.56)
    run = a_run(g=100.0, pue=unknown_pue, energy_j=around(KWH_J, 0.5))

    here = state([run], [a_point(0, 200.0)], at_once=AtOnce(zone="DE", start=T0))
    there = state(
        [run], [a_point(0, 200.0, zone="FR")], at_once=AtOnce(zone="FR", start=T0)
    )

    assert 0.0 < here.saved_g.low < here.saved_g.central < here.saved_g.high
    assert here.saved_g.central == pytest.approx(there.saved_g.central)
    assert there.saved_g.low < here.saved_g.low
    # The bounds of the difference are narrower than the difference of the bounds.
    assert here.saved_g.low > here.run_now_g.low - here.emitted_g.high


def test_a_job_that_would_have_been_cleaner_at_once_saved_less_than_nothing():
    found = state([a_run(g=300.0)], [a_point(0, 100.0)])

    assert found.saved_g.central == pytest.approx(-200.0 * 1.2)
    assert found.saved_g.high < 0.0


def test_what_only_pausing_took_is_not_charged_to_running_at_once():
    at_once = AtOnce(zone="DE", start=T0, pue=1.2, overhead_j=0.1 * KWH_J)

    found = state([a_run()], [a_point(0, 300.0)], at_once=at_once)

    assert found.run_now_g.central == pytest.approx(0.9 * 300.0 * 1.2)
    assert found.saved_g.central == pytest.approx((270.0 - 100.0) * 1.2)
    assert "10.0% that only pausing took" in found.how


def test_moving_data_counts_against_the_saving():
    found = state([a_run()], [a_point(0, 300.0)], transfer_g=around(50.0))
    without = state([a_run()], [a_point(0, 300.0)])

    assert found.emitted_g.central == pytest.approx(without.emitted_g.central + 50.0)
    assert found.saved_g.central == pytest.approx(without.saved_g.central - 50.0)
    assert found.run_now_g == without.run_now_g


def test_a_job_that_used_nothing_saved_nothing():
    run = a_run(kwh=0.0)

    found = state([run], [a_point(0, 300.0)])

    assert (found.saved_g.central, found.run_now_g.central) == (0.0, 0.0)


@given(
    st.floats(1.0, 1000.0), st.floats(1.0, 1000.0), st.floats(0.01, 0.9), st.booleans()
)
def test_the_saving_is_the_difference_and_its_bounds_hold_it(g, then, rel, same):
    run = a_run(g=g, energy_j=around(KWH_J, rel), zone="DE" if same else "FR")

    found = state([run], [a_point(0, then)])

    difference = found.run_now_g.central - found.emitted_g.central
    assert found.saved_g.central == pytest.approx(difference, abs=1e-6)
    assert found.saved_g.low <= found.saved_g.central <= found.saved_g.high


def test_the_marginal_view_of_a_run_is_compared_with_marginal_figures():
    marginal = [a_point(0, 600.0, kind=IntensityKind.MARGINAL)]

    found = state(
        [replace(a_run(), intensity_g_per_kwh=around(500.0))],
        marginal,
        kind=IntensityKind.MARGINAL,
    )

    assert found.kind is IntensityKind.MARGINAL
    assert found.saved_g.central == pytest.approx(120.0)
