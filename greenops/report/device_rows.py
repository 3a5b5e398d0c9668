"""The devices of a run as aligned rows: name, bar, energy, share, source."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from greenops.model import Device, DeviceKind
from greenops.report.look import Look
from greenops.report.quality import is_modelled
from greenops.report.summary import DeviceLine
from greenops.report.text import (
    ENERGY_SCALE,
    columns_of,
    figure,
    fit,
    pad,
    percent,
    pick,
)

MOST_ROWS = 6
BAR_COLUMNS = 12
NAMED_FROM_COLUMNS = 56
"""Narrower screens get the kind of a device for its name."""
BARS_FROM_COLUMNS = 72
_KINDS = {DeviceKind.GPU: "GPU", DeviceKind.CPU: "CPU", DeviceKind.DRAM: "DRAM"}
_EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One device, or several of one make."""

    kind: DeviceKind
    name: str
    source: str
    rel_uncertainty: float
    energy_j: float
    share: float | None
    modelled: bool
    count: int = 1


def device_rows(lines: Sequence[DeviceLine], look: Look) -> list[str]:
    """Return one line per device; more than six are grouped by their make."""
    rows = [_row(line) for line in lines]
    if len(rows) > MOST_ROWS:
        rows = _grouped(rows)
    left = rows[MOST_ROWS - 1 :] if len(rows) > MOST_ROWS else []
    rows = rows[: len(rows) - len(left)]
    factor, unit = pick(sum(line.energy_j.central for line in lines), ENERGY_SCALE)
    cells = [_cells(row, factor, unit, look) for row in rows]
    widths = [max((columns_of(c[i]) for c in cells), default=0) for i in range(4)]
    bar = BAR_COLUMNS + 2 if look.columns >= BARS_FROM_COLUMNS else 0
    widths[0] = min(widths[0], max(look.columns - 10 - bar - sum(widths[1:]), 4))
    drawn = [_drawn(row, c, widths, look) for row, c in zip(rows, cells, strict=True)]
    if left:
        rest = figure(sum(row.energy_j for row in left) / factor)
        drawn.append(f"    and {sum(r.count for r in left)} more: {rest} {unit}")
    return drawn


def device_label(device: Device) -> str:
    """Return what to call a device: its kind, then its name, not yet made safe."""
    return _label(device.kind, device.name)


def _label(kind: DeviceKind, name: str) -> str:
    word = _KINDS.get(kind, str(kind))
    if not name:
        return word
    return name if name.lower().startswith(word.lower()) else f"{word} {name}"


def _row(line: DeviceLine) -> Row:
    device = line.total.device
    return Row(
        kind=device.kind,
        name=device.name,
        source=device.source,
        rel_uncertainty=device.rel_uncertainty,
        energy_j=line.energy_j.central,
        share=line.share,
        modelled=is_modelled(line.total),
    )


def _grouped(rows: Sequence[Row]) -> list[Row]:
    groups: dict[tuple[DeviceKind, str, str, bool], Row] = {}
    for row in rows:
        make = (row.kind, row.name, row.source, row.modelled)
        if first := groups.get(make):
            share = None if row.share is None else (first.share or 0.0) + row.share
            row = replace(
                first,
                energy_j=first.energy_j + row.energy_j,
                share=share,
                rel_uncertainty=max(first.rel_uncertainty, row.rel_uncertainty),
                count=first.count + 1,
            )
        groups[make] = row
    return list(groups.values())


def _cells(row: Row, factor: float, unit: str, look: Look) -> tuple[str, ...]:
    wide = look.columns >= NAMED_FROM_COLUMNS
    name = fit(row.name, look.columns, unicode=look.unicode) if wide else ""
    name = _label(row.kind, name)
    if row.count > 1:
        name = f"{row.count} {look.times} {name}"
    source = fit(row.source, 18 if wide else 12, unicode=look.unicode)
    if wide:
        source += f" {look.plus_minus}{percent(row.rel_uncertainty)}"
    share = "" if row.share is None else percent(row.share)
    return name, f"{figure(row.energy_j / factor)} {unit}", share, source


def _drawn(row: Row, cells: tuple[str, ...], widths: list[int], look: Look) -> str:
    name, used, share, source = cells
    parts = ["    " + pad(fit(name, widths[0], unicode=look.unicode), widths[0])]
    if look.columns >= BARS_FROM_COLUMNS:
        parts.append(look.paint("good", _bar(row.share or 0.0, look)))
    parts += [used.rjust(widths[1]), share.rjust(widths[2])]
    parts.append(look.paint("bad" if row.modelled else "dim", source))
    return "  ".join(parts)


def _bar(share: float, look: Look) -> str:
    eighths = round(min(max(share, 0.0), 1.0) * BAR_COLUMNS * 8)
    if not look.unicode:
        return ("#" * round(eighths / 8)).ljust(BAR_COLUMNS, ".")
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(BAR_COLUMNS)
