"""What one pause is worth, of what any number of pauses could save.

A 24 h job with 24 h slack, knowing the hours that come, by the exact planning of one job.
Pauses cost nothing here. Submitted at hours spread evenly over what is known of a region.
"""

from collections.abc import Sequence
from statistics import fmean

import numpy as np

from greenops.planner.timing.curve import Curve, Floats
from greenops.planner.timing.pauses import Pauses
from greenops.planner.timing.slots import greenest_slots
from greenops.planner.timing.task import Task
from greenops.units import S_PER_HOUR
from tests.bench.carboncast import Region

JOB_H, SLACK_H = 24, 24
JOBS = 60
LEAST_ROWS = 2


def pause_rows(found: Sequence[Region]) -> list[dict[str, object]]:
    """Return a row per region, and their mean: `pct_of_oracle` is of unlimited pauses."""
    rows = [row for region in found if (row := _row(region)) is not None]
    if len(rows) < LEAST_ROWS:
        return rows
    saved = fmean(_figure(r, "saved_pct") for r in rows)
    most = fmean(_figure(r, "oracle_saved_pct") for r in rows)
    return [*rows, _shown(f"mean of {len(rows)}", saved, most)]


def _row(region: Region) -> dict[str, object] | None:
    g_per_kwh = region.history.g_per_kwh
    span_h = JOB_H + SLACK_H
    starts = np.linspace(0, len(g_per_kwh) - span_h, JOBS).astype(int)
    windows: list[Floats] = [g_per_kwh[i : i + span_h] for i in starts]
    known = [w for w in windows if np.isfinite(w).all()]
    if not known:
        return None
    now = sum(float(w[:JOB_H].sum()) for w in known)
    one, any_ = (sum(_least(w, most) for w in known) for most in (1, None))
    return _shown(region.name, 100 * (1 - one / now), 100 * (1 - any_ / now))


def _least(g_per_kwh: Floats, max_pauses: int | None) -> float:
    edges_s = np.arange(len(g_per_kwh) + 1, dtype=np.float64) * S_PER_HOUR
    curve = Curve(edges_s, g_per_kwh / S_PER_HOUR, np.zeros(len(g_per_kwh)))
    plan = greenest_slots(
        curve,
        Task(JOB_H * S_PER_HOUR),
        Pauses(max_pauses=max_pauses),
        0.0,
        float(edges_s[-1]),
    )
    return plan.cost_g


def _shown(name: str, saved_pct: float, most_pct: float) -> dict[str, object]:
    return {
        "bench": "pauses",
        "region": name,
        "job_h": JOB_H,
        "slack_h": SLACK_H,
        "interruptible": True,
        "oracle_saved_pct": most_pct,
        "saved_pct": saved_pct,
        "pct_of_oracle": 100 * saved_pct / most_pct if most_pct > 0 else None,
    }


def _figure(row: dict[str, object], name: str) -> float:
    figure = row[name]
    if not isinstance(figure, float):
        raise TypeError(f"no figure: {figure!r}")
    return figure
