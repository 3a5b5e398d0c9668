"""Power over time as characters: one small chart per device."""

from collections.abc import Mapping, Sequence

from greenops.report.look import Look
from greenops.report.text import columns_of, duration, fit, power
from greenops.report.timeline import Timeline, ranked

LEAST_ROWS, MOST_ROWS = 3, 8
MOST_CHARTS = 9
AXIS_COLUMNS = 9
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_THIRDS = " .:#"


def render_timeline(
    timeline: Timeline, names: Mapping[str, str], look: Look, *, height: int = 24
) -> list[str]:
    """Return charts of the power of each device, with their axes.

    Args:
        timeline: The run over time, of any number of bins.
        names: Device id to what to call it.
        look: Of the screen.
        height: Lines there are in all; charts shrink to fit, down to three lines.
    """
    known = ranked(timeline)
    shown = known[:MOST_CHARTS]
    if not shown:
        return []
    rows = min(max((height - 6) // len(shown) - 1, LEAST_ROWS), MOST_ROWS)
    lines: list[str] = []
    for device in shown:
        title = fit(names.get(device, device), plot_columns(look), unicode=look.unicode)
        lines.append(" " * (AXIS_COLUMNS + 1) + look.paint("bold", title))
        lines += _chart(
            resampled(timeline.power_w[device], plot_columns(look)), rows, look
        )
    lines.append(_time_axis(timeline.duration_s, look))
    if len(known) > len(shown):
        lines.append(f"  and {len(known) - len(shown)} more devices")
    return lines


def plot_columns(look: Look) -> int:
    """Return how many columns a chart is wide on this screen."""
    return look.columns - AXIS_COLUMNS - 2


def resampled(power_w: Sequence[float | None], count: int) -> list[float | None]:
    """Return `count` means over even stretches; None where nothing is known."""
    size = len(power_w)
    means: list[float | None] = []
    for i in range(count):
        first = i * size // count
        stretch = power_w[first : max((i + 1) * size // count, first + 1)]
        known = [w for w in stretch if w is not None]
        means.append(sum(known) / len(known) if known else None)
    return means


def _chart(power_w: Sequence[float | None], rows: int, look: Look) -> list[str]:
    top_w = max(w for w in power_w if w is not None)
    ramp = _EIGHTHS if look.unicode else _THIRDS
    edge = "┤" if look.unicode else "|"
    steps = len(ramp) - 1
    # What was measured shows at least as a trace, so that only gaps are empty.
    levels = [
        None if w is None else max(round(w / top_w * rows * steps), 1) for w in power_w
    ]
    lines = []
    for row in range(rows - 1, -1, -1):
        label = {rows - 1: power(top_w), 0: "0 W"}.get(row, "")
        cells = "".join(
            " " if v is None else ramp[min(max(v - row * steps, 0), steps)]
            for v in levels
        )
        lines.append(f"{label:>{AXIS_COLUMNS}}{edge}{look.paint('good', cells)}")
    return lines


def _time_axis(duration_s: float, look: Look) -> str:
    columns = plot_columns(look)
    ends = ["0", duration(duration_s / 2), duration(duration_s)]
    room = columns - sum(columns_of(end) for end in ends)
    left = columns // 2 - len(ends[0]) - len(ends[1]) // 2
    if room < 4 or left < 1:
        return " " * (AXIS_COLUMNS + 1) + ends[0] + ends[2].rjust(columns - 1)
    right = columns - left - len(ends[0]) - len(ends[1])
    axis = f"{ends[0]}{' ' * left}{ends[1]}{ends[2]:>{right}}"
    return " " * (AXIS_COLUMNS + 1) + look.paint("dim", axis)
