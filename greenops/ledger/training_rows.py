"""What a run's training counted, into rows."""

import json
import math
from dataclasses import asdict

from greenops.ledger.rows import Entry, Row
from greenops.ledger.text import cut, escape
from greenops.model import Training, TrainingPass


def training_entry(run_id: str, training: Training) -> Entry:
    """Return the rows of what was counted so far.

    Raises:
        ValueError: a time of it is not finite.
    """
    tick = training.tick
    row: Row = (
        tick.at_epoch_s,
        tick.steps,
        tick.samples,
        tick.train_batches,
        tick.other_batches,
        tick.waited_s,
        tick.compiles,
        tick.compiled_s,
        tick.processes,
    )
    facts: Row = (
        training.first_epoch_s,
        training.last_epoch_s,
        json.dumps(training.first_steps_epoch_s, separators=(",", ":")),
        json.dumps([asdict(p) for p in training.processes], separators=(",", ":")),
    )
    passes = [_pass_row(one) for one in training.passes]
    if not all(
        math.isfinite(number)
        for each in (row, facts, *passes)
        for number in each
        if isinstance(number, float)
    ):
        raise ValueError(f"training holds a time that is not finite: {training}")
    return Entry(
        escape(cut(run_id)),
        {"training_ticks": [row], "training": [facts], "training_passes": passes},
    )


def _pass_row(one: TrainingPass) -> Row:
    return (
        one.pid,
        one.number,
        int(one.trains),
        one.start_epoch_s,
        one.stop_epoch_s,
        one.batches,
        one.samples,
        one.steps,
        one.waited_s,
    )
