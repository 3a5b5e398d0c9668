"""`greenops jobs`: the list of submitted jobs."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from greenops.cli.store import configured, ledger_path
from greenops.cli.text import Column, ago, stdout_look, table
from greenops.model import JobLine, JobState
from greenops.report.look import Look
from greenops.report.text import duration, fit, mass

if TYPE_CHECKING:
    from greenops.ledger.job_query import JobLedger

DEFAULT_LIMIT = 20
MOST = 10**9
COLUMNS = (
    Column(title="JOB"),
    Column(title="NAME", grows=True),
    Column(title="STATE"),
    Column(title="PLACE", rank=3),
    Column(title="WHEN", rank=1),
    Column(title="SAVES", right=True, rank=2),
    Column(title="DUE", rank=4),
    Column(title="PROJECT", rank=5, grows=True),
    Column(title="WHY", rank=6),
)
WHY_COLUMNS = 36
"""Of the sentence why a job stands so; `greenops job` has all of it."""
_PROJECT = 7
_STYLES = {
    JobState.RUNNING: "good",
    JobState.FAILED: "bad",
    JobState.HELD: "bad",
    JobState.CANCELLED: "dim",
}


@click.command()
@click.option(
    "--state",
    type=click.Choice([str(s) for s in JobState]),
    help="Only jobs that stand so.",
)
@click.option(
    "--open", "open_only", is_flag=True, help="Only jobs that have not ended."
)
@click.option("--name", help="Only jobs of this name.")
@click.option("--project", help="Only jobs of this project.")
@click.option("--user", help="Only jobs of this user.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, MOST),
    default=DEFAULT_LIMIT,
    show_default=True,
    help="How many.",
)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
def jobs(
    *,
    limit: int,
    everything: bool,
    as_json: bool,
    **chosen: Any,  # noqa: ANN401 - those of `JobFilter`
) -> None:
    """List submitted jobs, those that have not ended first, the newest first."""
    from greenops.ledger.job_query import JobLedger

    ledger = JobLedger(ledger_path(configured()))
    try:
        shown, more = _found(ledger, chosen, None if everything else limit)
        counted = ledger.count_states() if sys.stdout.isatty() else {}
    finally:
        ledger.close()
    if as_json:
        _write_json(shown)
    else:
        _show(shown, counted, chosen, more=more)


def _write_json(shown: Sequence[JobLine]) -> None:
    """Write a list job by job: a hundred thousand need not fit as one text."""
    from greenops.report.job_document import line_to_dict

    sys.stdout.write("[")
    for i, line in enumerate(shown):
        text = json.dumps(line_to_dict(line), indent=2).replace("\n", "\n  ")
        sys.stdout.write(f"{',' if i else ''}\n  {text}")
    sys.stdout.write("\n]\n" if shown else "]\n")


def _found(
    ledger: "JobLedger",
    chosen: dict[str, Any],
    limit: int | None,
) -> tuple[list[JobLine], bool]:
    """Return what is to be shown, open jobs first; and whether there is more."""
    most = None if limit is None else limit + 1
    found = ledger.find_jobs(**chosen, limit=most)
    if not chosen["open_only"] and chosen["state"] is None:
        first = ledger.find_jobs(**{**chosen, "open_only": True}, limit=most)
        known = {line.job_id for line in first}
        found = [*first, *(line for line in found if line.job_id not in known)]
    shown = found if limit is None else found[:limit]
    return shown, len(found) > len(shown)


def _show(
    shown: Sequence[JobLine],
    counted: Mapping[JobState, int],
    chosen: dict[str, Any],
    *,
    more: bool,
) -> None:
    look = stdout_look()
    if not shown:
        if any(chosen.values()):
            click.echo("No job matches; `greenops jobs` lists all.", err=True)
        else:
            click.echo("No jobs yet. Submit one: greenops submit train.py", err=True)
        return
    now = datetime.now(UTC)
    texts = [_texts(line, now, look) for line in shown]
    kept = [
        i for i, _ in enumerate(COLUMNS) if i != _PROJECT or any(t[i] for t in texts)
    ]
    texts = [tuple(t[i] for i in kept) for t in texts]
    head, *rows = table([COLUMNS[i] for i in kept], texts, look)
    click.echo(head)
    for line, row in zip(shown, rows, strict=True):
        click.echo(look.paint(_STYLES.get(line.state, ""), row))
    if sys.stdout.isatty():
        _foot(counted, look, more=more)


def _foot(counted: Mapping[JobState, int], look: Look, *, more: bool) -> None:
    said = ", ".join(f"{n} {state}" for state, n in counted.items())
    click.echo(look.paint("dim", said))
    if more:
        click.echo(look.paint("dim", "there are more: greenops jobs --all"))


def _texts(line: JobLine, now: datetime, look: Look) -> tuple[str, ...]:
    state = f"{line.state}, {line.request} asked" if line.request else str(line.state)
    saved_g = line.saved_g if line.state.final else line.promised_g
    ends = line.state.final or line.deadline is None
    return (
        line.job_id,
        line.name,
        state,
        line.place or line.planned_place or "-",
        _when(line, now),
        "-" if saved_g is None else _signed(saved_g, final=line.state.final),
        "-" if ends or line.deadline is None else coming(line.deadline, now),
        line.project or "",
        fit(line.why, WHY_COLUMNS, unicode=look.unicode),
    )


def _signed(saved_g: float, *, final: bool) -> str:
    """Return what was saved; what is only promised bears a tilde."""
    sign = "-" if saved_g < 0.0 else ""
    return f"{'' if final else '~'}{sign}{mass(abs(saved_g))}"


def _when(line: JobLine, now: datetime) -> str:
    if line.state in {JobState.WAITING, JobState.PAUSED}:
        if line.planned_start is None:
            return "as soon as there is room"
        return f"starts {coming(line.planned_start, now)}"
    word = "ended" if line.state.final else "since"
    return f"{word} {ago(line.since, now)}"


def coming(moment: datetime, now: datetime) -> str:
    """Return how soon: `now`, `in 3 h 20 min`, or local date and time."""
    ahead = moment - now
    if ahead <= timedelta(0):
        return "now"
    if ahead < timedelta(days=1):
        return f"in {duration(ahead.total_seconds())}"
    return f"{moment.astimezone():%a %d %b %H:%M}"
