"""`greenops forecast`: how clean power will be, with bands that hold."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenops.cli.intensity import WAIT_S, here, name_the_sources
from greenops.cli.store import configured
from greenops.cli.text import Column, picture_path, stdout_look, table
from greenops.errors import SignalError
from greenops.model import IntensityKind
from greenops.report.text import figure, fit, fold, percent, safe

if TYPE_CHECKING:
    from greenops.model import Forecast
    from greenops.report.forecast_hours import Step

MOST_HOURS = 168
COLUMNS = (
    Column(title="FROM"),
    Column(title="gCO2e/kWh", right=True),
    Column(title="80 % BAND", right=True),
    Column(title="95 % BAND", right=True, rank=1),
)


@click.command()
@click.option(
    "--zone",
    "names",
    metavar="ZONE",
    multiple=True,
    help="Grid zone or cloud region; again for more. Else where this machine is.",
)
@click.option(
    "--hours",
    type=click.IntRange(1, MOST_HOURS),
    default=48,
    show_default=True,
    help="How far ahead.",
)
@click.option(
    "--marginal",
    is_flag=True,
    help="What a further kWh emits (signals.marginal_order), not the grid's mean.",
)
@click.option(
    "--plot",
    metavar="FILE",
    callback=picture_path,
    help="Draw into a .png, .svg or .pdf file as well.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, every hour, in UTC.")
def forecast(
    names: tuple[str, ...],
    hours: int,
    *,
    marginal: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Forecast carbon intensity, with 80 % and 95 % bands.

    Learnt from the recorded hours of the configured signals, blended with the
    provider's own forecast where there is one. Without recorded hours it is what the
    signals state for the hours ahead, by default modelled by this machine.
    """
    from greenops.wire.forecast import forecast_zone
    from greenops.wire.signals import open_signal

    config = configured()
    kind = IntensityKind.MARGINAL if marginal else IntensityKind.AVERAGE
    signal = open_signal(config, kind=kind, wait_s=max(WAIT_S, config.signals_wait_s))
    found, failed = [], []
    for zone in names or (here(config),):
        try:
            found.append(forecast_zone(signal, zone, config, hours=hours))
        except SignalError as e:
            failed.append(str(e))
    if as_json:
        click.echo(json.dumps([_row(f) for f in found], indent=2))
    elif found:
        click.echo("\n\n".join("\n".join(_shown(f)) for f in found))
        name_the_sources(signal)
    if plot and found:
        from greenops.report.forecast_picture import save_forecasts

        save_forecasts(found, plot)
        click.echo(f"greenops: drew {plot}", err=True)
    for complaint in failed:
        click.echo(f"greenops: {safe(complaint)}", err=True)
    if failed:
        sys.exit(1)


def _shown(forecast: "Forecast") -> list[str]:
    from greenops.report.forecast_hours import HOUR, cleanest, steps
    from greenops.report.forecast_plot import chart

    look = stdout_look()
    rows = steps(forecast, None)
    title = f"{forecast.zone}, next {len(forecast.hours)} h"
    about = f"{forecast.kind}, {forecast.basis}; {forecast.method}; {forecast.source}"
    lines = [
        look.paint("bold", fit(title, look.columns, unicode=look.unicode)),
        *fold(safe(about, unicode=look.unicode), look.columns),
        "",
        *chart(forecast, look, None),
        "",
        *([f"means of {rows[0].length // HOUR} h"] if rows[0].length > HOUR else []),
        *table(COLUMNS, [_cells(row, look.dash) for row in rows], look),
    ]
    best = cleanest(forecast)
    if best is not None:
        start = best.start.astimezone()
        sentence = (
            f"cleanest {best.hours} h: from {start:%a %d %b %H:%M}, "
            f"{figure(best.mean_g_per_kwh)} gCO2e/kWh, "
            f"{percent(best.saved)} below starting now"
        )
        lines += ["", *fold(sentence, look.columns)]
    return lines


def _cells(step: "Step", dash: str) -> list[str]:
    hour = step.hour
    return [
        f"{step.start:%a %d %b %H:%M}",
        figure(hour.intensity_g_per_kwh),
        f"{figure(hour.low80_g_per_kwh)}{dash}{figure(hour.high80_g_per_kwh)}",
        f"{figure(hour.low95_g_per_kwh)}{dash}{figure(hour.high95_g_per_kwh)}",
    ]


def _row(forecast: "Forecast") -> dict[str, object]:
    return {
        "zone": forecast.zone,
        "kind": str(forecast.kind),
        "basis": str(forecast.basis),
        "issued_at": forecast.issued_at.isoformat(),
        "method": forecast.method,
        "source": forecast.source,
        "hours": [
            {
                "start": h.start.isoformat(),
                "intensity_g_per_kwh": h.intensity_g_per_kwh,
                "low80_g_per_kwh": h.low80_g_per_kwh,
                "high80_g_per_kwh": h.high80_g_per_kwh,
                "low95_g_per_kwh": h.low95_g_per_kwh,
                "high95_g_per_kwh": h.high95_g_per_kwh,
            }
            for h in forecast.hours
        ],
    }
