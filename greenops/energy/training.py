"""Joins what a training counted with the energy of the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from greenops.energy.curve import EnergyCurve
from greenops.energy.pace import Pace, Point, steady_from
from greenops.model import (
    Bounded,
    EpochEnergy,
    Training,
    TrainingEnergy,
    TrainingPass,
    TrainingTick,
)


def training_energy(
    training: Training,
    ticks: Sequence[TrainingTick],
    curve: EnergyCurve,
    *,
    began_epoch_s: float,
    run_energy_j: Bounded | None,
) -> TrainingEnergy:
    """Return where the energy of a training went.

    Args:
        training: Its counts, and its passes.
        ticks: The counts over time.
        curve: The job's energy over time.
        began_epoch_s: Start of the run.
        run_energy_j: Of the whole run; what is said of a step is as sure as this.
    """
    first_s, last_s = training.first_epoch_s, training.last_epoch_s
    pace = steady_from(_points(training, ticks))
    waited_s, stalled_j = _stalled(training, ticks, curve)
    others = [p for p in training.passes if not p.trains]
    per = _Rates(training, ticks, curve, run_energy_j).since(pace)
    return TrainingEnergy(
        setup_j=curve.between(began_epoch_s, first_s),
        warmup_j=None if pace is None else curve.between(first_s, pace.at_epoch_s),
        warmup_s=None if pace is None else pace.at_epoch_s - first_s,
        warmup_steps=None if pace is None else pace.steps,
        evaluation_j=_energy_of(others, curve),
        stalled_j=stalled_j,
        stalled_share=min(1.0, waited_s / (last_s - first_s))
        if last_s > first_s
        else None,
        per_step_j=per[0],
        per_sample_j=per[1],
        epochs=tuple(
            EpochEnergy(
                epoch=one, energy_j=curve.between(one.start_epoch_s, one.stop_epoch_s)
            )
            for one in training.passes
            if one.trains
        ),
    )


@dataclass(frozen=True, slots=True)
class _Rates:
    training: Training
    ticks: Sequence[TrainingTick]
    curve: EnergyCurve
    run_energy_j: Bounded | None

    def since(self, pace: Pace | None) -> tuple[Bounded | None, Bounded | None]:
        """Return J per step and J per sample from the steady pace on, or from all."""
        training = self.training
        start_s = pace.at_epoch_s if pace else training.first_epoch_s
        before = pace.steps if pace else 0
        steps = training.tick.steps - before
        others = [p for p in training.passes if not p.trains]
        energy_j = self.curve.between(start_s, training.last_epoch_s)
        energy_j -= _energy_of(others, self.curve, start_s, training.last_epoch_s)
        # Each step has its samples: those before the pace go by its steps.
        part = steps / training.tick.steps if training.tick.steps else 0.0
        samples = training.tick.samples * part
        return self._per(energy_j, steps), self._per(energy_j, samples)

    def _per(self, energy_j: float, count: float) -> Bounded | None:
        whole = self.run_energy_j
        if count <= 0 or energy_j <= 0 or whole is None or whole.central <= 0:
            return None
        each_j = energy_j / count
        return Bounded(
            central=each_j,
            low=each_j * whole.low / whole.central,
            high=each_j * whole.high / whole.central,
        )


def _points(training: Training, ticks: Sequence[TrainingTick]) -> list[Point]:
    """Return when steps were made: one by one at first, then tick by tick."""
    marks = training.first_steps_epoch_s
    alone = max((p.steps for p in training.processes), default=0)
    points: list[Point] = [(training.first_epoch_s, 0)]
    if alone == training.tick.steps:  # else the marks are those of a part
        points += [(at_s, number) for number, at_s in enumerate(marks, 1)]
    at_s, steps = points[-1]
    points += [
        (t.at_epoch_s, t.steps)
        for t in ticks
        if t.at_epoch_s > at_s and t.steps > steps and t.steps < training.tick.steps
    ]
    return points


def _stalled(
    training: Training, ticks: Sequence[TrainingTick], curve: EnergyCurve
) -> tuple[float, float]:
    """Return for how long the loop waited for its loader, in s, and the J meanwhile.

    Within a tick the power is taken to be the same whether it waits or not.
    """
    points = [(training.first_epoch_s, 0.0)]
    points += [(t.at_epoch_s, t.waited_s) for t in ticks]
    energy_j = 0.0
    for (start_s, before_s), (stop_s, after_s) in pairwise(points):
        if stop_s > start_s and after_s > before_s:
            share = min(1.0, (after_s - before_s) / (stop_s - start_s))
            energy_j += share * curve.between(start_s, stop_s)
    return training.tick.waited_s, energy_j


def _energy_of(
    passes: Sequence[TrainingPass],
    curve: EnergyCurve,
    start_s: float = float("-inf"),
    stop_s: float = float("inf"),
) -> float:
    return sum(
        curve.between(max(p.start_epoch_s, start_s), min(p.stop_epoch_s, stop_s))
        for p in passes
    )
