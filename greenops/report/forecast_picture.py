"""Forecasts as a picture file, drawn by matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from greenops.errors import ConfigError
from greenops.model import Forecast
from greenops.report.forecast_hours import HOUR
from greenops.report.picture import literal, save_figure
from greenops.report.text import safe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 12
LINE, BAND_80, BAND_95 = "#14532d", "#8fc3a0", "#d3e8d9"


def save_forecasts(forecasts: Sequence[Forecast], path: Path) -> None:
    """Draw one panel per zone into a .png, .svg or .pdf file, times in UTC.

    Every panel begins at 0 g/kWh: what looks half as dirty is half as dirty.

    Raises:
        ConfigError: too many zones, no matplotlib, or the file cannot be written.
    """
    try:
        # The object interface: no window, no global state, no display needed.
        from matplotlib.figure import Figure
    except ImportError as e:
        raise ConfigError(
            "--plot needs matplotlib; install it with: pip install 'greenops[plot]'"
        ) from e
    if len(forecasts) > MOST_PANELS:
        raise ConfigError(f"--plot draws at most {MOST_PANELS} zones into one picture")
    figure = Figure(figsize=(9, 1.0 + 2.6 * len(forecasts)), layout="constrained")
    panels = figure.subplots(len(forecasts), 1, sharex=True, squeeze=False)[:, 0]
    for panel, forecast in zip(panels, forecasts, strict=True):
        _draw(panel, forecast)
    panels[0].legend(loc="upper right", fontsize=8, frameon=False, ncols=3)
    panels[-1].set_xlabel("time (UTC)")
    save_figure(figure, path)


def _draw(panel: "Axes", forecast: Forecast) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    # The last hour is drawn to its end, else a forecast of one hour has no width.
    hours = (*forecast.hours, forecast.hours[-1])
    times = [*(h.start for h in forecast.hours), hours[-1].start + HOUR]
    starts = [float(date2num(t)) for t in times]  # type: ignore[no-untyped-call]
    for name, color, low, high in (
        ("95 % band", BAND_95, "low95_g_per_kwh", "high95_g_per_kwh"),
        ("80 % band", BAND_80, "low80_g_per_kwh", "high80_g_per_kwh"),
    ):
        panel.fill_between(
            starts,
            [getattr(h, low) for h in hours],
            [getattr(h, high) for h in hours],
            color=color,
            linewidth=0,
            label=name,
        )
    central = [h.intensity_g_per_kwh for h in hours]
    panel.plot(starts, central, color=LINE, linewidth=1.4, label="expected")
    panel.set_ylim(0, 1.12 * (max(h.high95_g_per_kwh for h in hours) or 1.0))
    panel.set_xlim(starts[0], starts[-1])
    panel.set_ylabel("gCO2e/kWh")
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    dates = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(dates)
    title = f"{forecast.zone}: {forecast.kind}, {forecast.basis}; {forecast.method}"
    panel.set_title(literal(safe(title[:120])), loc="left", fontsize=10)
    panel.grid(visible=True, color="#d0d0d0", linewidth=0.5)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
