"""`greenops rm`: delete runs."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from greenops.cli.store import complete_run, open_ledger
from greenops.cli.text import moment_before, stdout_look
from greenops.errors import ConfigError
from greenops.model import RunStatus
from greenops.report.text import fit, plural

if TYPE_CHECKING:
    from greenops.ledger.query import Ledger

MOST_NAMED = 10


@click.command()
@click.argument("run", nargs=-1, shell_complete=complete_run)
@click.option(
    "--older-than",
    "before",
    metavar="SPAN",
    callback=moment_before,
    help="Every run that began longer ago than 90d, 36h, ...",
)
@click.option(
    "--samples",
    is_flag=True,
    help="Only what the runs are drawn from; their totals stay.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def rm(
    *, run: tuple[str, ...], before: datetime | None, samples: bool, yes: bool
) -> None:
    """Delete runs, their samples and marks from the ledger, for good.

    With --samples the list, the energy and the emissions stay; the timeline and the
    split into phases and hours go, which is nearly all of the file.
    """
    if not run and before is None:
        raise click.UsageError("name the runs to delete, or give --older-than")
    ledger = open_ledger()
    doomed = _chosen(ledger, run, before)
    if not doomed:
        click.echo("greenops: no run is that old; nothing to delete", err=True)
        return
    look = stdout_look()
    for run_id, name in list(doomed.items())[:MOST_NAMED]:
        click.echo(f"{run_id}  {fit(name, 40, unicode=look.unicode)}")
    if len(doomed) > MOST_NAMED:
        click.echo(f"and {len(doomed) - MOST_NAMED} more")
    if not yes:
        runs = plural(len(doomed), "run")
        what = f"the samples of {runs}" if samples else f"{runs} with all their samples"
        click.confirm(f"Delete {what}?", abort=True)
    if samples:
        count = ledger.delete_samples(list(doomed))
        click.echo(f"deleted {plural(count, 'sample')}")
        return
    ledger.delete(list(doomed))
    click.echo(f"deleted {plural(len(doomed), 'run')}")


def _chosen(
    ledger: "Ledger", texts: tuple[str, ...], before: datetime | None
) -> dict[str, str]:
    """Return ids and names of the runs meant; one that goes on is refused."""
    doomed: dict[str, str] = {}
    for text in texts:
        record = ledger.get(text)
        if record.status is RunStatus.RUNNING:
            raise ConfigError(f"{record.run.run_id} still runs; stop it first")
        doomed[record.run.run_id] = record.run.name
    if before is not None:
        for row in ledger.find_runs(until=before, limit=None):
            if row.status is not RunStatus.RUNNING:
                doomed[row.run_id] = row.name
    return doomed
