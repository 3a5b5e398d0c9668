"""`greenops runs`: the list of measured runs."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Unpack

import click

from greenops.cli.store import SORTS, filters, open_ledger
from greenops.cli.text import Column, ago, lasted, stdout_look, table
from greenops.model import RunRow, RunStatus
from greenops.report.look import Look
from greenops.report.tables import write_csv
from greenops.report.text import energy, mass

if TYPE_CHECKING:
    from greenops.ledger.listing import RunFilter

DEFAULT_LIMIT = 20
MOST = 10**9
FIELDS = (
    "run_id", "name", "kind", "status", "started_at", "duration_s", "host", "user",
    "project", "team", "zone", "exit_code", "energy_j", "total_g", "parent_run_id",
    "tags", "restated",
)  # fmt: skip
COLUMNS = (
    Column(title="RUN"),
    Column(title="NAME", grows=True),
    Column(title="STARTED", rank=4),
    Column(title="STATUS", rank=3),
    Column(title="DURATION", right=True, rank=2),
    Column(title="ENERGY", right=True),
    Column(title="CO2e", right=True, rank=1),
    Column(title="PROJECT", rank=5, grows=True),
)


@click.command()
@filters
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default="started",
    show_default=True,
    help="What to sort by, highest or newest first.",
)
@click.option("--reverse", is_flag=True, help="Lowest or oldest first.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, MOST),
    default=DEFAULT_LIMIT,
    show_default=True,
    help="How many.",
)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--json", "form", flag_value="json", help="As JSON.")
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
def runs(
    *,
    sort: str,
    reverse: bool,
    limit: int,
    everything: bool,
    form: str | None,
    **chosen: "Unpack[RunFilter]",
) -> None:
    """List measured runs, the newest first."""
    found = open_ledger().find_runs(
        **chosen,
        sort=sort,
        descending=(sort == "name") == reverse,
        # One more than is shown tells whether there are more, without counting all.
        limit=None if everything else limit + 1,
    )
    shown = found if everything else found[:limit]
    if form == "json":
        _write_json(shown)
    elif form == "csv":
        write_csv(map(row_to_dict, shown), FIELDS, sys.stdout)
    else:
        _show(shown, chosen, more=len(found) > len(shown))


def row_to_dict(row: RunRow) -> dict[str, object]:
    """Return one run as JSON types; keys end in their units."""
    fields: dict[str, object] = {name: getattr(row, name) for name in FIELDS}
    return fields | {
        "status": str(row.status),
        "started_at": row.started_at.isoformat(),
        "tags": dict(row.tags),
    }


def _write_json(found: Sequence[RunRow]) -> None:
    """Write a list row by row: a hundred thousand runs need not fit as one text."""
    sys.stdout.write("[")
    for i, row in enumerate(found):
        text = json.dumps(row_to_dict(row), indent=2).replace("\n", "\n  ")
        sys.stdout.write(f"{',' if i else ''}\n  {text}")
    sys.stdout.write("\n]\n" if found else "]\n")


def _show(found: Sequence[RunRow], chosen: "RunFilter", *, more: bool) -> None:
    if not found:
        if any(value is not None for value in chosen.values()):
            click.echo("No run matches; `greenops runs` lists all.", err=True)
        else:
            click.echo("No runs yet. Measure one: greenops wrap train.py", err=True)
        return
    look = stdout_look()
    now = datetime.now(UTC)
    texts = [_texts(row, now) for row in found]
    columns = [c for i, c in enumerate(COLUMNS) if i < 7 or any(t[7] for t in texts)]
    lines = table(columns, texts, look)
    click.echo(lines[0])
    for row, line in zip(found, lines[1:], strict=True):
        click.echo(_tinted(line, row, look))
    if any(row.restated for row in found):
        click.echo(
            look.paint("dim", "* restated; `greenops show RUN` has both figures")
        )
    if more and sys.stdout.isatty():
        click.echo(look.paint("dim", "there are more: greenops runs --all"))


def _texts(row: RunRow, now: datetime) -> tuple[str, ...]:
    status = str(row.status)
    if row.exit_code and row.status is RunStatus.FAILED:
        status = f"failed {row.exit_code}"
    return (
        row.run_id,
        row.name,
        ago(row.started_at, now),
        status,
        lasted(row.duration_s),
        "-" if row.energy_j is None else energy(row.energy_j),
        "-" if row.total_g is None else _stated(row, row.total_g),
        row.project or "",
    )


def _stated(row: RunRow, total_g: float) -> str:
    return f"{mass(total_g)} *" if row.restated else mass(total_g)


def _tinted(line: str, row: RunRow, look: Look) -> str:
    styles = {RunStatus.RUNNING: "good", RunStatus.FAILED: "bad", RunStatus.LOST: "bad"}
    return look.paint(styles.get(row.status, ""), line)
