"""Sums the samples of a run up within the database, so that a week draws like a minute.

A three-day run has half a million samples; read one by one they take seconds.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, cast, func, select

from greenops.ledger import schema
from greenops.ledger.reading import devices
from greenops.model import Course, Stretch

TICKS_PER_S = 100
"""Samples of one tick begin within a hundredth of a second of each other."""


def course(
    connection: Connection, run_key: int, *, width_s: float, cuts: Sequence[float]
) -> Course:
    """Return how a run went, in stretches of `width_s` seconds.

    Args:
        connection: To the ledger.
        run_key: The run.
        width_s: Length of a stretch; a sample counts where it begins.
        cuts: Epoch seconds, climbing, that no stretch reaches across but by the
            length of its last sample.
    """
    cpu_s, peak_rss_bytes = connection.execute(_use(run_key)).one()
    return Course(
        stretches=tuple(_stretches(connection, run_key, width_s, cuts)),
        peak_power_w=connection.execute(_peak_power_w(run_key)).scalar(),
        cpu_s=cpu_s,
        peak_rss_bytes=peak_rss_bytes,
    )


def _stretches(
    connection: Connection, run_key: int, width_s: float, cuts: Sequence[float]
) -> Iterator[Stretch]:
    ids = {n: d.device_id for n, d in devices(connection, run_key).items()}
    query = _between(run_key, width_s)
    for begin_s, end_s in pairwise((-inf, *cuts, inf)):
        # Beyond any time: not every database knows infinities.
        span = {"begin": max(begin_s, -1e300), "end": min(end_s, 1e300)}
        for number, _, first_s, stop_s, covered_s, job_j in connection.execute(
            query, span
        ):
            yield Stretch(
                device_id=ids[number],
                start_epoch_s=first_s,
                duration_s=stop_s - first_s,
                covered_s=covered_s,
                job_energy_j=job_j,
            )


def _between(run_key: int, width_s: float) -> Select[Any]:
    t = schema.samples.c
    number = cast(t.start_epoch_s / width_s, BigInteger).label("stretch")
    return (
        select(
            t.device_number,
            number,
            func.min(t.start_epoch_s),
            func.max(t.start_epoch_s + t.duration_s),
            func.sum(t.duration_s),
            func.sum(t.job_energy_j),
        )
        .where(
            t.run_key == run_key,
            t.start_epoch_s >= bindparam("begin"),
            t.start_epoch_s < bindparam("end"),
        )
        .group_by(number, t.device_number)
        .order_by(number, t.device_number)
    )


def _peak_power_w(run_key: int) -> Select[Any]:
    t = schema.samples.c
    tick = cast(t.start_epoch_s * TICKS_PER_S, BigInteger)
    ticks = (
        select(func.sum(t.job_energy_j / t.duration_s).label("power_w"))
        .where(t.run_key == run_key, t.duration_s > 0)
        .group_by(tick)
        .subquery()
    )
    return select(func.max(ticks.c.power_w))


def _use(run_key: int) -> Select[Any]:
    t = schema.job_use.c
    return select(func.sum(t.cpu_s), func.max(t.rss_bytes)).where(t.run_key == run_key)
