from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.cli import crosscheck_rules as rules
from greenops.cli.crosscheck_rules import Ours, Part, Theirs, explain

CPU = Part(energy_j=100.0, machine_j=100.0, sources=("model",))
DRAM = Part(energy_j=20.0, machine_j=20.0, sources=("rapl",))
GPU = Part(energy_j=900.0, machine_j=900.0, sources=("nvml_counter",))
OURS = Ours(
    duration_s=10.0,
    parts={"cpu": CPU, "gpu": GPU, "dram": DRAM},
    total_j=1020.0,
    low_j=900.0,
    high_j=1200.0,
    emissions_g=0.0283,
    embodied_g=None,
    intensity_g_per_kwh=100.0,
    intensity_source="somewhere, 2023",
    pue=1.0,
)
THEIRS = Theirs(
    version="3.3.2",
    duration_s=10.1,
    cpu_j=100.5,
    gpu_j=901.0,
    dram_j=20.2,
    total_j=1021.7,
    emissions_g=1021.7 / 3.6e6 * 100.0,
    cpu_mode="intel_rapl",
)


def with_part(kind, part):
    return replace(OURS, parts={**OURS.parts, kind: part})


def says(rule, ours=OURS, theirs=THEIRS):
    reason = rule(ours, theirs)
    return reason.says if reason else ""


def test_two_results_that_agree_need_no_reason_but_the_bounds():
    assert [reason.about for reason in explain(OURS, THEIRS)] == ["total"]


def test_a_share_of_the_machine_is_named_with_the_machines_energy():
    shared = with_part("cpu", replace(CPU, energy_j=25.0))
    assert "charges the command its part of the CPU time: 25 %" in says(
        rules.cpu_scope, shared
    )
    assert "counts 100 J for the machine" in says(rules.cpu_scope, shared)


def test_a_shared_gpu_is_explained_by_the_work_of_its_processes():
    shared = with_part("gpu", replace(GPU, energy_j=300.0))
    assert "part of the GPU's work: 33 %" in says(rules.gpu_scope, shared)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        pytest.param(
            {"cpu_mode": "cpu_load", "cpu_tdp_w": 225.0, "cpu_threads": 64},
            "a TDP of 225 W times (0.1 + 0.9 x load cubed)",
            id="load model with a TDP from its list",
        ),
        pytest.param(
            {"cpu_mode": "cpu_load", "cpu_tdp_w": 8.0, "cpu_threads": 2},
            "its fallback of 4 W per thread, together 8 W",
            id="load model for a processor it does not know",
        ),
        pytest.param(
            {"cpu_mode": "cpu_load", "cpu_tdp_w": 85.0, "cpu_tdp_generic": True},
            "its fallback of 85 W",
            id="load model with its one constant",
        ),
        pytest.param(
            {"cpu_mode": "constant", "cpu_tdp_w": 100.0},
            "takes half of a TDP of 100 W, whatever the load",
            id="constant",
        ),
        pytest.param(
            {"cpu_mode": "intel_rapl"}, "reads RAPL's package counters", id="RAPL"
        ),
        pytest.param({"cpu_mode": ""}, "an unknown method", id="a newer release"),
    ],
)
def test_the_way_codecarbon_came_to_its_cpu_energy_is_said(facts, words):
    far = replace(THEIRS, cpu_j=300.0, **facts)
    assert words in says(rules.cpu_method, theirs=far)
    assert "its load model: 100 J for the machine against 300 J" in says(
        rules.cpu_method, theirs=far
    )


def test_a_gpu_that_only_one_of_the_two_sees_is_named():
    blind = replace(OURS, parts={"cpu": CPU})
    assert "greenops could not" in says(rules.gpu_method, blind)
    assert "codecarbon counted no GPU" in says(
        rules.gpu_method, theirs=replace(THEIRS, gpu_j=0.0)
    )
    assert not says(rules.gpu_method, blind, replace(THEIRS, gpu_j=0.0))


def test_constant_memory_power_is_stated_in_watts():
    far = replace(THEIRS, dram_j=202.0)
    assert "a constant 20.0 W" in says(rules.dram_method, theirs=far)
    assert "RAPL's counters" in says(rules.dram_method, theirs=far)
    without = replace(OURS, parts={"cpu": CPU})
    assert "no memory figure here" in says(rules.dram_method, without, far)


def test_the_time_codecarbon_ran_beyond_the_command_is_turned_into_energy():
    slow = replace(THEIRS, duration_s=20.0, total_j=2000.0)
    assert "10.0 s longer" in says(rules.longer, theirs=slow)
    assert "about 1000 J of its total" in says(rules.longer, theirs=slow)


def test_another_intensity_names_both_sources():
    dirty = replace(THEIRS, emissions_g=2 * THEIRS.emissions_g)
    assert "somewhere, 2023" in says(rules.intensity, theirs=dirty)
    assert "its world average" in says(rules.intensity, theirs=dirty)
    assert "France" in says(rules.intensity, theirs=replace(dirty, place="France"))


def test_a_pue_we_apply_and_codecarbon_does_not_is_named():
    assert "a PUE of 1.4" in says(rules.pue, replace(OURS, pue=1.4))


def test_embodied_emissions_are_named_as_ours_alone():
    assert "states 500 mg" in says(rules.embodied, replace(OURS, embodied_g=0.5))


@pytest.mark.parametrize(
    ("total_j", "word"), [(1100.0, "within"), (2000.0, "outside"), (10.0, "outside")]
)
def test_the_bounds_say_whether_they_allow_codecarbons_total(total_j, word):
    assert word in says(rules.bounds, theirs=replace(THEIRS, total_j=total_j))


def test_refused_connections_are_reported():
    tried = replace(THEIRS, refused=("socket.connect ('192.0.2.1', 443)",))
    assert "192.0.2.1" in says(rules.network, theirs=tried)


def test_a_tracker_that_counted_nothing_is_still_compared():
    nothing = Theirs(
        version="3.3.2",
        duration_s=0.0,
        cpu_j=0.0,
        gpu_j=0.0,
        dram_j=0.0,
        total_j=0.0,
        emissions_g=0.0,
    )
    assert "outside" in says(rules.bounds, theirs=nothing)
    assert {reason.about for reason in explain(OURS, nothing)} >= {"CPU", "GPU"}


ENERGIES = st.floats(min_value=0.0, max_value=1e9)


@given(
    mine_j=ENERGIES, machine_j=ENERGIES, theirs_j=ENERGIES, lasted_s=st.floats(0, 1e6)
)
def test_any_two_cpu_energies_that_differ_get_a_reason(
    mine_j, machine_j, theirs_j, lasted_s
):
    part = Part(
        energy_j=min(mine_j, machine_j), machine_j=machine_j, sources=("model",)
    )
    ours = with_part("cpu", part)
    theirs = replace(THEIRS, cpu_j=theirs_j, duration_s=lasted_s)
    reasons = [reason.about for reason in explain(ours, theirs)]
    apart = rules.differs(part.energy_j, theirs_j) and theirs_j > 0
    assert not apart or "CPU" in reasons
