"""`greenops intensity`: how clean power is now, by what this machine knows itself."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from greenops.cli.store import configured
from greenops.cli.text import Column, stdout_look, table
from greenops.model import IntensityPoint
from greenops.report.text import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    Column(title="ZONE"),
    Column(title="gCO2e/kWh", right=True),
    Column(title="LOW", right=True),
    Column(title="HIGH", right=True),
    Column(title="KIND", rank=1),
    Column(title="HOW", rank=2),
    Column(title="SOURCE", rank=3, grows=True),
)


@click.command()
@click.option(
    "--zone",
    "names",
    metavar="ZONE",
    multiple=True,
    help="Grid zone or cloud region; again for more. Else the configured one.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
def intensity(names: tuple[str, ...], *, as_json: bool) -> None:
    """Show the carbon intensity of this hour, with its bounds and its source.

    Modelled from annual figures, without network; nothing is asked of anyone.
    """
    from greenops.signals.hourly_model import HourlyModelSignal

    now = datetime.now(UTC)
    signal = HourlyModelSignal()
    asked: Sequence[str | None] = names or (configured().zone,)
    points = [
        signal.intensity(zone, now, now + timedelta(seconds=1))[0] for zone in asked
    ]
    if as_json:
        click.echo(json.dumps([_row(point) for point in points], indent=2))
        return
    click.echo("\n".join(table(COLUMNS, [_cells(p) for p in points], stdout_look())))
    click.echo(f"\n{signal.traits.attribution}")
    if asked[0] is None:
        click.echo("no zone is configured: `greenops zones` helps to find yours")


def _cells(point: IntensityPoint) -> list[str]:
    return [
        point.zone,
        figure(point.intensity_g_per_kwh),
        figure(point.low_g_per_kwh),
        figure(point.high_g_per_kwh),
        f"{point.kind}, {point.basis}",
        str(point.provenance),
        point.source,
    ]


def _row(point: IntensityPoint) -> dict[str, object]:
    return {
        "zone": point.zone,
        "start": point.start.isoformat(),
        "stop": point.stop.isoformat(),
        "intensity_g_per_kwh": point.intensity_g_per_kwh,
        "low_g_per_kwh": point.low_g_per_kwh,
        "high_g_per_kwh": point.high_g_per_kwh,
        "kind": str(point.kind),
        "basis": str(point.basis),
        "provenance": str(point.provenance),
        "source": point.source,
    }
