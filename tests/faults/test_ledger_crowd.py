"""Many processes on one ledger at the same moment."""

import subprocess
import sys

import pytest

from greenops.ledger.query import Ledger
from greenops.model import RunStatus
from tests.bench.ledger_kill import check
from tests.unit.ledger.records import spooled

CROWD = """
import os, sys, time
from pathlib import Path
from greenops.ledger.recorder import LedgerRecorder
import greenops.ledger.writer, greenops.model
from tests.unit.ledger.records import *

path, spool, count, ticks = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])

def record(n):
    run_id = f"run-{n}"
    recorder = LedgerRecorder(path, spool_dir=spool)
    slowest_s = 0.0
    def told(call, *given):
        nonlocal slowest_s
        began_s = time.thread_time()
        call(*given)
        slowest_s = max(slowest_s, time.thread_time() - began_s)
    told(recorder.begin, a_run(run_id))
    told(recorder.add_devices, run_id, [CPU, GPU])
    for tick in range(ticks):
        told(recorder.add, run_id, [a_sample(tick), a_sample(tick, GPU)], a_use(tick))
        time.sleep(0.1)
    told(recorder.finish, an_end(run_id), [a_total(), a_total(GPU)], a_footprint())
    written = recorder.flush(30.0)
    said = recorder.complaints()
    recorder.close()
    if said or not written or slowest_s > 0.05:
        print(n, written, said, slowest_s, flush=True)
        return 1
    return 0

start_read, start_write = os.pipe()
children = []
for n in range(count):
    pid = os.fork()
    if pid == 0:
        os.close(start_write)
        os.read(start_read, 1)  # all begin at once: at the end of this pipe
        os._exit(record(n))
    children.append(pid)
os.close(start_write)
sys.exit(sum(os.waitpid(pid, 0)[1] != 0 for pid in children))
"""


@pytest.mark.parametrize("ticks", [0, 15], ids=["no-tick", "15-ticks"])
def test_of_100_at_once_none_fails_and_none_blocks_its_job(tmp_path, ticks):
    path = tmp_path / "data" / "ledger.db"
    command = [sys.executable, "-c", CROWD, path, tmp_path / "spool", "100", ticks]

    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=100
    )

    assert done.returncode == 0, done.stdout + done.stderr
    ledger = Ledger(path)
    assert ledger.count_runs(status=RunStatus.FINISHED) == 100
    assert all(len(list(ledger.samples(f"run-{n}"))) == 2 * ticks for n in range(100))
    assert spooled(tmp_path / "spool") == []
    check(path)
    left = {f.name for f in path.parent.iterdir()}
    assert left <= {f"ledger.db{end}" for end in ("", "-wal", "-shm", ".lock")}
