from dataclasses import replace
from typing import Any

import pytest

from greenops.energy.curve import EnergyCurve
from greenops.energy.training import training_energy
from greenops.model import Bounded
from tests.contracts.training_records import a_pass, a_process, a_tick, a_training
from tests.unit.energy.test_curve import stretch

WHOLE = Bounded(central=1000.0, low=800.0, high=1100.0)
CURVE = EnergyCurve([stretch(float(second), 10.0) for second in range(100)])
"""10 W for 100 s."""


def counted(**given):
    """20 steps from 10 s on, the first of 11 s, the others of 1 s; then it evaluates."""
    known: dict[str, Any] = {
        "tick": a_tick(45.0, steps=20, samples=200, waited_s=3.0, processes=1),
        "first_epoch_s": 10.0,
        "last_epoch_s": 40.0,
        "first_steps_epoch_s": tuple(21.0 + n for n in range(20)),
        "processes": (a_process(steps=20, world_size=1),),
        "passes": (
            a_pass(0, start_epoch_s=10.0, stop_epoch_s=40.0, steps=20),
            a_pass(1, trains=False, start_epoch_s=40.0, stop_epoch_s=44.0),
        ),
    }
    return a_training(**known | given)


def where(training, ticks=(), **given):
    known: dict[str, Any] = {"began_epoch_s": 0.0, "run_energy_j": WHOLE}
    return training_energy(training, ticks, CURVE, **known | given)


def test_the_time_before_the_first_batch_and_before_a_steady_pace_is_told_apart():
    found = where(counted())

    assert found.setup_j == pytest.approx(100.0)
    assert (found.warmup_s, found.warmup_steps) == (11.0, 1)
    assert found.warmup_j == pytest.approx(110.0)


def test_a_step_costs_what_it_costs_at_the_steady_pace():
    found = where(counted())

    assert found.per_step_j.central == pytest.approx(10.0)
    assert found.per_step_j.low == pytest.approx(8.0)
    assert found.per_step_j.high == pytest.approx(11.0)
    assert found.per_sample_j.central == pytest.approx(1.0)


def test_evaluation_between_steps_is_no_part_of_a_step():
    passes = (
        a_pass(0, start_epoch_s=10.0, stop_epoch_s=25.0),
        a_pass(1, trains=False, start_epoch_s=30.0, stop_epoch_s=35.0),
    )
    found = where(counted(passes=passes))

    assert found.evaluation_j == pytest.approx(50.0)
    assert found.per_step_j.central == pytest.approx((190.0 - 50.0) / 19)


def test_each_epoch_has_the_energy_of_its_time():
    (epoch,) = where(counted()).epochs

    assert epoch.energy_j == pytest.approx(300.0)


def test_waiting_for_data_has_its_share_of_each_tick():
    ticks = [
        a_tick(20.0, waited_s=2.0),
        a_tick(30.0, waited_s=2.0),
        a_tick(40.0, waited_s=3.0),
    ]

    found = where(counted(), ticks)

    assert found.stalled_j == pytest.approx(30.0)
    assert found.stalled_share == pytest.approx(0.1)


def test_few_steps_tell_of_no_pace_and_a_step_is_a_mean():
    few = counted(
        tick=a_tick(45.0, steps=3, samples=0),
        first_steps_epoch_s=(20.0, 30.0, 40.0),
        processes=(a_process(steps=3),),
    )
    found = where(few)

    assert (found.warmup_j, found.warmup_s, found.warmup_steps) == (None, None, None)
    assert found.per_step_j.central == pytest.approx(100.0)
    assert found.per_sample_j is None


def test_what_was_not_measured_is_not_stated():
    found = where(counted(), run_energy_j=None)

    assert (found.per_step_j, found.per_sample_j) == (None, None)


def test_a_loop_without_a_step_costs_nothing_by_the_step():
    none = counted(tick=a_tick(steps=0, samples=0), first_steps_epoch_s=(), passes=())
    found = where(replace(none, last_epoch_s=10.0))

    assert found.per_step_j is None
    assert found.stalled_share is None
