"""`greenops logs`: what a job wrote."""

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenops.cli.store import complete_job, configured, ledger_path
from greenops.cli.text import stdout_look
from greenops.errors import GreenopsError, LedgerUnavailableError

if TYPE_CHECKING:
    from greenops.executors.log_follower import LogFollower
    from greenops.ledger.job_query import JobLedger
    from greenops.model import JobEvent

LOOK_S = 0.25
LOOKS_PER_STATE = 4
"""The ledger is asked how the job stands less often than the log what is new."""
LOOKS_AT_END = 8
INTERRUPTED = 130
FOLLOWED_LINES = 10


@click.command()
@click.argument("job", default="last", shell_complete=complete_job)
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, 10**9),
    help="Only the last ones.  [default: all; with -f the last 10]",
)
@click.option(
    "--attempt",
    type=click.IntRange(1),
    metavar="K",
    help="Only what its K-th attempt wrote; without --lines.",
)
@click.option("--raw", is_flag=True, help="As it is, on a terminal too.")
def logs(
    *, job: str, follow: bool, lines: int | None, attempt: int | None, raw: bool
) -> None:
    r"""Show what JOB wrote to its standard output and error.

    JOB is an id, the start of one, a name, or `last`. What all of its attempts wrote is
    one log; of a long one the beginning may have been rotated away.

    A terminal gets colours and bars of progress; what else would act on it is shown as
    \x1b and so on. A pipe gets everything as it is.
    """
    from greenops.executors.job_folder import LOG
    from greenops.ledger.job_query import JobLedger
    from greenops.wire.folders import jobs_folder

    if attempt is not None and lines is not None:
        raise click.UsageError("give --attempt or --lines, not both")
    config = configured()
    ledger = JobLedger(ledger_path(config))
    output = Output(as_it_is=raw or not sys.stdout.isatty())
    try:
        job_id, _, events = ledger.job(job)
        path = jobs_folder(config) / job_id / LOG
        last = events[-1]
        follower = None
        if attempt is not None:
            follower = _at_attempt(path, f"{job_id}.{attempt}", output)
        else:
            follower = _at_lines(path, lines, follow=follow)
        if follow and follower is not None:
            last = _follow(follower, output, ledger, job_id)
            click.echo(f"greenops: job {job_id} is {last.state}: {last.why}", err=True)
        elif follower is not None:
            _drain(follower, output)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        output.end()
        ledger.close()
    if not path.exists():
        raise GreenopsError(_missing(last, path))


class Output:
    """Standard output, for what a job wrote.

    Args:
        as_it_is: Byte by byte; otherwise safe for a terminal.
    """

    def __init__(self, *, as_it_is: bool) -> None:
        from greenops.report.terminal_text import TerminalText

        unicode = stdout_look().unicode
        self._text = None if as_it_is else TerminalText(unicode=unicode)

    def write(self, written: Iterable[bytes]) -> None:
        """Write chunks, and see to it that they are shown now."""
        for chunk in written:
            shown = chunk if self._text is None else _encoded(self._text.feed(chunk))
            sys.stdout.buffer.write(shown)
        sys.stdout.buffer.flush()

    def end(self) -> None:
        """Write what was held back, and take colours back."""
        if self._text is not None:
            sys.stdout.buffer.write(_encoded(self._text.end()))
            sys.stdout.buffer.flush()


def _encoded(text: str) -> bytes:
    return text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")


def _at_lines(path: Path, lines: int | None, *, follow: bool) -> "LogFollower":
    from greenops.executors.log_follower import LogFollower

    count = FOLLOWED_LINES if follow and lines is None else lines
    return LogFollower.at_lines(path, count)


def _at_attempt(path: Path, attempt_id: str, output: Output) -> "LogFollower | None":
    """Return what begins with the last attempt; one before it is written: None.

    Raises:
        GreenopsError: it is not known where it begins.
    """
    from greenops.executors.log_follower import LogFollower
    from greenops.executors.log_places import beginnings
    from greenops.executors.log_reader import between

    begins = beginnings(path)
    if attempt_id not in begins:
        known = ", ".join(name.rpartition(".")[2] for name in begins) or "none"
        raise GreenopsError(
            f"there is no attempt {attempt_id} in {path}; there are: {known}"
        )
    names = [*begins]
    place = names.index(attempt_id)
    if place == len(names) - 1:
        return LogFollower.at_place(path, begins[attempt_id])
    output.write(between(path, begins[attempt_id], begins[names[place + 1]]))
    return None


def _follow(
    follower: "LogFollower", output: Output, ledger: "JobLedger", job_id: str
) -> "JobEvent":
    """Write what comes until the job has ended; return its last event."""
    looks = 0
    while True:
        over = None
        if looks % LOOKS_PER_STATE == 0:
            over = _ended(ledger, job_id)
        output.write(follower.read())
        if over is not None:
            _drain(follower, output)
            return over
        looks += 1
        time.sleep(LOOK_S)


def _ended(ledger: "JobLedger", job_id: str) -> "JobEvent | None":
    """Return the event that a job ended with; None: it has not, or nobody can tell."""
    try:
        last = ledger.job(job_id)[2][-1]
    except LedgerUnavailableError:  # locked, or out of reach, for now
        return None
    return last if last.state.final else None


def _drain(follower: "LogFollower", output: Output) -> None:
    """Write all there is; a rotation that is under way is waited for."""
    output.write(follower.read())
    for _ in range(LOOKS_AT_END):
        if not follower.behind:
            return
        time.sleep(LOOK_S)
        output.write(follower.read())


def _missing(last: "JobEvent", path: Path) -> str:
    if last.attempt_id is None:
        return f"job {last.job_id} has no log: it is {last.state} ({last.why})"
    return (
        f"job {last.job_id} has no log at {path}: it ran elsewhere ({last.place}), or"
        " somebody removed it"
    )
