from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops_generation import (
    FACTOR_SETS,
    Fuel,
    Generated,
    generation_hours,
    intensity_rows,
)

IPCC = FACTOR_SETS["ipcc2014"]
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def line(fuel, power_mw, hour=0, minutes=0, length=60, series="", issued_at=None):
    start = MIDNIGHT + hour * HOUR + timedelta(minutes=minutes)
    return Generated(
        start=start,
        stop=start + timedelta(minutes=length),
        series=series or fuel,
        fuel=fuel,
        power_mw=power_mw,
        issued_at=issued_at,
    )


def of(*rows):
    return intensity_rows(rows, IPCC)


def test_an_hour_is_the_mean_of_the_factors_by_generation():
    (row,), problems = of(line(Fuel.COAL, 300), line(Fuel.WIND_ONSHORE, "100"))

    assert row.value == pytest.approx((3 * 820 + 11) / 4)
    assert row.low == pytest.approx((3 * 740 + 7) / 4)
    assert row.high == pytest.approx((3 * 910 + 56) / 4)
    assert (row.start, row.stop) == (MIDNIGHT, MIDNIGHT + HOUR)
    assert problems == ()


def test_two_lines_of_one_fuel_add_up():
    (row,), _ = of(
        line(Fuel.HYDRO, 100, series="B11"),
        line(Fuel.HYDRO, 100, series="B12"),
        line(Fuel.COAL, 200),
    )

    assert row.value == pytest.approx((24 + 820) / 2)


def test_storage_counts_neither_in_nor_out():
    alone, _ = of(line(Fuel.GAS, 100))
    for power_mw in (50, -50, None, "?"):
        with_it, problems = of(line(Fuel.GAS, 100), line(Fuel.STORAGE, power_mw))
        assert with_it == alone
        assert problems == ()


def test_what_plants_draw_at_rest_counts_as_nothing():
    (row,), _ = of(line(Fuel.GAS, 1000), line(Fuel.SOLAR, -3))

    assert row.value == 490


def test_much_generation_below_zero_is_a_fault_of_the_data():
    rows, problems = of(line(Fuel.GAS, 1000), line(Fuel.WIND_ONSHORE, -200))

    assert rows == []
    assert "negative" in problems[0]


def test_hydro_below_zero_is_pumping_and_counts_as_nothing():
    (row,), problems = of(line(Fuel.COAL, 1000), line(Fuel.HYDRO, -400))

    assert row.value == 820
    assert problems == ()


@pytest.mark.parametrize("power_mw", [0, -1])
def test_an_hour_without_generation_is_a_gap_and_not_a_zero(power_mw):
    rows, problems = of(line(Fuel.GAS, power_mw))

    assert rows == []
    assert "without generation" in problems[0]


@pytest.mark.parametrize("power_mw", [None, "", "NaN", float("inf"), True, "n/a"])
def test_an_hour_with_an_unknown_power_is_a_gap(power_mw):
    rows, problems = of(
        line(Fuel.GAS, 100),
        line(Fuel.COAL, power_mw),
        line(Fuel.GAS, 100, hour=1),
        line(Fuel.COAL, 0, hour=1),
    )

    assert [r.start for r in rows] == [MIDNIGHT + HOUR]
    assert "1 x an hour without (all of) coal" in problems[0]


def test_an_hour_that_lacks_what_is_usually_there_is_a_gap():
    rows, problems = of(
        *(line(Fuel.GAS, 100, hour=h) for h in range(4)),
        *(line(Fuel.NUCLEAR, 100, hour=h) for h in range(3)),
    )

    assert len(rows) == 3
    assert "nuclear, first at 2026-03-01T03:00Z" in problems[0]


def test_what_is_seldom_there_is_not_missed():
    rows, problems = of(
        *(line(Fuel.GAS, 100, hour=h) for h in range(4)), line(Fuel.OIL, 100)
    )

    assert len(rows) == 4
    assert problems == ()


def test_the_sun_may_be_silent_at_night_but_not_by_day():
    nights = [h for h in range(72) if not 6 <= h % 24 < 20]
    days = [h for h in range(72) if 6 <= h % 24 < 20]
    rows, problems = of(
        *(line(Fuel.GAS, 100, hour=h) for h in range(72)),
        *(line(Fuel.SOLAR, 50, hour=h) for h in days if h != 36),
    )

    assert {r.start for r in rows} >= {MIDNIGHT + h * HOUR for h in nights}
    assert MIDNIGHT + 36 * HOUR not in {r.start for r in rows}
    assert len(problems) == 1


def test_quarters_halves_and_hours_meet_in_the_hour():
    rows, _ = of(
        *(line(Fuel.COAL, mw, minutes=15 * i, length=15) for i, mw in enumerate((0, 100, 200, 100))),
        *(line(Fuel.GAS, mw, minutes=30 * i, length=30) for i, mw in enumerate((50, 150))),
        line(Fuel.WIND_ONSHORE, 100),
    )  # fmt: skip

    assert rows[0].value == pytest.approx((820 + 490 + 11) / 3)


def test_an_hour_with_a_quarter_missing_is_a_gap():
    rows, problems = of(
        line(Fuel.GAS, 100), *(line(Fuel.COAL, 100, minutes=m, length=15) for m in (0, 15, 45))
    )  # fmt: skip

    assert rows == []
    assert "coal" in problems[0]


def test_repeats_count_once_and_contradictions_make_a_gap():
    twice, _ = of(line(Fuel.GAS, 100), line(Fuel.GAS, "100.0"), line(Fuel.COAL, 100))
    both, problems = of(line(Fuel.GAS, 100), line(Fuel.GAS, 120), line(Fuel.COAL, 100))

    assert twice[0].value == pytest.approx((490 + 820) / 2)
    assert both == []
    assert "gas" in problems[0]


def test_hours_before_the_question_tell_what_is_usual_and_nothing_else():
    rows = [
        *(line(Fuel.GAS, 100, hour=h) for h in range(6)),
        *(line(Fuel.COAL, 100, hour=h) for h in (1, 2, 3, 4)),
    ]
    asked = (MIDNIGHT + 4 * HOUR, MIDNIGHT + 5 * HOUR)

    assert intensity_rows(rows, IPCC, within=asked)[1] == ()
    assert "2 x an hour without" in intensity_rows(rows, IPCC)[1][0]


def test_the_last_issue_dates_the_hour():
    rows, _ = of(
        line(Fuel.GAS, 100, issued_at=MIDNIGHT),
        line(Fuel.COAL, 100, issued_at=MIDNIGHT + HOUR),
    )

    assert rows[0].issued_at == MIDNIGHT + HOUR


@pytest.mark.parametrize("name", FACTOR_SETS)
def test_every_fuel_but_storage_has_a_factor_in_every_set(name):
    assert set(FACTOR_SETS[name]) == set(Fuel) - {Fuel.STORAGE}


@pytest.mark.parametrize(
    ("fuel", "least", "median", "most"),
    [
        (Fuel.COAL, 740, 820, 910),
        (Fuel.GAS, 410, 490, 650),
        (Fuel.NUCLEAR, 3.7, 12, 110),
        (Fuel.SOLAR, 18, 48, 180),
        (Fuel.WIND_ONSHORE, 7, 11, 56),
        (Fuel.WIND_OFFSHORE, 8, 12, 35),
        (Fuel.BIOMASS, 130, 230, 420),
        (Fuel.GEOTHERMAL, 6, 38, 79),
    ],
)
def test_the_first_set_is_that_of_the_ipcc(fuel, least, median, most):
    factor = IPCC[fuel]

    assert (factor.low, factor.central, factor.high) == (least, median, most)


@given(
    powers=st.dictionaries(
        st.sampled_from(sorted(set(Fuel) - {Fuel.STORAGE})),
        st.floats(0.1, 1e5),
        min_size=1,
    )
)
def test_an_intensity_lies_within_those_of_its_fuels_and_its_bounds(powers):
    (row,), _ = of(*(line(fuel, mw) for fuel, mw in powers.items()))

    centrals = [IPCC[fuel].central for fuel in powers]
    assert min(centrals) - 1e-6 <= row.value <= max(centrals) + 1e-6
    assert row.low <= row.value <= row.high


def generated(*rows, first=0, stop=24):
    return generation_hours(
        rows, within=(MIDNIGHT + first * HOUR, MIDNIGHT + stop * HOUR)
    )


def test_generation_is_the_mean_power_of_each_fuel_over_the_hour():
    (hour,) = generated(
        line(Fuel.HYDRO, 100, series="B11"),
        line(Fuel.HYDRO, "50", series="B12"),
        line(Fuel.SOLAR, 10, length=30),
        line(Fuel.SOLAR, 30, minutes=30, length=30),
    )

    assert hour.start == MIDNIGHT
    assert hour.power_mw == {str(Fuel.HYDRO): 150.0, str(Fuel.SOLAR): 20.0}


@pytest.mark.parametrize("power_mw", [None, "?", float("nan")])
def test_a_fuel_with_a_line_that_is_not_known_is_left_out_of_the_generation(power_mw):
    (hour,) = generated(
        line(Fuel.GAS, 5),
        line(Fuel.HYDRO, 100, series="B11"),
        line(Fuel.HYDRO, power_mw, series="B12"),
    )

    assert hour.power_mw == {str(Fuel.GAS): 5.0}


def test_generation_holds_no_storage_and_no_hour_outside_the_span():
    hours = generated(
        *(line(Fuel.GAS, 5, hour=h) for h in range(4)),
        *(line(Fuel.STORAGE, 5, hour=h) for h in range(4)),
        first=1,
        stop=3,
    )

    assert [h.start for h in hours] == [MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR]
    assert all(h.power_mw == {str(Fuel.GAS): 5.0} for h in hours)
