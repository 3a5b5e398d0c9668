"""Stays with a job until it has ended: shows its output, ends as it did."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from greenops.cli.store import configured

if TYPE_CHECKING:
    from greenops.executors.log_follower import LogFollower
    from greenops.ledger.jobs import LedgerJobs
    from greenops.model import JobEvent

LOOK_S = 0.25
INTERRUPTED = 130
NOT_DONE = 1
SIGNALLED = 128


def wait_for(job_id: str, *, sleep: Callable[[float], object] = time.sleep) -> int:
    """Show a job's output until it has ended; return its exit status.

    A signal that ended it is 128 and its number, as shells say it; one that never ran
    is 1. Interrupting this leaves the job alone: 130.

    Args:
        job_id: Its id.
        sleep: Sleeps for so many s.
    """
    from greenops.executors.job_folder import LOG
    from greenops.executors.log_follower import LogFollower
    from greenops.ledger.jobs import LedgerJobs
    from greenops.wire.folders import jobs_folder, ledger_file

    config = configured()
    store = LedgerJobs(ledger_file(config), jobs_folder(config))
    follower = LogFollower(jobs_folder(config) / job_id / LOG)
    try:
        return _status(_followed(store, job_id, follower, sleep))
    except KeyboardInterrupt:
        click.echo(
            f"greenops: job {job_id} is left to itself; `greenops logs -f {job_id}`"
            f" shows its output again, `greenops cancel {job_id}` ends it",
            err=True,
        )
        return INTERRUPTED
    finally:
        store.close()


def _followed(
    store: "LedgerJobs",
    job_id: str,
    follower: "LogFollower",
    sleep: Callable[[float], object],
) -> "JobEvent":
    last = None
    while True:
        if store.changed() or last is None:
            last = store.job(job_id)[2][-1]
        over = last.state.final
        show(follower)
        if over:
            show(follower)  # what was being rotated at the end
            return last
        sleep(LOOK_S)


def show(follower: "LogFollower") -> None:
    """Write what a log has grown by to standard output, as it is."""
    for chunk in follower.read():
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def _status(last: "JobEvent") -> int:
    click.echo(f"greenops: job {last.job_id} is {last.state}: {last.why}", err=True)
    code, number = last.facts.get("exit_code"), last.facts.get("exit_signal")
    if last.state.value == "done":
        return 0
    if isinstance(number, int):
        return SIGNALLED + number
    return code if isinstance(code, int) and code else NOT_DONE
