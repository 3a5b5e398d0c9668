"""Closes runs whose recorder is gone, at their last sample, with status `lost`."""

import contextlib
import logging
import os
import socket
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from greenops.energy.totals import DeviceTotals, from_samples, hours_of
from greenops.errors import GreenopsError
from greenops.ledger import process
from greenops.ledger.append import Appender
from greenops.ledger.records import (
    Found,
    device_of,
    moment,
    run_of,
    sample_of,
    tags_of,
)
from greenops.ledger.rows import end_entry, footprint_rows
from greenops.ledger.store import ledger_error, open_ledger
from greenops.ledger.text import unescape
from greenops.ledger.version import greenops_version
from greenops.model import (
    DeviceTotal,
    Footprint,
    HourEnergy,
    Quality,
    Run,
    RunEnd,
    RunStatus,
)

log = logging.getLogger(__name__)

SILENT_FOR_S = 24 * 3600.0
"""A run of another host, whose processes cannot be seen here, is lost after this."""
REBOOT_TAKES_S = 30.0
"""Two machines may share a name and a home; only what is silent was rebooted."""
SILENT_TICKS = 5
PATIENCE_S = 1.0
"""How long to try for the ledger's lock; the next process tries again."""

_OPEN = "SELECT runs.* FROM open_runs JOIN runs USING (run_key)"
_STILL_OPEN = "SELECT 1 FROM open_runs WHERE run_key = ?"
_TAGS = "SELECT label, content FROM tags WHERE run_key = ?"
_DEVICES = "SELECT * FROM devices WHERE run_key = ?"
_SAMPLES = (
    "SELECT * FROM samples WHERE run_key = ? AND device_number = ?"
    " ORDER BY start_epoch_s"
)
_LAST_HEARD = (
    "SELECT max(started_epoch_s, coalesce((SELECT max(start_epoch_s + duration_s) FROM"
    " (SELECT * FROM samples s WHERE s.run_key = r.run_key"
    " ORDER BY start_epoch_s DESC LIMIT 64)), 0), coalesce((SELECT start_epoch_s +"
    " duration_s FROM job_use u WHERE u.run_key = r.run_key"
    " ORDER BY start_epoch_s DESC LIMIT 1), 0)) FROM runs r WHERE r.run_key = ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRun:
    """What a lost run left behind: enough to compute its footprint."""

    run: Run
    end: RunEnd
    totals: tuple[DeviceTotal, ...]
    hours: tuple[HourEnergy, ...]
    """The job's energy by clock hour (UTC)."""


Assess = Callable[[LostRun], Footprint | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """From where one looks: which recorders can be told dead from there."""

    host: str
    boot_id: str
    namespace: str
    now_epoch_s: float
    proc: Path = process.PROC


def here() -> Here:
    """Return the view of this process."""
    return Here(
        host=socket.gethostname(),
        boot_id=process.boot_id(),
        namespace=process.namespace(),
        now_epoch_s=time.time(),
    )


def close_lost(
    path: Path, *, assess: Assess | None = None, view: Here | None = None
) -> int:
    """Close the runs whose recorder is gone, at their last sample; return how many.

    Costs about 1 ms when there are none. Of a run that two processes find lost, one
    closes it. A recorder that was alive after all closes its run again, and that
    counts.

    Args:
        path: The ledger; nothing happens if it is not there.
        assess: Computes a run's footprint; without it, or where it returns None, the
            run is kept without one.
        view: Where to look from; this process if None.

    Raises:
        LedgerError: the ledger cannot be read or written.
    """
    if not path.exists():
        return 0
    view = view or here()
    try:
        with contextlib.closing(open_ledger(path)) as connection:
            connection.row_factory = sqlite3.Row
            gone = [
                r for r in connection.execute(_OPEN) if _is_gone(connection, r, view)
            ]
            lost = [_lost_run(connection, row, view) for row in gone]
    except sqlite3.Error as e:
        raise ledger_error(e, path) from e
    if not lost:
        return 0
    with contextlib.closing(Appender(path, until_s=_patience())) as appender:
        keys = [row["run_key"] for row in gone]
        return sum(
            _close(appender, key, run, _assessed(assess, run))
            for key, run in zip(keys, lost, strict=True)
        )


def is_gone(row: Found, heard_epoch_s: float, view: Here) -> bool:
    """Return whether the recorder of a row of `runs` is gone for good.

    Args:
        row: The run.
        heard_epoch_s: When its last sample ended.
        view: Where one looks from.
    """
    silent_s: float = view.now_epoch_s - heard_epoch_s
    interval_s: float = row["interval_s"]
    if unescape(row["host"]) != view.host:
        return silent_s > SILENT_FOR_S
    if row["boot_id"] and view.boot_id and row["boot_id"] != view.boot_id:
        return silent_s > max(REBOOT_TAKES_S, SILENT_TICKS * interval_s)
    if row["recorder_namespace"] not in ("", view.namespace):
        return silent_s > SILENT_FOR_S
    return not process.is_running(
        row["recorder_pid"], row["recorder_started_s"], proc=view.proc
    )


def _is_gone(connection: sqlite3.Connection, row: Found, view: Here) -> bool:
    heard = connection.execute(_LAST_HEARD, (row["run_key"],)).fetchone()
    return is_gone(row, heard[0], view)


def _lost_run(connection: sqlite3.Connection, row: Found, view: Here) -> LostRun:
    key = (row["run_key"],)
    run = run_of(row, tags_of(connection.execute(_TAGS, key).fetchall()))
    stopped_epoch_s = connection.execute(_LAST_HEARD, key).fetchone()[0]
    totals: list[DeviceTotal] = []
    by_device: list[DeviceTotals] = []
    for device_row in connection.execute(_DEVICES, key).fetchall():
        device = device_of(device_row)
        found = connection.execute(_SAMPLES, (*key, device_row["device_number"]))
        sums = from_samples(sample_of(s, device.device_id) for s in found)
        if sums.empty:
            continue
        totals.append(sums.total(device, Quality()))
        by_device.append(sums)
    note = (
        f"its recorder (process {run.recorder_pid} on {run.host}) was gone; closed at"
        f" its last sample by process {os.getpid()} on {view.host}"
    )
    end = RunEnd(
        run_id=run.run_id,
        status=RunStatus.LOST,
        stopped_at=moment(stopped_epoch_s),
        duration_s=max(0.0, stopped_epoch_s - row["started_epoch_s"]),
        notes=(note,),
    )
    hours = tuple(hours_of(by_device))
    return LostRun(run=run, end=end, totals=tuple(totals), hours=hours)


def _assessed(assess: Assess | None, lost: LostRun) -> Footprint | None:
    try:
        return assess(lost) if assess is not None else None
    except GreenopsError as e:
        log.warning("no emissions for lost run %s: %s", lost.run.run_id, e)
        return None


def _close(
    appender: Appender, run_key: int, lost: LostRun, footprint: Footprint | None
) -> bool:
    """Close one run; return whether it was still open."""
    rows = None
    if footprint is not None:
        rows = footprint_rows(
            footprint, computed_epoch_s=time.time(), version=greenops_version()
        )
    closed_by = f"{os.getpid()}@{socket.gethostname()}"
    entry = end_entry(lost.end, lost.totals, footprint=rows, closed_by=closed_by)
    closed = False

    def work(connection: sqlite3.Connection) -> None:
        nonlocal closed
        closed = connection.execute(_STILL_OPEN, (run_key,)).fetchone() is not None
        if closed:
            appender.apply([entry])

    appender.transact(work, until_s=_patience())
    return closed


def _patience() -> Callable[[], float]:
    until_s = time.monotonic() + PATIENCE_S
    return lambda: until_s
