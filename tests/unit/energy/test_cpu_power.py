import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.cpu_power import (
    CpuClass,
    CpuCurve,
    CpuSpec,
    classify,
    cpu_power,
    prior_curve,
    watts_per_ghz3,
)
from tests.bench.cpu_family import draw

SERVER = CpuSpec(
    name="Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz",
    tdp_w=150.0,
    cores=20,
    threads=40,
    min_ghz=1.0,
    max_ghz=3.2,
)
UNCLOCKED = replace(SERVER, min_ghz=None, max_ghz=None)

loads = st.floats(0, 1)
clocks = st.none() | st.floats(0.5, 4.0)


@st.composite
def curves(draw_from):
    watts = st.floats(0.1, 300)
    return CpuCurve(
        floor_w=draw_from(watts),
        wake_w=draw_from(watts),
        core_w=draw_from(watts),
        threads=draw_from(st.integers(1, 512)),
        concavity=draw_from(st.sampled_from([1.0, 2.0, 5.0])),
        clock_exponent=draw_from(st.sampled_from([0.0, 1.0, 3.0])),
        rel_uncertainty=draw_from(st.floats(0, 2)),
        cap_w=draw_from(st.floats(1, 500)),
        min_ghz=1.0,
        max_ghz=3.0,
    )


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"floor_w": -1.0}, id="negative floor"),
        pytest.param({"floor_w": 0, "wake_w": 0, "core_w": 0}, id="no power at all"),
        pytest.param({"cap_w": 0.0}, id="no ceiling"),
        pytest.param({"threads": 0}, id="no CPU"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(broken):
    with pytest.raises(ValueError, match="not a power curve"):
        replace(prior_curve(SERVER), **broken)


@given(curves(), loads, clocks)
def test_bounds_hold_their_power_and_never_fall_below_zero(curve, load, ghz):
    got = cpu_power(curve, load, ghz)

    assert 0 <= got.low_w <= got.power_w <= got.high_w
    assert got.power_w <= curve.cap_w


@given(curves(), loads, loads)
def test_more_load_at_one_clock_never_costs_less(curve, one, other):
    low, high = sorted((one, other))
    fixed = replace(curve, min_ghz=3.0)

    assert cpu_power(fixed, low, 3.0).power_w <= cpu_power(fixed, high, 3.0).power_w


@given(curves(), st.floats(0, 0.5))
def test_the_first_half_of_the_load_costs_no_less_than_the_second(curve, load):
    uncapped = replace(curve, cap_w=1e9)
    low, mid, high = (cpu_power(uncapped, u).power_w for u in (load, 0.5, 1 - load))

    assert mid >= (low + high) / 2 - 1e-6


@pytest.mark.parametrize("load", [-0.5, 1.5])
def test_a_load_outside_its_range_is_clamped(load):
    curve = prior_curve(SERVER)

    assert cpu_power(curve, load) == cpu_power(curve, min(1.0, max(0.0, load)))


def test_one_fast_cpu_among_idle_ones_counts_at_its_own_clock():
    curve = prior_curve(SERVER)
    one_of_40 = 1 / 40
    mean_ghz = one_of_40 * 3.2 + (1 - one_of_40) * 1.0

    assert cpu_power(curve, one_of_40, mean_ghz).power_w == pytest.approx(
        cpu_power(curve, one_of_40, 3.2).power_w
    )


def test_short_bursts_at_a_low_clock_cost_less_than_the_same_load_at_a_high_one():
    curve = prior_curve(SERVER)

    assert cpu_power(curve, 0.3, 1.0).power_w < 0.6 * cpu_power(curve, 0.3, 3.2).power_w


def test_without_a_clock_full_load_is_a_stated_share_of_the_tdp():
    got = cpu_power(prior_curve(UNCLOCKED), 1.0)

    assert got.power_w == pytest.approx(0.8 * 150)


def test_bounds_are_wider_without_a_clock_and_wider_still_without_a_tdp():
    clocked, unclocked = prior_curve(SERVER), prior_curve(UNCLOCKED)
    guessed = prior_curve(replace(UNCLOCKED, tdp_rel_uncertainty=0.5))

    widths = [c.rel_uncertainty for c in (clocked, unclocked, guessed)]
    assert widths == sorted(set(widths))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AMD EPYC 7543P 32-Core Processor", CpuClass.CHIPLET_SERVER),
        ("AMD Ryzen Threadripper 3970X 32-Core Processor", CpuClass.CHIPLET_SERVER),
        ("Intel(R) Xeon(R) CPU E5-2690 v3 @ 2.60GHz", CpuClass.SERVER),
        ("Intel(R) Xeon(R) CPU @ 2.20GHz", CpuClass.SERVER),
        ("Neoverse-V2", CpuClass.SERVER),
        ("Intel(R) Xeon(R) CPU E3-1270 v5 @ 3.60GHz", CpuClass.CLIENT),
        ("Intel(R) Xeon(R) E-2288G CPU @ 3.70GHz", CpuClass.CLIENT),
        ("AMD Ryzen 9 5950X 16-Core Processor", CpuClass.CHIPLET_CLIENT),
        ("AMD Ryzen 7 2700X Eight-Core Processor", CpuClass.CLIENT),
        ("AMD Ryzen 7 PRO 4750U with Radeon Graphics", CpuClass.CLIENT),
        ("Intel(R) Core(TM) i7-7700 CPU @ 3.60GHz", CpuClass.CLIENT),
        ("", CpuClass.CLIENT),
    ],
)
def test_a_name_tells_what_lies_beside_the_cores(name, expected):
    assert classify(name) is expected


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("AMD EPYC 7281 16-Core Processor", "AMD EPYC 7282 16-Core Processor"),
        (
            "AMD Ryzen 7 2700X Eight-Core Processor",
            "AMD Ryzen 7 3700X 8-Core Processor",
        ),
        ("AMD Ryzen Threadripper 1950X", "AMD Ryzen Threadripper 3970X"),
        ("AMD FX(tm)-8350 Eight-Core Processor", "AMD EPYC"),
    ],
)
def test_cores_before_zen_2_cost_more_at_the_same_clock(older, newer):
    assert watts_per_ghz3(older) > watts_per_ghz3(newer)


def test_most_of_a_family_of_plausible_cpus_is_foretold_within_30_percent():
    mapes, held = [], []
    for seed in range(100):
        rng = random.Random(seed)
        cpu = draw(rng)
        points = cpu.sweep(rng, spread=True) + cpu.sweep(rng, spread=False)
        curve = prior_curve(cpu.spec)
        guesses = [(cpu_power(curve, p.load, p.mean_ghz), p.power_w) for p in points]
        mapes.append(sum(abs(g.power_w / w - 1) for g, w in guesses) / len(guesses))
        held += [g.low_w <= w <= g.high_w for g, w in guesses]

    assert sum(m <= 0.30 for m in mapes) >= 90
    assert sum(held) / len(held) >= 0.90
