"""`greenops logs`: what a job wrote."""

import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenops.cli.store import complete_job, configured
from greenops.errors import GreenopsError

if TYPE_CHECKING:
    from greenops.executors.log_reader import LogFollower
    from greenops.ledger.job_query import JobLedger

LOOK_S = 0.25
INTERRUPTED = 130


@click.command()
@click.argument("job", default="last", shell_complete=complete_job)
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, 10**9),
    help="Only the last ones.  [default: all; with -f the last 10]",
)
def logs(*, job: str, follow: bool, lines: int | None) -> None:
    """Show what JOB wrote to its standard output and error, as it is.

    JOB is an id, the start of one, a name, or `last`. What all of its attempts wrote is
    one log; of a long one the beginning may have been rotated away.
    """
    from greenops.executors.job_folder import LOG
    from greenops.ledger.job_query import JobLedger
    from greenops.wire.agent_sites import jobs_folder, ledger_file

    config = configured()
    ledger = JobLedger(ledger_file(config))
    job_id, _, _ = ledger.job(job)
    path = jobs_folder(config) / job_id / LOG
    try:
        _show(path, 10 if follow and lines is None else lines, ledger, job_id, follow)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        ledger.close()


def _show(
    path: Path,
    lines: int | None,
    ledger: "JobLedger",
    job_id: str,
    follow: bool,  # noqa: FBT001 - as the option
) -> None:
    from greenops.executors.log_reader import LogFollower

    if not follow and not path.exists():
        state = ledger.job(job_id)[2][-1]
        raise GreenopsError(
            f"job {job_id} has no log: it is {state.state} ({state.why})"
        )
    start = _printed(path, lines)
    if not follow:
        return
    follower = LogFollower(path, start)
    while True:
        over = ledger.job(job_id)[2][-1].state.final
        _write(follower)
        if over:
            _write(follower)
            return
        time.sleep(LOOK_S)


def _printed(path: Path, lines: int | None) -> int:
    """Print what is there; return how far into the log that was."""
    from greenops.executors.log_reader import chunks, last_lines, whole_log

    files = deque(whole_log(path))
    if lines is not None:
        return _print_from(path, last_lines(path, lines) if lines else None)
    while files:
        file = files.popleft()
        if file == path:
            return _print_from(path, 0)
        for chunk in chunks(file):
            sys.stdout.buffer.write(chunk)
    return 0


def _print_from(path: Path, start: int | None) -> int:
    """Print a log from `start`; None: nothing. Return where it ended."""
    from greenops.executors.log_reader import chunks

    if start is None:
        return path.stat().st_size if path.exists() else 0
    for chunk in chunks(path, start):
        sys.stdout.buffer.write(chunk)
        start += len(chunk)
    sys.stdout.buffer.flush()
    return start


def _write(follower: "LogFollower") -> None:
    for chunk in follower.read():
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
