"""What was stated of a run's emissions, old and new side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from greenops.cli.text import Column, local, table
from greenops.footprint.restated import ChangedPoint, changed_points
from greenops.model import IntensityPoint, Statement
from greenops.report.look import Look
from greenops.report.statements import changed_to_dict, statement_to_dict
from greenops.report.text import figure, mass

MOST_CHANGES = 8
_STATED = (
    Column(title="STATED"),
    Column(title="INTENSITY", right=True),
    Column(title="OPERATIONAL", right=True, rank=1),
    Column(title="TOTAL CO2e", right=True),
    Column(title=""),
)
_CHANGED = (
    Column(title="CHANGED FROM"),
    Column(title="TO"),
    Column(title="BEFORE g/kWh", right=True),
    Column(title="NOW g/kWh", right=True),
    Column(title="SOURCE", rank=1, grows=True),
)


def statement_lines(stated: Sequence[Statement], look: Look) -> Iterator[str]:
    """Yield every statement, why the last was made, and which points it changed."""
    rows = [
        (
            local(one.stated_at),
            f"{figure(one.footprint.intensity_g_per_kwh.central)} g/kWh",
            mass(one.footprint.operational_g.central),
            mass(one.footprint.total_g.central),
            "counts" if one is stated[-1] else "",
        )
        for one in stated
    ]
    narrow = replace(look, width=look.columns - 2)
    yield from (f"  {line}" for line in table(_STATED, rows, narrow))
    for one in stated[1:]:
        yield from look.labelled("why", one.why or "the run was closed anew")
    changes = changed_points(stated[-2].footprint, stated[-1].footprint)
    if not changes:
        return
    shown = [_change(change) for change in changes[:MOST_CHANGES]]
    yield from (f"  {line}" for line in table(_CHANGED, shown, narrow))
    if len(changes) > MOST_CHANGES:
        yield f"  and {len(changes) - MOST_CHANGES} more: --json has all"


def statements_to_list(stated: Sequence[Statement]) -> list[dict[str, object]]:
    """Return every statement, the oldest first, with the points it changed."""
    changes: list[list[ChangedPoint]] = [[]]
    changes += [changed_points(a.footprint, b.footprint) for a, b in pairwise(stated)]
    return [
        {
            "stated_at": one.stated_at.isoformat(),
            "why": one.why,
            "greenops_version": one.greenops_version,
            **statement_to_dict(one.footprint),
            "changed_points": [changed_to_dict(c) for c in changed],
        }
        for one, changed in zip(stated, changes, strict=False)
    ]


def _change(change: ChangedPoint) -> tuple[str, ...]:
    return (
        local(change.start),
        local(change.stop),
        _said(change.before),
        _said(change.after),
        _sources(change),
    )


def _sources(change: ChangedPoint) -> str:
    """Return who stated the point, before and now where that differs."""
    points = (change.before, change.after)
    return " -> ".join(dict.fromkeys(p.source for p in points if p is not None))


def _said(point: IntensityPoint | None) -> str:
    if point is None:
        return "-"
    return f"{figure(point.intensity_g_per_kwh)} {point.provenance}"
