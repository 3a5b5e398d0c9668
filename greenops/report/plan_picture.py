"""Plans as a picture file: the hours they were chosen from, drawn by matplotlib."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from greenops.errors import ConfigError
from greenops.model import Forecast, ForecastHour, Option, Plan, PlannedJob
from greenops.report.picture import literal, save_figure
from greenops.report.plan_facts import Planned, saved
from greenops.report.text import mass, percent, safe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 12
HOUR = timedelta(hours=1)
LEGEND_COLUMNS = 6
BAR = 0.025
"""Height of a bar at the foot of a panel, as a part of it."""
AFTER = timedelta(hours=2)
"""Shown after the deadline, so that it is seen as one."""
# Told apart by lightness too, for those who see no colours and those who print.
CHOSEN, CHOSEN_80, CHOSEN_95 = "#14532d", "#8fc3a0", "#d3e8d9"
OTHER, OTHER_80 = "#b45309", "#fde3c0"
LINES = 3
"""Drawn above every band: where grids resemble each other bands lie over lines."""
CAME, RUNS, AT_ONCE = "#111111", "#14532d", "#6b7280"


def save_plans(planned: Planned, path: Path) -> None:
    """Draw one panel per planned job into a .png, .svg or .pdf file, times in UTC.

    Each shows the place chosen with its bands, the runner-up or else home, the
    stretches of running, running at once, and in a replay what came.

    Raises:
        ConfigError: too many jobs, nothing planned, no matplotlib, or the file cannot
            be written.
    """
    try:
        # The object interface: no window, no global state, no display needed.
        from matplotlib.figure import Figure
    except ImportError as e:
        raise ConfigError(
            "--plot needs matplotlib; install it with: pip install 'greenops[plot]'"
        ) from e
    plans = planned.plans
    if not plans:
        raise ConfigError("--plot has nothing to draw: no job could be planned")
    if len(plans) > MOST_PANELS:
        raise ConfigError(f"--plot draws at most {MOST_PANELS} jobs into one picture")
    figure = Figure(figsize=(10, 0.6 + 3.9 * len(plans)), layout="constrained")
    panels = figure.subplots(len(plans), 1, squeeze=False)[:, 0]
    for panel, plan in zip(panels, plans, strict=True):
        _draw(panel, plan, planned)
    panels[-1].set_xlabel("time (UTC)")
    save_figure(figure, path)


def _draw(panel: "Axes", plan: Plan, planned: Planned) -> None:
    job = planned.job(plan.job)
    start, stop = planned.made_at, max(job.deadline, plan.chosen.stop) + AFTER
    tops = [1.0]
    for name in _others(plan, job):
        place = planned.place(name)
        shown = _hours(place.forecast, start, stop)
        tops += _curve(panel, shown, f"{name} ({place.zone})", (OTHER, OTHER_80))
    place = planned.place(plan.chosen.place)
    shown = _hours(place.forecast, start, stop)
    label = f"{place.name} ({place.zone}), chosen"
    tops += _curve(panel, shown, label, (CHOSEN, CHOSEN_80, CHOSEN_95))
    actual = _hours(planned.actual.get(place.name), start, stop)
    tops += _curve(panel, actual, f"{place.name}, what came", (CAME,))
    panel.set_ylim(0, 1.05 * max(tops))
    _mark_runs(panel, plan.chosen)
    _mark_others(panel, plan, planned)
    _mark_deadline(panel, job.deadline)
    panel.set_xlim(_number(start), _number(stop))
    _dress(panel, _title(plan, planned))


def _others(plan: Plan, job: PlannedJob) -> Sequence[str]:
    """Return what the choice is drawn beside: the runner-up's place, else home."""
    runner_up = plan.reason.runner_up
    names = [] if runner_up is None else [runner_up.place]
    if plan.at_once is not None:
        names.append(job.home)
    return [name for name in names if name != plan.chosen.place][:1]


def _curve(
    panel: "Axes", hours: Sequence[ForecastHour], label: str, colors: Sequence[str]
) -> list[float]:
    """Draw hours with bands, as many as there are colours; return how high they go."""
    if not hours:
        return []
    line, *bands = colors
    times = _numbers([*(h.start for h in hours), hours[-1].start + HOUR])
    ends = (
        ("low80_g_per_kwh", "high80_g_per_kwh"),
        ("low95_g_per_kwh", "high95_g_per_kwh"),
    )
    for (low, high), color in reversed(list(zip(ends, bands, strict=False))):
        panel.fill_between(
            times,
            [getattr(h, low) for h in (*hours, hours[-1])],
            [getattr(h, high) for h in (*hours, hours[-1])],
            step="post",
            color=color,
            linewidth=0,
            alpha=0.75,
        )
    panel.stairs(
        [h.intensity_g_per_kwh for h in hours],
        times,
        color=line,
        linewidth=1.6,
        baseline=None,
        zorder=LINES,
        label=literal(safe(label[:60])),
    )
    outermost = ends[len(bands) - 1][1] if bands else "intensity_g_per_kwh"
    return [getattr(h, outermost) for h in hours]


def _mark_runs(panel: "Axes", chosen: Option) -> None:
    for i, segment in enumerate(chosen.segments):
        panel.axvspan(
            _number(segment.start),
            _number(segment.stop),
            color=RUNS,
            alpha=0.22,
            linewidth=0,
            label="" if i else "runs",
        )


def _mark_others(panel: "Axes", plan: Plan, planned: Planned) -> None:
    """Draw what the plan is compared with as bars at the foot."""
    job, came = planned.job(plan.job), planned.came.get(plan.job)
    if plan.at_once is not None:
        stop = job.earliest + timedelta(seconds=job.duration_s.central)
        _mark_below(panel, [(job.earliest, stop)], f"at once at {job.home}", row=0)
    if came is not None and came.oracle is not None:
        spans = [(s.start, s.stop) for s in came.oracle.segments]
        _mark_below(panel, spans, f"best was, at {came.oracle.place}", row=1)


def _mark_below(
    panel: "Axes", spans: Sequence[tuple[datetime, datetime]], label: str, *, row: int
) -> None:
    """Draw spans as a bar at the foot of the panel; row 0 is the lowest."""
    height = BAR * panel.get_ylim()[1]
    panel.broken_barh(
        [(_number(start), _number(stop) - _number(start)) for start, stop in spans],
        (row * 1.3 * height, height),
        facecolor=(AT_ONCE, CAME)[row],
        hatch=("////", "")[row],
        edgecolor="white",
        linewidth=0,
        zorder=LINES,
        label=literal(safe(label[:60])),
    )


def _mark_deadline(panel: "Axes", at: datetime) -> None:
    panel.axvline(_number(at), color=AT_ONCE, linewidth=1, linestyle=":")
    panel.annotate(
        "deadline",
        (_number(at), 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(3, -3),
        textcoords="offset points",
        fontsize=8,
        rotation=90,
        ha="left",
        va="top",
        color=AT_ONCE,
    )


def _dress(panel: "Axes", title: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    dates = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(dates)
    panel.set_ylabel("gCO2e/kWh")
    panel.set_title(literal(safe(title[:160])), loc="left", fontsize=10, pad=24)
    panel.grid(visible=True, color="#d0d0d0", linewidth=0.5)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    # Above the curves: a legend among them hides what is looked for, the peaks.
    panel.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.2,
        fontsize=8,
        ncols=LEGEND_COLUMNS,
        frameon=False,
    )


def _title(plan: Plan, planned: Planned) -> str:
    expected = f"{mass(plan.chosen.cost.total_g.central)} expected"
    share = saved(plan.at_once, plan.saved_g)
    if share is not None and share > 0.0:
        expected += f", {percent(share)} below at once"
    came = planned.came.get(plan.job)
    if came is not None:
        expected += f"; came to {mass(came.chosen.total_g.central)}"
        share = saved(came.at_once, came.saved_g)
        if share is not None and share > 0.0:
            expected += f", {percent(share)} below"
    return f"{plan.job} at {plan.chosen.place}: {expected}"


def _hours(
    forecast: Forecast | None, start: datetime, stop: datetime
) -> list[ForecastHour]:
    if forecast is None:
        return []
    return [h for h in forecast.hours if start < h.start + HOUR and h.start < stop]


def _numbers(times: Sequence[datetime]) -> list[float]:
    return [_number(at) for at in times]


def _number(at: datetime) -> float:
    from matplotlib.dates import date2num

    return float(date2num(at))  # type: ignore[no-untyped-call]
