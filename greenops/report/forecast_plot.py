"""A forecast as characters: the expected line within its 80 % band."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from greenops.model import Forecast, ForecastHour
from greenops.report.look import Look
from greenops.report.text import figure

ROWS = 9
AXIS_COLUMNS = 9
MOST_A_HOUR = 4


def chart(forecast: Forecast, look: Look, zone: tzinfo | None) -> list[str]:
    """Return the lines of a chart from 0 g/kWh up, with a time axis below.

    Args:
        forecast: One hour at least.
        look: Of the screen.
        zone: Of the times below.
    """
    columns = hours_drawn(forecast, look)
    top = max(h.high80_g_per_kwh for h in columns) or 1.0

    def row_of(g_per_kwh: float) -> int:
        return min(ROWS - 1, int(g_per_kwh / top * ROWS))

    edge = "┤" if look.unicode else "|"
    lines = []
    for row in range(ROWS - 1, -1, -1):
        label = {ROWS - 1: figure(top), 0: "0 g/kWh"}.get(row, "")
        cells = _cells(columns, row, row_of, look)
        lines.append(f"{label:>{AXIS_COLUMNS}}{edge}{cells}")
    return [*lines, _axis([h.start.astimezone(zone) for h in columns], look)]


def hours_drawn(forecast: Forecast, look: Look) -> list[ForecastHour]:
    """Return the hour that each column of the chart shows."""
    room = look.columns - AXIS_COLUMNS - 2
    count = min(room, MOST_A_HOUR * len(forecast.hours))
    return [forecast.hours[i * len(forecast.hours) // count] for i in range(count)]


def _cells(
    columns: Sequence[ForecastHour],
    row: int,
    row_of: Callable[[float], int],
    look: Look,
) -> str:
    line, band = ("█", "░") if look.unicode else ("#", ".")
    cells = ""
    for hour in columns:
        if row_of(hour.intensity_g_per_kwh) == row:
            cells += look.paint("good", line)
        elif row_of(hour.low80_g_per_kwh) <= row <= row_of(hour.high80_g_per_kwh):
            cells += look.paint("dim", band)
        else:
            cells += " "
    return cells


def _axis(starts: Sequence[datetime], look: Look) -> str:
    axis = ""
    for column, start in enumerate(starts):
        # A narrow chart leaps over hours, midnight among them.
        new_day = column > 0 and start.date() != starts[column - 1].date()
        if (column == 0 or new_day) and column >= len(axis):
            label = f"{start:%a %d}" if new_day or start.hour == 0 else f"{start:%H:%M}"
            if column + len(label) <= len(starts):
                axis = axis.ljust(column) + label + " "
    return " " * (AXIS_COLUMNS + 1) + look.paint("dim", axis.rstrip())
