"""Power over time as a picture file, drawn by matplotlib."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from greenops.errors import ConfigError
from greenops.report.text import safe
from greenops.report.timeline import BEFORE_MARKS, Timeline, ranked

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 12
MOST_PHASES = 12
# Below five minutes people think in seconds, above two hours in hours.
_TIME_UNITS = ((300.0, 1.0, "s"), (7200.0, 60.0, "min"), (float("inf"), 3600.0, "h"))


def save_timeline(
    timeline: Timeline, names: Mapping[str, str], path: Path, *, title: str
) -> None:
    """Draw one panel per device into a .png, .svg or .pdf file.

    Every panel states its unit and begins at 0 W. A line over a light fill reads
    without colours; what was not measured stays empty.

    Raises:
        ConfigError: matplotlib is missing, or the file cannot be written.
    """
    try:
        # The object interface: no window, no global state, no display needed.
        from matplotlib.figure import Figure
    except ImportError as e:
        raise ConfigError(
            "--plot needs matplotlib; install it with: pip install 'greenops[plot]'"
        ) from e
    devices = ranked(timeline)[:MOST_PANELS]
    if not devices:
        raise ConfigError("this run has no samples to draw")
    figure = Figure(figsize=(9, 1.2 + 1.7 * len(devices)), layout="constrained")
    panels = figure.subplots(len(devices), 1, sharex=True, squeeze=False)[:, 0]
    scale, unit = next(
        (s, u) for most, s, u in _TIME_UNITS if timeline.duration_s < most
    )
    for panel, device in zip(panels, devices, strict=True):
        label = safe(names.get(device, device)[:80])
        _draw(panel, timeline, device, scale)
        panel.set_title(literal(label), loc="left", fontsize=10, pad=12)
    _mark_phases(panels[0], timeline, scale)
    panels[-1].set_xlabel(f"time since the start / {unit}")
    figure.align_ylabels(panels)
    figure.suptitle(literal(title), fontsize=12)
    save_figure(figure, path)


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a drawing into a file of the kind its name ends in.

    Raises:
        ConfigError: the file cannot be written, or its kind is unknown.
    """
    try:
        with warnings.catch_warnings():
            # A name in a script the font lacks is drawn as boxes; that is no fault.
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            figure.savefig(path, dpi=150)
    except OSError as e:
        raise ConfigError(f"cannot write {path}: {e.strerror or e}") from e
    except ValueError as e:  # how matplotlib takes a suffix it does not know
        raise ConfigError(f"cannot write {path}: {e}") from e


def _mark_phases(panel: "Axes", timeline: Timeline, scale: float) -> None:
    phases = timeline.phases if len(timeline.phases) <= MOST_PHASES else ()
    for phase in phases:
        at = phase.offset_s / scale
        if phase.name == BEFORE_MARKS:
            continue
        panel.axvline(at, color="#555555", linewidth=0.8, linestyle="--")
        panel.annotate(
            literal(safe(phase.name[:20])),
            (at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, 2),
            textcoords="offset points",
            fontsize=7,
            color="#333333",
        )


def _draw(panel: "Axes", timeline: Timeline, device: str, scale: float) -> None:
    power_w = [float("nan") if w is None else w for w in timeline.power_w[device]]
    step_s = timeline.duration_s / len(power_w)
    edges = [i * step_s / scale for i in range(len(power_w) + 1)]
    panel.stairs(power_w, edges, fill=True, color="#bcd9c4", linewidth=0)
    panel.stairs(power_w, edges, color="#14532d", linewidth=1.1, baseline=None)
    known = [w for w in power_w if w == w]  # NaN is not itself
    top_w = max(known, default=0.0) or 1.0
    panel.set_ylim(0, top_w * 1.08)
    panel.set_xlim(0, edges[-1])
    panel.set_ylabel("power / W")
    panel.grid(visible=True, axis="y", color="#d0d0d0", linewidth=0.5)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def literal(text: str) -> str:
    """Return text in which matplotlib sees no formula."""
    return text.replace("$", r"\$")
