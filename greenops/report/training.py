"""A run's training, for people and for machines."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from greenops.model import (
    EpochEnergy,
    Training,
    TrainingEnergy,
    TrainingPass,
    TrainingProcess,
)
from greenops.report.look import Look
from greenops.report.statements import bounded_to_dict
from greenops.report.text import ENERGY_SCALE, bounds, duration, energy, percent, plural

MOST_EPOCHS = 3
"""Shown from either end; `--json` has all that are kept."""
FRAMEWORKS = {
    "hf_trainer": "Hugging Face Trainer",
    "lightning": "Lightning",
    "accelerate": "Accelerate",
}
PARALLEL = {"ddp": "DDP", "fsdp": "FSDP"}


def training_lines(
    training: Training, where: TrainingEnergy | None, look: Look
) -> list[str]:
    """Return the section of a training, in lines no wider than the screen."""
    lines = look.labelled("training", _counts(training))
    lines += look.labelled("", _made_by(training), "dim")
    if where is None:
        return lines
    for label, text in (
        ("a step", _each(where, look)),
        ("epochs", _epochs(where.epochs)),
        ("evaluation", _evaluation(training, where)),
        ("warm-up", _warm_up(where)),
        ("compiled", _compiled(training)),
        ("stalled", _stalled(where)),
    ):
        lines += look.labelled(label, text)
    return lines


def training_to_dict(
    training: Training | None, where: TrainingEnergy | None
) -> dict[str, object] | None:
    """Return the training as JSON types; every quantity's key ends in its unit."""
    if training is None:
        return None
    tick = training.tick
    found: dict[str, object] = {
        "steps": tick.steps,
        "samples": tick.samples or None,
        "train_batches": tick.train_batches,
        "other_batches": tick.other_batches,
        "accumulation": accumulation(training),
        "loader_wait_s": tick.waited_s,
        "compiles": tick.compiles,
        "compile_s": tick.compiled_s,
        "first_epoch_s": training.first_epoch_s,
        "last_epoch_s": training.last_epoch_s,
        "processes": [asdict(one) for one in training.processes],
    }
    if where is None:
        return found
    return {
        **found,
        **bounded_to_dict("per_step", "j", where.per_step_j),
        **bounded_to_dict("per_sample", "j", where.per_sample_j),
        "setup_j": where.setup_j,
        "warmup_j": where.warmup_j,
        "warmup_s": where.warmup_s,
        "warmup_steps": where.warmup_steps,
        "evaluation_j": where.evaluation_j,
        "stalled_j": where.stalled_j,
        "stalled_share": where.stalled_share,
        "epochs": [_epoch_to_dict(one.epoch, one.energy_j) for one in where.epochs],
        "evaluations": [
            _epoch_to_dict(one, None) for one in training.passes if not one.trains
        ],
    }


def accumulation(training: Training) -> float | None:
    """Return how many batches make one step; None: no batches are known."""
    steps = sum(process.steps for process in training.processes)
    batches = training.tick.train_batches
    return batches / steps if steps and batches else None


def _epoch_to_dict(one: TrainingPass, energy_j: float | None) -> dict[str, object]:
    found: dict[str, object] = {
        "start_epoch_s": one.start_epoch_s,
        "duration_s": one.stop_epoch_s - one.start_epoch_s,
        "batches": one.batches,
        "samples": one.samples or None,
        "steps": one.steps,
        "loader_wait_s": one.waited_s,
    }
    return found if energy_j is None else {**found, "energy_j": energy_j}


def _counts(training: Training) -> str:
    tick = training.tick
    said = [plural(tick.steps, "step")]
    if tick.samples:
        said.append(plural(tick.samples, "sample"))
    if tick.train_batches:
        said.append(plural(tick.train_batches, "batch", "batches"))
    each = accumulation(training)
    if each is not None and each >= 1.5:
        said.append(f"{each:.3g} batches accumulated to a step")
    return ", ".join(said)


def _made_by(training: Training) -> str:
    if not training.processes:
        return ""
    first = training.processes[0]
    said = [_optimizers(training.processes)]
    if first.framework in FRAMEWORKS:
        said.append(FRAMEWORKS[first.framework])
    if first.world_size > 1:
        said.append(f"{PARALLEL.get(first.parallel or '', '')} of {first.world_size}")
    if first.launcher:
        said.append(f"started by {first.launcher}")
    if first.autocast:
        said.append(f"autocast {first.autocast}")
    return ", ".join([*(word for word in said if word), f"torch {first.torch}"])


def _optimizers(processes: Sequence[TrainingProcess]) -> str:
    steps: Counter[str] = Counter()
    for process in processes:
        for one in process.optimizers:
            steps[f"{one.name} ({one.dtype} on {one.device})"] += one.steps
    return " and ".join(name for name, _ in steps.most_common(MOST_EPOCHS))


def _each(where: TrainingEnergy, look: Look) -> str:
    if where.per_step_j is None:
        return ""
    span = bounds(where.per_step_j, ENERGY_SCALE, dash=look.dash)
    said = f"{energy(where.per_step_j.central)} ({span})"
    if where.per_sample_j is not None:
        said += f", a sample {energy(where.per_sample_j.central)}"
    return said


def _epochs(epochs: Sequence[EpochEnergy]) -> str:
    if not epochs:
        return ""
    shown = [energy(one.energy_j) for one in epochs]
    if len(shown) > 2 * MOST_EPOCHS:
        shown = [*shown[:MOST_EPOCHS], "...", *shown[-MOST_EPOCHS:]]
    return f"{len(epochs)}: {', '.join(shown)}"


def _evaluation(training: Training, where: TrainingEnergy) -> str:
    count = training.tick.other_batches
    if not count:
        return ""
    return f"{energy(where.evaluation_j)} in {plural(count, 'batch', 'batches')}"


def _warm_up(where: TrainingEnergy) -> str:
    said = f"{energy(where.setup_j)} before the first batch"
    if where.warmup_j is None or where.warmup_s is None or not where.warmup_steps:
        return said
    steps = plural(where.warmup_steps, "step")
    return (
        f"{said}, {energy(where.warmup_j)} in {duration(where.warmup_s)} and {steps}"
        " before a steady pace"
    )


def _compiled(training: Training) -> str:
    tick = training.tick
    if not tick.compiles:
        return ""
    return f"{plural(tick.compiles, 'time')} in {duration(tick.compiled_s)}"


def _stalled(where: TrainingEnergy) -> str:
    if where.stalled_share is None or where.stalled_share < 0.005:
        return ""
    share = percent(where.stalled_share)
    return f"{share} of the time waiting for data, {energy(where.stalled_j)} meanwhile"
