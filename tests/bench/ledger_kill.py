"""Kill recorders at random moments; measure what is lost, and check the ledger.

    python -m tests.bench.ledger_kill --kills 200 [--at-once 4] [--json out.json]

Each recorder writes ten ticks a second to one ledger, shared by those that run at the
same time, and is killed with SIGKILL. Lost is the time from the end of the last sample
in the ledger to the kill.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from greenops.errors import RunNotFoundError
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.ledger.recover import close_lost
from greenops.model import Device, DeviceKind, Method, Run, RunStatus, Sample
from greenops.units import S_PER_HOUR

TICK_S = 0.1
LIVES_S = (0.0, 2.5)
"""Bounds of the time a recorder gets, from its first tick on."""
DEVICE = Device(
    device_id="cpu", kind=DeviceKind.CPU, name="a CPU", source="x", rel_uncertainty=0.1
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """What one kill did."""

    run_id: str
    lived_s: float
    lost_s: float


def kill_some(
    path: Path, spool_dir: Path, *, count: int, dice: random.Random
) -> list[Kill]:
    """Let `count` recorders write at once, kill each at a random moment.

    Raises:
        AssertionError: the ledger is damaged, or a run was not closed as lost.
    """
    children = [_start(path, spool_dir, dice) for _ in range(count)]
    began_s = {run_id: float(_first_line(child)) for run_id, child in children}
    ends = sorted((began_s[r] + dice.uniform(*LIVES_S), r, c) for r, c in children)
    killed_s = {}
    for end_s, run_id, child in ends:
        time.sleep(max(0.0, end_s - time.time()))
        killed_s[run_id] = time.time()
        child.send_signal(signal.SIGKILL)
    for _, child in children:
        child.communicate()
    close_lost(path)
    check(path)
    return [
        Kill(
            run_id=run_id,
            lived_s=killed_s[run_id] - began_s[run_id],
            lost_s=killed_s[run_id] - _last_s(path, run_id, began_s[run_id]),
        )
        for run_id, _ in children
    ]


def check(path: Path) -> None:
    """Raise AssertionError unless SQLite finds the whole ledger sound."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchall()
    if found != [("ok",)]:
        raise AssertionError(f"{path} is damaged: {found}")


def _last_s(path: Path, run_id: str, began_s: float) -> float:
    ledger = Ledger(path)
    try:
        record = ledger.get(run_id)
    except RunNotFoundError:
        return began_s
    finally:
        ledger.close()
    if record.status is not RunStatus.LOST or record.end is None:
        raise AssertionError(f"{run_id} was not closed as lost: {record.status}")
    return max(began_s, record.end.stopped_at.timestamp())


def _first_line(child: "subprocess.Popen[bytes]") -> bytes:
    return child.stdout.readline() if child.stdout else b""


def _start(
    path: Path, spool_dir: Path, dice: random.Random
) -> tuple[str, "subprocess.Popen[bytes]"]:
    run_id = f"run-{dice.randrange(16**10):010x}"
    command = [sys.executable, "-m", __spec__.name, "--record", run_id]
    child = subprocess.Popen(
        [*command, str(path), str(spool_dir)], stdout=subprocess.PIPE
    )
    return run_id, child


def record(run_id: str, path: Path, spool_dir: Path) -> None:
    """Record ticks until somebody kills this process. Prints when the first begins."""
    from greenops.ledger.process import boot_id

    now_s = time.time()
    recorder = LedgerRecorder(path, spool_dir=spool_dir)
    recorder.begin(
        Run(
            run_id=run_id,
            name="kill",
            kind="wrap",
            command=("true",),
            cwd="/",
            host=os.uname().nodename,
            user="me",
            started_at=datetime.fromtimestamp(now_s, UTC),
            pid=os.getpid(),
            recorder_pid=os.getpid(),
            recorder_started_s=0.0,
            boot_id=boot_id(),
            interval_s=TICK_S,
        )
    )
    recorder.add_devices(run_id, [DEVICE])
    print(now_s, flush=True)
    deadline_s = now_s + S_PER_HOUR
    while now_s < deadline_s:
        time.sleep(TICK_S)
        began_s, now_s = now_s, time.time()
        sample = Sample(
            device_id=DEVICE.device_id,
            start_epoch_s=began_s,
            duration_s=now_s - began_s,
            node_energy_j=1.0,
            job_energy_j=1.0,
            error_j=0.0,
            method=Method.MODEL,
        )
        recorder.add(run_id, [sample], None)


def main() -> None:
    """Kill as often as asked, and say what was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--record", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.record:
        run_id, path, spool_dir = asked.record
        record(run_id, Path(path), Path(spool_dir))
        return
    dice = random.Random(asked.seed)
    kills: list[Kill] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        while len(kills) < asked.kills:
            count = min(asked.at_once, asked.kills - len(kills))
            kills += kill_some(path, Path(folder) / "spool", count=count, dice=dice)
    lost_s = sorted(k.lost_s for k in kills)
    figures = {
        "kills": len(kills),
        "damaged": 0,
        "lost_max_s": round(lost_s[-1], 3),
        "lost_median_s": round(statistics.median(lost_s), 3),
    }
    print(json.dumps(figures))
    if asked.json:
        asked.json.write_text(json.dumps(figures))
    if lost_s[-1] > 2.0:
        raise SystemExit("more than 2 s were lost")


if __name__ == "__main__":
    main()
