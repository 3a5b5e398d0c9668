"""A small real ledger, written by the recorder, for the reading commands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from greenops.cli import cli
from greenops.ledger.jobs import LedgerJobs
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import JobUse, RunStatus
from tests.unit.report import records as r

HOSTILE_NAME = "evil\x1b[2J\x1b]0;gone\x07\u202e\n=cmd()"
SECONDS = 10


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of its own, with nothing configured."""
    for variable in ("NO_COLOR", "COLUMNS", "GREENOPS_CONFIG", "GREENOPS_ZONE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def write_run(recorder, run, *, status=RunStatus.FINISHED, gpu_w=100.0):
    """Write one run of ten seconds, with its samples, its marks and its end."""
    start_s = run.started_at.timestamp()
    recorder.begin(run)
    recorder.add_devices(run.run_id, [r.GPU, r.CPU])
    recorder.mark(run.run_id, replace(r.mark("epoch 1", 4), at_epoch_s=start_s + 4))
    for i in range(SECONDS):
        samples = [
            replace(r.sample(r.GPU, power_w=gpu_w), start_epoch_s=start_s + i),
            replace(r.sample(r.CPU, power_w=10), start_epoch_s=start_s + i),
        ]
        use = JobUse(
            start_epoch_s=start_s + i,
            duration_s=1.0,
            cpu_s=2.0,
            node_cpu_s=4.0,
            rss_bytes=1 << 30,
        )
        recorder.add(run.run_id, samples, use)
    if status is RunStatus.RUNNING:
        return
    gpu_j, cpu_j = gpu_w * SECONDS, 10.0 * SECONDS
    end = r.end(
        run.run_id,
        SECONDS,
        status=status,
        stopped_at=run.started_at + timedelta(seconds=SECONDS),
        exit_code=3 if status is RunStatus.FAILED else 0,
    )
    totals = [r.total(r.GPU, gpu_j), r.total(r.CPU, cpu_j)]
    recorder.finish(end, totals, r.footprint(gpu_j + cpu_j, gpu_w / 100))


@pytest.fixture
def ledger(home):
    """Three runs: `base` (oldest), `lean` at a third of the power, a hostile one."""
    recorder = LedgerRecorder()
    now = datetime.now(UTC).replace(microsecond=0)
    runs: list[tuple[str, float, dict[str, Any]]] = [
        ("base", 300.0, {"project": "vision", "tags": {"stage": "pretrain"}}),
        ("lean", 100.0, {"project": "vision", "team": "red"}),
        (HOSTILE_NAME, 100.0, {"tags": {HOSTILE_NAME: HOSTILE_NAME}}),
    ]
    for i, (name, gpu_w, fields) in enumerate(runs):
        run = r.run(
            f"20260301-12000{i}-{'abc'[i] * 6}",
            name,
            started_at=now - timedelta(days=9 - 4 * i),
            recorder_pid=1,
            **fields,
        )
        status = RunStatus.FAILED if i == 2 else RunStatus.FINISHED
        write_run(recorder, run, gpu_w=gpu_w, status=status)
    assert recorder.flush(10)
    recorder.close()
    return home / "data" / "greenops" / "ledger.db"


@pytest.fixture
def store(home):
    """The jobs of this home."""
    made = LedgerJobs(
        home / "data" / "greenops" / "ledger.db", home / "state" / "greenops" / "jobs"
    )
    yield made
    made.close()


@pytest.fixture
def greenops():
    """Run one command line; return click's result."""

    def run(*words, **options):
        return CliRunner().invoke(cli, list(words), **options)

    return run
