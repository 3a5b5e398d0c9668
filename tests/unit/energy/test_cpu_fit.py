import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.cpu_fit import LoadPoint, fit_curve, nonnegative_least_squares
from greenops.energy.cpu_power import CpuSpec, cpu_power, prior_curve
from tests.bench.cpu_family import draw

SPEC = CpuSpec(
    name="Intel Core i7-7700", tdp_w=65, cores=4, threads=8, min_ghz=0.8, max_ghz=4.2
)
PRIOR = prior_curve(SPEC)
LOADS = [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0]


def points_of(curve):
    return [
        LoadPoint(load=u, mean_ghz=ghz, power_w=cpu_power(curve, u, ghz).power_w)
        for ghz in (1.5, 4.2)
        for u in LOADS
    ]


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([], id="none"),
        pytest.param([LoadPoint(load=0.1, power_w=9.0)] * 4, id="too few"),
        pytest.param([LoadPoint(load=0.1, power_w=0.0)] * 9, id="without power"),
    ],
)
def test_points_that_say_too_little_are_refused(points):
    with pytest.raises(ValueError, match="needs 5 points"):
        fit_curve(points, PRIOR)


def test_a_cpu_unlike_its_prior_is_found_from_clean_points():
    truth = replace(PRIOR, floor_w=14.0, wake_w=3.0, core_w=21.0, cap_w=1e3)

    fit = fit_curve(points_of(truth), PRIOR)

    assert fit.cross_mape_pct < 3
    for u in (0.07, 0.45, 0.9):
        assert cpu_power(fit.curve, u, 3.0).power_w == pytest.approx(
            cpu_power(truth, u, 3.0).power_w, rel=0.05
        )


def test_the_stated_bounds_are_no_narrower_than_other_code_would_need():
    fit = fit_curve(points_of(PRIOR), PRIOR)

    assert fit.curve.rel_uncertainty == pytest.approx(0.10)


def test_a_poor_meter_widens_the_bounds():
    fit = fit_curve(points_of(PRIOR), PRIOR, meter_rel_uncertainty=0.4)

    assert fit.curve.rel_uncertainty >= 0.4


def test_a_sweep_without_idle_leaves_idle_to_the_prior():
    busy = [p for p in points_of(PRIOR) if p.load > 0.3]

    fit = fit_curve(busy, PRIOR)

    assert cpu_power(fit.curve, 0.0, 0.8).power_w == pytest.approx(
        cpu_power(PRIOR, 0.0, 0.8).power_w, rel=0.2
    )


@given(
    st.lists(st.tuples(*[st.floats(0.01, 5)] * 3), min_size=3, max_size=9),
    st.tuples(*[st.floats(0, 10)] * 3),
)
def test_no_other_non_negative_factors_fit_better(rows, rival):
    def error(factors):
        return sum(
            (sum(a * x for a, x in zip(row, factors, strict=True)) - 1) ** 2
            for row in rows
        )

    found = nonnegative_least_squares(rows, [1.0] * len(rows))

    assert min(found) >= 0
    assert error(found) <= error(rival) + 1e-6


def test_calibrated_members_of_the_family_are_foretold_within_15_percent():
    mapes = []
    held = []
    for seed in range(20):
        rng = random.Random(seed)
        cpu = draw(rng)
        runs = [cpu.sweep(rng, spread=True), cpu.sweep(rng, spread=False)]
        seen, unseen = runs[0][::2] + runs[1][1::2], runs[0][1::2] + runs[1][::2]
        curve = fit_curve(seen, prior_curve(cpu.spec)).curve
        guesses = [(cpu_power(curve, p.load, p.mean_ghz), p.power_w) for p in unseen]
        mapes.append(sum(abs(g.power_w / w - 1) for g, w in guesses) / len(guesses))
        held += [g.low_w <= w <= g.high_w for g, w in guesses]

    assert sum(m <= 0.15 for m in mapes) >= 19
    assert sum(held) / len(held) >= 0.90
