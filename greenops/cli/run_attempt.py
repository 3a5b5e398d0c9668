"""`python -m greenops.cli.run_attempt FOLDER`: the process that runs one attempt.

Not for people: the local executor starts it. It is `greenops wrap` for a job that was
submitted, so it starts the job before it imports anything heavy, as that does.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from greenops.cli.wrap import account
from greenops.config import Config, load_config_leniently
from greenops.errors import ConfigError
from greenops.executors.local_order import Order
from greenops.executors.local_runner import (
    HowItEnded,
    NotStartedError,
    run_attempt,
)
from greenops.tracking.outcome import CommandError
from greenops.wire.start import StartedJob, start_job

if TYPE_CHECKING:
    from greenops.tracking.outcome import Ended


class MeasuredCommand:
    """A command that runs and is measured, as `greenops wrap` does it.

    Args:
        job: The command, started.
        config: The settings in force.
        complaints: What was wrong with them.
    """

    def __init__(self, job: StartedJob, config: Config, complaints: list[str]) -> None:
        import time

        from greenops.tracking.identity import new_run_id

        self.pid = job.child.pid
        self.run_id: str | None = new_run_id(time.time())
        self._job = job
        self._config = config
        self._complaints = complaints
        self._begun = job.record(self.run_id)
        self._ended: Ended | None = None

    def wait(self) -> HowItEnded:
        """Return when it has ended, with how."""
        self._ended = self._job.child.wait()
        return HowItEnded(self._ended.exit_code, self._ended.exit_signal)

    def conclude(self) -> bool:
        """Finish measuring; return whether there is a run to be found."""
        if self._ended is None:
            return False
        return account(
            self._begun, self._ended, self._config, complaints=self._complaints
        )


def start(order: Order, environ: Mapping[bytes, bytes]) -> MeasuredCommand:
    """Start the command of an order, and begin to measure it.

    Raises:
        NotStartedError: there is no such command, or it cannot be executed.
    """
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        if (value := environ.get(name.encode())) is not None:
            os.environ[name] = os.fsdecode(value)  # so that its GPUs are measured
    config, complaints = load_config_leniently(environ=os.environ, cwd=Path.cwd())
    config = _of_order(config, order, complaints)
    try:
        job = start_job(config, order.argv, name=order.name, environ=environ)
    except CommandError as e:
        raise NotStartedError(str(e), e.exit_code) from e
    return MeasuredCommand(job, config, complaints)


def _of_order(config: Config, order: Order, complaints: list[str]) -> Config:
    """Return the settings with what is known of the job; a wrong one is left out."""
    own = {"job_id": order.job_id, "attempt": order.attempt_id}
    known: dict[str, object] = {
        "tags": {**config.tags, **order.tags, **own},
        "zone": order.zone,
        "pue": order.pue,
        "project": order.project,
        "team": order.team,
    }
    for name, value in known.items():
        try:
            config = config.with_options({name: value})
        except ConfigError as e:
            complaints.append(str(e))
    return config


def main() -> None:
    """Run the attempt whose folder is the one argument."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m greenops.cli.run_attempt FOLDER")
    run_attempt(Path(sys.argv[1]), start, own_group=_own_group)
    sys.stderr.flush()
    os._exit(0)  # a driver that hangs must not keep us


def _own_group() -> Path:
    from greenops.sensors.job_cgroup import own_group

    proc = Path("/proc/self")
    return own_group((proc / "mountinfo").read_text(), (proc / "cgroup").read_text())


if __name__ == "__main__":
    main()
