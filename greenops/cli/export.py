"""`greenops export`: runs or their samples for other programs."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from greenops.cli.runs import FIELDS, row_to_dict
from greenops.cli.store import filters, open_ledger
from greenops.errors import ConfigError
from greenops.model import RunRow

if TYPE_CHECKING:
    from greenops.ledger.listing import RunFilter
    from greenops.ledger.query import Ledger

SAMPLE_FIELDS = (
    "run_id", "device_id", "start_epoch_s", "duration_s", "node_energy_j",
    "job_energy_j", "error_j", "method", "utilization",
)  # fmt: skip


@click.command()
@filters
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
@click.option("--json", "form", flag_value="json", help="As JSON lines.")
@click.option("--parquet", "form", flag_value="parquet", help="As Parquet; needs -o.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; standard output without it.",
)
@click.option("--samples", is_flag=True, help="Every sample in place of every run.")
def export(
    *,
    form: str | None,
    output: Path | None,
    samples: bool,
    **chosen: "Unpack[RunFilter]",
) -> None:
    """Write runs, the newest first, for other programs.

    A file appears under its name only once it is complete. Energies are in J,
    emissions in gCO2e, durations in s, times in UTC.
    """
    if output == Path("-"):
        output = None
    form = form or (output.suffix.lstrip(".").lower() if output else "")
    if form not in ("csv", "json", "parquet"):
        raise click.UsageError("choose --csv, --json or --parquet")
    if form == "parquet" and output is None:
        raise click.UsageError("--parquet needs -o FILE: it is not text")
    ledger = open_ledger()
    found = ledger.find_runs(**chosen, limit=None)
    fields = SAMPLE_FIELDS if samples else FIELDS
    rows = _sample_rows(ledger, found) if samples else map(row_to_dict, found)
    from greenops.report import tables

    if output is None:
        writers = {"csv": tables.write_csv, "json": tables.write_json_lines}
        writers[form](rows, fields, sys.stdout)
        return
    _check_folder(output)
    count = tables.write_file(rows, fields, output, form)
    click.echo(f"greenops: wrote {count} rows to {output}", err=True)


def _check_folder(output: Path) -> None:
    if not output.absolute().parent.is_dir():
        raise ConfigError(
            f"there is no folder {output.absolute().parent}; make it first"
        )


def _sample_rows(
    ledger: "Ledger", found: Iterable[RunRow]
) -> Iterator[dict[str, object]]:
    for row in found:
        for sample in ledger.samples(row.run_id):
            yield {
                "run_id": row.run_id,
                **{name: getattr(sample, name) for name in SAMPLE_FIELDS[1:-2]},
                "method": str(sample.method),
                "utilization": sample.utilization,
            }
