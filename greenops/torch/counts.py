"""Reads what one process has counted, from its file of cells and its facts."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenops.model import TrainingOptimizer, TrainingProcess
from greenops.torch.hooks import cells


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedPass:
    """A pass of one process; times in monotonic s."""

    number: int
    trains: bool
    start_s: float
    last_s: float
    batches: int
    samples: int
    steps: int
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessCounts:
    """One process: who it is, and its counts; times in monotonic s."""

    process: TrainingProcess
    group: str
    steps: int
    samples: int
    train_batches: int
    other_batches: int
    waited_s: float
    compiles: int
    compiled_s: float
    first_s: float
    last_s: float
    first_steps_s: tuple[float, ...]
    passes: tuple[CountedPass, ...]


def read_counts(path: Path) -> ProcessCounts | None:
    """Return what the process of the `.cells` file has counted; None: nothing yet.

    The process writes on while this reads: each number is whole, and all are of the
    same moment but for a step or a batch.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) < cells.SIZE_BYTES:
        return None
    whole, times = memoryview(content).cast("q"), memoryview(content).cast("d")
    if whole[cells.LAYOUT_AT] != cells.LAYOUT:
        return None
    steps = whole[cells.TOLD_STEPS] or whole[cells.STEPS]
    passes = _passes(whole, times)
    train_batches, train_samples = _sums(whole, passes, trains=True)
    other_batches, _ = _sums(whole, passes, trains=False)
    if not steps and not passes:
        return None
    process, group = _process(_facts(path), whole, steps)
    return ProcessCounts(
        process=process,
        group=group,
        steps=steps,
        samples=whole[cells.TOLD_SAMPLES] or train_samples,
        train_batches=train_batches,
        other_batches=other_batches,
        waited_s=_sound(times[cells.WAITED_S]) + sum(p.waited_s for p in passes),
        compiles=whole[cells.COMPILES],
        compiled_s=_sound(times[cells.COMPILED_S]),
        first_s=min([times[cells.FIRST_SEEN_S], *(p.start_s for p in passes)]),
        last_s=max(times[cells.LAST_STEP_S], times[cells.FIRST_SEEN_S]),
        first_steps_s=tuple(
            times[cells.FIRST_MARK : cells.FIRST_MARK + min(steps, cells.MARKS)]
        ),
        passes=passes,
    )


def _sums(
    whole: memoryview, passes: Sequence[CountedPass], *, trains: bool
) -> tuple[int, int]:
    """Return batches and samples of one kind: of passes kept, and of those before."""
    before = cells.TRAIN_BATCHES if trains else cells.OTHER_BATCHES
    sink = cells.SINKS + cells.PASS_CELLS * trains
    same = [one for one in passes if one.trains is trains]
    batches = whole[before] + whole[sink + cells.BATCHES]
    samples = whole[before + 1] + whole[sink + cells.SAMPLES]
    return batches + sum(p.batches for p in same), samples + sum(
        p.samples for p in same
    )


def _passes(whole: memoryview, times: Sequence[float]) -> tuple[CountedPass, ...]:
    count = whole[cells.PASSES]
    found = []
    for number in range(max(0, count - cells.MOST_PASSES), count):
        at = cells.FIRST_PASS + cells.PASS_CELLS * (number % cells.MOST_PASSES)
        if whole[at + cells.NUMBER] != number + 1:
            continue  # it is being replaced in this moment
        found.append(
            CountedPass(
                number=number,
                trains=bool(whole[at + cells.TRAINS]),
                start_s=times[at + cells.START_S],
                last_s=times[at + cells.LAST_S],
                batches=whole[at + cells.BATCHES],
                samples=cells.samples_in(whole, at),
                steps=whole[at + cells.PASS_STEPS],
                waited_s=_sound(times[at + cells.PASS_WAITED_S]),
            )
        )
    return tuple(found)


def _facts(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError):  # not written yet
        return {}
    return found if isinstance(found, dict) else {}


def _process(
    facts: Mapping[str, Any], whole: memoryview, steps: int
) -> tuple[TrainingProcess, str]:
    pid = whole[cells.PID]
    named = facts.get("optimizers") or []
    optimizers = tuple(
        TrainingOptimizer(
            name=str(one.get("optimizer", "")),
            dtype=str(one.get("dtype", "")),
            device=str(one.get("device", "")),
            steps=whole[cells.OPTIMIZER_STEPS + slot],
        )
        for slot, one in enumerate(named[: cells.MOST_OPTIMIZERS])
    )
    process = TrainingProcess(
        pid=pid,
        rank=int(facts.get("rank") or 0),
        world_size=int(facts.get("world_size") or 1),
        framework=str(facts.get("framework") or "plain"),
        launcher=facts.get("launcher"),
        parallel=facts.get("parallel"),
        autocast=facts.get("autocast"),
        torch=str(facts.get("torch") or ""),
        steps=steps,
        optimizers=optimizers,
        parameters=_count(facts.get("parameters")),
        batch_size=_count(facts.get("batch_size")),
        workers=_count(facts.get("workers")),
    )
    return process, str(facts.get("group") or f"pid {pid}")


def _count(told: object) -> int | None:
    return told if isinstance(told, int) else None


def _sound(seconds: float) -> float:
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
