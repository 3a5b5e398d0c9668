"""`greenops restate`: past emissions with the grid's figures as they stand now."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from greenops.cli.store import complete_run, configured, open_ledger
from greenops.cli.text import Column, moment, stdout_look, table
from greenops.model import Footprint
from greenops.report.statements import changed_to_dict, statement_to_dict
from greenops.report.text import fit, mass, plural

if TYPE_CHECKING:
    from greenops.ledger.query import Ledger
    from greenops.wire.restate import Restatement

SCHEMA = "greenops.restate/1"
COLUMNS = (
    Column(title="RUN"),
    Column(title="ZONE", rank=2),
    Column(title="BEFORE", right=True),
    Column(title="NOW", right=True),
    Column(title="CHANGE", right=True, rank=1),
    Column(title="WHY", grows=True, rank=3),
)


@click.command()
@click.option(
    "--since",
    metavar="WHEN",
    callback=moment,
    help="Runs begun since: 7d, 36h, today, 2026-03-01.",
)
@click.option("--until", metavar="WHEN", callback=moment, help="Runs begun before.")
@click.option(
    "--run",
    "names",
    metavar="RUN",
    multiple=True,
    shell_complete=complete_run,
    help="One run, by id, start of one, name, or `last`; again for more.",
)
@click.option("--zone", metavar="ZONE", help="Only runs in this grid zone.")
@click.option("--dry-run", is_flag=True, help="Compute, and write nothing down.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def restate(
    *,
    since: datetime | None,
    until: datetime | None,
    names: tuple[str, ...],
    zone: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Compute emissions of past runs anew with the carbon signals' present answers.

    Energy, PUE and embodied carbon stay as they were. The old figures stay in the
    ledger; `greenops show RUN` has both side by side. A run whose figures did not
    change gets no new ones. Exit status 1 where a run could not be restated.
    """
    if not names and since is None:
        raise click.UsageError("say which runs: --since 7d, or --run RUN")
    from greenops.wire.restate import Outcome, Restater

    ledger = open_ledger()
    run_ids = _chosen(ledger, names, since, until, zone)
    restater = Restater(ledger, configured())
    found = list(restater.restate(run_ids, dry_run=dry_run))
    if as_json:
        click.echo(json.dumps(_document(found, dry_run=dry_run), indent=2))
    else:
        _show(found, dry_run=dry_run)
    for one in found:
        if one.outcome is Outcome.FAILED:
            _complain(f"{one.run_id}: {one.detail}")
    if any(one.outcome is Outcome.FAILED for one in found):
        sys.exit(1)


def _chosen(
    ledger: "Ledger",
    names: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    zone: str | None,
) -> list[str]:
    """Return the ids of the runs meant, the oldest first."""
    code = None
    if zone is not None:
        from greenops.signals.zones import resolve_zone

        code = resolve_zone(zone).code
    if not names:
        return ledger.run_ids(since=since, until=until, zone=code)
    runs = {r.run_id: r for r in (ledger.get(name).run for name in names)}
    return [
        run_id
        for run_id, run in runs.items()
        if (code is None or run.zone == code)
        and (since is None or run.started_at >= since)
        and (until is None or run.started_at < until)
    ]


def _show(found: Sequence["Restatement"], *, dry_run: bool) -> None:
    rows = [_cells(one) for one in found if one.new is not None]
    if rows:
        click.echo("\n".join(table(COLUMNS, rows, stdout_look())))
    for one in found:
        if one.outcome == "skipped":
            click.echo(f"{one.run_id}  {fit(one.detail, 200)}")
    click.echo(_sum(Counter(one.outcome for one in found), dry_run=dry_run))


def _cells(one: "Restatement") -> list[str]:
    old, new = one.old, one.new
    if new is None:
        raise ValueError("nothing was restated")
    before, now = (f.total_g.central if f else None for f in (old, new))
    change = now / before - 1 if before and now is not None else None
    return [
        one.run_id,
        new.zone,
        "-" if before is None else mass(before),
        "-" if now is None else mass(now),
        "-" if change is None else f"{100 * change:+.1f} %",
        one.detail,
    ]


def _sum(counts: Counter[str], *, dry_run: bool) -> str:
    """Return what happened in one line; that nothing did is said too."""
    if not counts:
        return "no run matches; `greenops runs` lists all"
    restated = counts["restated"]
    would = "would be restated (nothing was written)" if dry_run else "restated"
    parts = [f"{plural(restated, 'run')} {would}" if restated else "nothing changed"]
    if counts["unchanged"]:
        parts.append(f"{counts['unchanged']} as they were")
    if counts["skipped"]:
        parts.append(f"{counts['skipped']} left out")
    if counts["failed"]:
        parts.append(f"{counts['failed']} could not be restated")
    return ", ".join(parts)


def _complain(sentence: str) -> None:
    from greenops.report.text import safe

    click.echo(f"greenops: {safe(sentence)}", err=True)


def _document(found: Sequence["Restatement"], *, dry_run: bool) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "dry_run": dry_run,
        "runs": [
            {
                "run_id": one.run_id,
                "outcome": str(one.outcome),
                "detail": one.detail,
                "before": _plain(one.old),
                "now": _plain(one.new),
                "changed_points": [changed_to_dict(c) for c in one.changed],
            }
            for one in found
        ],
    }


def _plain(footprint: Footprint | None) -> dict[str, object] | None:
    return None if footprint is None else statement_to_dict(footprint)
