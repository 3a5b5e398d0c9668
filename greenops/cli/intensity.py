"""`greenops intensity`: how clean power is, by the configured carbon signals."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from greenops.cli.store import configured
from greenops.cli.text import Column, stdout_look, table
from greenops.errors import SignalError
from greenops.model import IntensityKind, IntensityPoint
from greenops.report.text import duration, figure, fold, safe

if TYPE_CHECKING:
    from greenops.config import Config
    from greenops.signals.chain import ChainSignal

WAIT_S = 10.0
"""A person at a terminal waits longer than the end of a job may."""
MOST_HOURS = 24 * 366
WHEN = Column(title="FROM (UTC)")
AGE = Column(title="AGE", right=True, rank=3)
COLUMNS = (
    Column(title="ZONE"),
    WHEN,
    Column(title="gCO2e/kWh", right=True),
    Column(title="LOW", right=True),
    Column(title="HIGH (95 %)", right=True),
    Column(title="KIND", rank=1),
    Column(title="HOW", rank=2),
    AGE,
    Column(title="SOURCE", rank=4, grows=True),
)


@dataclass(frozen=True, slots=True)
class _Span:
    """What is asked for; `single`: one moment."""

    start: datetime
    stop: datetime
    single: bool


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
    type=click.IntRange(-MOST_HOURS, MOST_HOURS),
    metavar="N",
    help="The next N hours; with a minus the past N.  [default: this hour]",
)
@click.option(
    "--marginal",
    is_flag=True,
    help="What a further kWh emits (signals.marginal_order), not the grid's mean.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
def intensity(
    names: tuple[str, ...], hours: int | None, *, marginal: bool, as_json: bool
) -> None:
    """Show carbon intensity with its bounds, its age and its source.

    The signals of `signals.order` are asked in turn. By default they are this
    machine's own, and nothing is asked of anyone.
    """
    from greenops.wire.signals import open_signal

    config = configured()
    kind = IntensityKind.MARGINAL if marginal else IntensityKind.AVERAGE
    signal = open_signal(config, kind=kind, wait_s=max(WAIT_S, config.signals_wait_s))
    now = datetime.now(UTC)
    span = _span(now, hours)
    points, failed = _asked(signal, names or (here(config),), span)
    if as_json:
        click.echo(json.dumps([_row(p, now) for p in points], indent=2))
    elif points:
        _show(points, span, now)
        name_the_sources(signal)
        if not names:
            _say_where(config)
    _complain(signal, failed)
    if failed:
        sys.exit(1)


def _span(now: datetime, hours: int | None) -> _Span:
    if not hours:
        return _Span(now, now + timedelta(seconds=1), single=True)
    length = timedelta(hours=abs(hours))
    start, stop = (now, now + length) if hours > 0 else (now - length, now)
    return _Span(start, stop, single=False)


def _asked(
    signal: "ChainSignal", zones: Sequence[str | None], span: _Span
) -> tuple[list[IntensityPoint], list[str]]:
    """Return the points of all zones, and a sentence per zone that has none.

    Raises:
        UnknownZoneError: a zone that does not exist is worth a stop.
    """
    points: list[IntensityPoint] = []
    failed = []
    for zone in zones:
        try:
            found = signal.intensity(zone, span.start, span.stop)
        except SignalError as e:
            failed.append(str(e))
        else:
            points += found[:1] if span.single else found
            _say_gaps(found, span)
    return points, failed


def _say_gaps(points: Sequence[IntensityPoint], span: _Span) -> None:
    """Say for which of the hours asked for there is no figure: that is no zero."""
    from greenops.signals.spread import gaps_in

    for start, stop in gaps_in(points, span.start, span.stop):
        click.echo(
            f"greenops: {safe(points[0].zone)}: no figure from "
            f"{start:%Y-%m-%d %H:%M} to {stop:%Y-%m-%d %H:%M} UTC",
            err=True,
        )


def here(config: "Config") -> str | None:
    """Return the zone of this machine, by configuration or cloud; None: not known."""
    from greenops.wire.zone import zone_in_force

    return zone_in_force(config)


def _show(points: Sequence[IntensityPoint], span: _Span, now: datetime) -> None:
    left_out = set() if not span.single else {WHEN}
    if all(p.issued_at is None for p in points):
        left_out.add(AGE)
    shown = [i for i, column in enumerate(COLUMNS) if column not in left_out]
    cells = [[_cells(p, now)[i] for i in shown] for p in points]
    columns = [COLUMNS[i] for i in shown]
    click.echo("\n".join(table(columns, cells, stdout_look())))


def name_the_sources(signal: "ChainSignal") -> None:
    """Print who must be named beside the figures of the signals that answered."""
    look = stdout_look()
    click.echo("")
    for attribution in signal.attributions():
        said = safe(attribution, unicode=look.unicode)
        for line in fold(said, max(look.width, look.columns)):
            click.echo(line)


def _say_where(config: "Config") -> None:
    from greenops.signals.location import FoundBy
    from greenops.wire.zone import whereabouts

    found = whereabouts(config)
    if found is not None and found.found_by is FoundBy.CLOUD:
        click.echo(f"this machine: {found}")
    elif config.zone is None:
        guess = f"; perhaps {found}" if found else ""
        click.echo(
            f"no zone is configured{guess}: `greenops zones` helps to find yours"
        )


def _complain(signal: "ChainSignal", failed: Sequence[str]) -> None:
    """Say what went wrong on the way to the answer."""
    said = [f"{s.name}: {s.detail}" for s in signal.status() if s.detail]
    for line in failed or said:
        click.echo(f"greenops: {safe(line)}", err=True)


def _cells(point: IntensityPoint, now: datetime) -> list[str]:
    age_s = _age_s(point, now)
    return [
        point.zone,
        f"{point.start:%m-%d %H:%M}",
        figure(point.intensity_g_per_kwh),
        figure(point.low_g_per_kwh),
        figure(point.high_g_per_kwh),
        f"{point.kind}, {point.basis}",
        str(point.provenance),
        "" if age_s is None else duration(age_s),
        point.source,
    ]


def _row(point: IntensityPoint, now: datetime) -> dict[str, object]:
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
        "issued_at": None if point.issued_at is None else point.issued_at.isoformat(),
        "age_s": _age_s(point, now),
    }


def _age_s(point: IntensityPoint, now: datetime) -> float | None:
    """Return how long ago the source stated it; None: from a table or a formula."""
    if point.issued_at is None:
        return None
    return max(0.0, (now - point.issued_at).total_seconds())
