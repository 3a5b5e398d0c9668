"""An executor with jobs that wait for their test: on this machine, or in memory."""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from greenops.executors.local import LocalExecutor
from greenops.model import Attempt, AttemptState, JobSpec
from greenops.testing import FakeExecutor, FixedClock
from greenops.tracking.identity import user_name

ROOT = Path(__file__).parents[2]
BARE = (sys.executable, "-S", str(ROOT / "tests" / "workloads" / "bare_runner.py"))
MEASURED = (sys.executable, "-P", "-m", "greenops.cli.run_attempt")
PATIENCE_S = 20.0
OPEN = {AttemptState.QUEUED, AttemptState.RUNNING, AttemptState.FROZEN}

# Notes that it ran and what reached it, and goes on until its test names an exit code.
WAITS = """
echo $$ >> ran
trap 'echo USR1 >> got' USR1
{more}
echo > ready
while [ ! -e finish ]; do sleep 0.02; done
exit $(cat finish)
"""


def until(condition, *, within_s=PATIENCE_S):
    """Return the first true answer."""
    stop = time.monotonic() + within_s
    while time.monotonic() < stop:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"not within {within_s} s")


class LocalRig:
    """Jobs as processes of this machine."""

    kind = "local"

    def __init__(self, home: Path, *, runner=BARE, **options) -> None:
        home.chmod(0o700)
        self.home = home
        self.root = home / "executor"
        self._options = {"runner": runner, "environ": environment(home), **options}
        self.executor = self.again()

    def again(self, **options):
        """Return what the next daemon would make of it."""
        return LocalExecutor(self.root, **{**self._options, **options})

    def attempt(self, attempt_id="a1", *, argv=None, more="", job_id=None, **changes):
        folder = self.folder(attempt_id)
        folder.mkdir(mode=0o700, exist_ok=True)
        spec = {"cpus": 0.01, **changes.pop("spec", {})}
        return Attempt(
            attempt_id=attempt_id,
            job_id=job_id or f"job-{attempt_id}",
            spec=JobSpec(
                name="waits",
                argv=argv or ("sh", "-c", WAITS.format(more=more)),
                cwd=str(folder),
                user=user_name(),
                **spec,
            ),
            **{"place": "here", "zone": None, "folder": str(folder), **changes},
        )

    def stubborn(self, attempt_id="a1"):
        return self.attempt(attempt_id, more="trap '' TERM")

    def folder(self, attempt_id):
        return self.home / f"job-{attempt_id}"

    def status(self, attempt_id="a1"):
        return self.executor.poll([attempt_id])[attempt_id]

    def wait_for(self, state, attempt_id="a1", *, within_s=PATIENCE_S):
        def reached():
            status = self.status(attempt_id)
            return status if status.state is state else None

        return until(reached, within_s=within_s)

    def begin(self, attempt_id="a1"):
        """Wait until the job is well under way."""
        until(lambda: self.status(attempt_id) and self.is_ready(attempt_id))
        return self.wait_for(AttemptState.RUNNING, attempt_id)

    def is_ready(self, attempt_id="a1"):
        return (self.folder(attempt_id) / "ready").exists()

    def finish(self, attempt_id="a1", code=0):
        beside = self.folder(attempt_id) / "finish.new"
        beside.write_text(str(code))
        beside.rename(beside.with_name("finish"))

    def ran(self, attempt_id="a1"):
        """Return how often the job was begun."""
        path = self.folder(attempt_id) / "ran"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def got(self, attempt_id="a1"):
        path = self.folder(attempt_id) / "got"
        return path.read_text().split() if path.exists() else []

    def pass_time(self, duration_s):
        time.sleep(duration_s)

    def record(self, attempt_id, name):
        return json.loads((self.root / "attempts" / attempt_id / name).read_text())

    def close(self):
        """End whatever a test left running."""
        for path in (self.root / "attempts").glob("[!.]*"):
            self.executor.cancel(path.name, 0.0)
            until(lambda n=path.name: self.status(n).state not in OPEN)


class FakeRig:
    """Jobs in memory, moved on by hand."""

    kind = "fake"

    def __init__(self, home: Path) -> None:
        self._local = LocalRig(home)  # for its attempts
        self._clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.executor = FakeExecutor(self._clock)
        self._begun: set[str] = set()

    def again(self):
        return self.executor

    def attempt(self, attempt_id="a1", *, argv=None, **changes):
        return self._local.attempt(attempt_id, argv=argv, **changes)

    def stubborn(self, attempt_id="a1"):
        self.executor.stubborn.add(attempt_id)
        return self.attempt(attempt_id)

    def status(self, attempt_id="a1"):
        return self.executor.poll([attempt_id])[attempt_id]

    def wait_for(self, state, attempt_id="a1"):
        status = self.status(attempt_id)
        assert status.state is state
        return status

    def begin(self, attempt_id="a1"):
        self.executor.begin(attempt_id)
        self._begun.add(attempt_id)
        return self.status(attempt_id)

    def finish(self, attempt_id="a1", code=0):
        self.executor.end(attempt_id, exit_code=code)

    def ran(self, attempt_id="a1"):
        return int(attempt_id in self._begun)

    def got(self, attempt_id="a1"):
        return [n for n in self.executor.signals(attempt_id) if n == "USR1"]

    def pass_time(self, duration_s):
        self._clock.sleep(duration_s)

    def close(self):
        """Hold nothing."""


def environment(home: Path):
    """Return what runners find: this checkout, and a home of their own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GREENOPS")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
