"""`greenops restate`: past emissions with the grid's figures as they stand now."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
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
@click.option(
    "--force", is_flag=True, help="Also where the figures kept are surer than today's."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def restate(
    *,
    since: datetime | None,
    until: datetime | None,
    names: tuple[str, ...],
    zone: str | None,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Compute emissions of past runs anew with the carbon signals' present answers.

    Energy, PUE and embodied carbon stay as they were. The old figures stay in the
    ledger; `greenops show RUN` has both side by side. A run whose figures did not
    change gets no new ones, and surer figures never give way to less sure ones. Exit
    status 1 where a run could not be restated.
    """
    if not names and since is None:
        raise click.UsageError("say which runs: --since 7d, or --run RUN")
    from greenops.wire.restate import Outcome, Restater

    ledger = open_ledger()
    run_ids = _chosen(ledger, names, since, until, zone)
    made = Restater(ledger, configured()).restate(run_ids, dry_run=dry_run, force=force)
    tell = _write_json if as_json else _show
    counts = tell(made, dry_run=dry_run)
    if counts[Outcome.FAILED]:
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


def _show(made: Iterable["Restatement"], *, dry_run: bool) -> Counter[str]:
    """Print what became of the runs; keep no more of each than its line."""
    counts: Counter[str] = Counter()
    rows, left_out = [], []
    for one in made:
        counts[one.outcome] += 1
        if one.new is not None:
            rows.append(_cells(one.run_id, one.old, one.new, one.detail))
        elif one.outcome == "skipped":
            left_out.append(f"{one.run_id}  {fit(one.detail, 200)}")
        elif one.outcome == "failed":
            _complain(one)
    if rows:
        click.echo("\n".join(table(COLUMNS, rows, stdout_look())))
    for line in left_out:
        click.echo(line)
    click.echo(_sum(counts, dry_run=dry_run))
    return counts


def _cells(
    run_id: str, old: Footprint | None, new: Footprint, detail: str
) -> list[str]:
    now = new.total_g.central
    before = old.total_g.central if old else None
    return [
        run_id,
        new.zone,
        "-" if before is None else mass(before),
        mass(now),
        f"{100 * (now / before - 1):+.1f} %" if before else "-",
        detail,
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


def _complain(one: "Restatement") -> None:
    from greenops.report.text import safe

    click.echo(f"greenops: {safe(f'{one.run_id}: {one.detail}')}", err=True)


def _write_json(made: Iterable["Restatement"], *, dry_run: bool) -> Counter[str]:
    counts: Counter[str] = Counter()
    runs = []
    for one in made:
        counts[one.outcome] += 1
        if one.outcome == "failed":
            _complain(one)
        runs.append(
            {
                "run_id": one.run_id,
                "outcome": str(one.outcome),
                "detail": one.detail,
                "before": _plain(one.old),
                "now": _plain(one.new),
                "changed_points": [changed_to_dict(c) for c in one.changed],
            }
        )
    document = {"schema": SCHEMA, "dry_run": dry_run, "runs": runs}
    click.echo(json.dumps(document, indent=2))
    return counts


def _plain(footprint: Footprint | None) -> dict[str, object] | None:
    return None if footprint is None else statement_to_dict(footprint)
