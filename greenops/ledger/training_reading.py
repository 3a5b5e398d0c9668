"""Rows of a run's training back into records."""

import json
from typing import Any

from sqlalchemy import BigInteger, Connection, cast, func, select

from greenops.ledger import schema
from greenops.ledger.records import Found
from greenops.model import (
    Training,
    TrainingOptimizer,
    TrainingPass,
    TrainingProcess,
    TrainingTick,
)


def training(connection: Connection, run_key: int) -> Training | None:
    """Return what a run's training counted; None: nothing trained."""
    last = _ticks(connection, run_key, None)
    facts = connection.execute(
        schema.training.select().where(schema.training.c.run_key == run_key)
    ).mappings()
    row = facts.first()
    if row is None or not last:
        return None
    return Training(
        tick=last[-1],
        first_epoch_s=row["first_epoch_s"],
        last_epoch_s=row["last_epoch_s"],
        first_steps_epoch_s=tuple(json.loads(row["first_steps_epoch_s"])),
        processes=tuple(_process(one) for one in json.loads(row["processes"])),
        passes=_passes(connection, run_key),
    )


def ticks(connection: Connection, run_key: int, width_s: float) -> list[TrainingTick]:
    """Return the last counts of each `width_s` seconds, in time order."""
    return _ticks(connection, run_key, width_s)


def _ticks(
    connection: Connection, run_key: int, width_s: float | None
) -> list[TrainingTick]:
    table = schema.training_ticks
    newest = select(func.max(table.c.at_epoch_s)).where(table.c.run_key == run_key)
    if width_s is not None:
        newest = newest.group_by(cast(table.c.at_epoch_s / width_s, BigInteger))
    query = (
        table.select()
        .where(table.c.run_key == run_key, table.c.at_epoch_s.in_(newest))
        .order_by(table.c.at_epoch_s)
    )
    return [_tick(row) for row in connection.execute(query).mappings()]


def _tick(row: Found) -> TrainingTick:
    names = schema.training_ticks.c.keys()[1:]
    return TrainingTick(**{name: row[name] for name in names})


def _passes(connection: Connection, run_key: int) -> tuple[TrainingPass, ...]:
    table = schema.training_passes
    query = table.select().where(table.c.run_key == run_key)
    found = connection.execute(query.order_by(table.c.start_epoch_s)).mappings()
    names = table.c.keys()[1:]
    return tuple(
        TrainingPass(**{n: row[n] for n in names} | {"trains": bool(row["trains"])})
        for row in found
    )


def _process(plain: dict[str, Any]) -> TrainingProcess:
    optimizers = tuple(TrainingOptimizer(**one) for one in plain["optimizers"])
    return TrainingProcess(**plain | {"optimizers": optimizers})
