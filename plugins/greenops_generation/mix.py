"""The intensity of each hour from the generation by fuel in it. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from greenops.checked import Problems, RawPoint, finite_number
from greenops.model import Bounded, GenerationHour
from greenops_generation.factors import Fuel

HOUR = timedelta(hours=1)
USUAL_SHARE = 0.5
"""A line with rows in at least this share of an answer's hours is expected in all."""
NEGATIVE_SHARE = 0.05
"""Plants at rest draw a little from the grid. More than this of an hour's generation
below zero is a fault of the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What one fuel generated over `[start, stop)`, before it is believed.

    Attributes:
        start: Aware, in UTC.
        stop: Aware, after `start`.
        series: What the source calls this line of its answer: `NG`, `B11`. Two lines
            may be of one fuel, such as rivers and reservoirs.
        fuel: What from.
        power_mw: Mean power in MW: a number, text, None.
        issued_at: When the source stated it.
    """

    start: datetime
    stop: datetime
    series: str
    fuel: Fuel
    power_mw: object
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One line of one hour; no power: not known for all of it."""

    fuel: Fuel
    power_mw: float | None


def intensity_rows(
    rows: Iterable[Generated],
    factors: Mapping[Fuel, Bounded],
    *,
    within: tuple[datetime, datetime] | None = None,
) -> tuple[list[RawPoint], tuple[str, ...]]:
    """Return one row per clock hour in g/kWh, and in sentences why others are missing.

    An hour's intensity is the mean of the factors, weighted by generation; its bounds
    are the same mean of their ends, because factors are wrong for all hours alike.
    Each line needs the whole hour, at whatever steps it is stated. Storage counts
    neither in nor out: what it gives back was counted when it was generated. A line
    that is usually there and is not makes the hour a gap, since nobody can know what
    it would have changed; but the sun may be silent at night.

    Args:
        rows: Of one zone, in any order.
        factors: For each fuel but storage.
        within: The span that was asked for; other hours tell what is usual, and
            problems there are not told.
    """
    hours = _by_hour(rows)
    expected, dark = _expected(hours), _dark(hours)
    found: list[RawPoint] = []
    problems = Problems(within)
    for hour in sorted(hours):
        parts = {
            series: _Part(own[0].fuel, _mean_mw(own, hour))
            for series, own in hours[hour].items()
            if own[0].fuel is not Fuel.STORAGE
        }
        if fault := _fault(parts, expected - dark.get(hour.hour, set())):
            problems.add(fault, hour)
            continue
        issued = [r.issued_at for own in hours[hour].values() for r in own]
        found.append(_point(hour, parts.values(), factors, _latest(issued)))
    return found, problems.sentences()


def generation_hours(
    rows: Iterable[Generated], *, within: tuple[datetime, datetime]
) -> list[GenerationHour]:
    """Return the mean power of each fuel in the whole hours of a span, in order.

    Storage is left out, as in `intensity_rows`; so is a fuel with a line that is not
    known for all of the hour.
    """
    first, last = within
    found = []
    for hour, by_series in sorted(_by_hour(rows).items()):
        if not first <= hour < last:
            continue
        power_mw: dict[str, float] = {}
        unknown: set[str] = set()
        for own in by_series.values():
            fuel, mean_mw = own[0].fuel, _mean_mw(own, hour)
            if mean_mw is None:
                unknown.add(str(fuel))
            elif fuel is not Fuel.STORAGE:
                power_mw[str(fuel)] = power_mw.get(str(fuel), 0.0) + mean_mw
        known = {fuel: mw for fuel, mw in power_mw.items() if fuel not in unknown}
        found.append(GenerationHour(start=hour, power_mw=known))
    return found


_Hours = Mapping[datetime, Mapping[str, Sequence[Generated]]]


def _by_hour(rows: Iterable[Generated]) -> _Hours:
    hours: dict[datetime, dict[str, list[Generated]]] = {}
    for row in rows:
        hour = row.start.replace(minute=0, second=0, microsecond=0)
        hours.setdefault(hour, {}).setdefault(row.series, []).append(row)
    return hours


def _expected(hours: _Hours) -> set[str]:
    seen = Counter(
        series
        for by_series in hours.values()
        for series, own in by_series.items()
        if own[0].fuel is not Fuel.STORAGE
    )
    return {s for s, count in seen.items() if count >= USUAL_SHARE * len(hours)}


def _dark(hours: _Hours) -> Mapping[int, set[str]]:
    """Return, by the hour of the day, solar lines that need not be there.

    Those are the ones that shine at this hour on no day, of two or more. Some
    operators state zeros at night, some state nothing.
    """
    solar = {
        series
        for by_series in hours.values()
        for series, own in by_series.items()
        if own[0].fuel is Fuel.SOLAR
    }
    shining: dict[int, set[str]] = defaultdict(set)
    for hour, by_series in hours.items():
        shining[hour.hour] |= {
            series
            for series in solar & by_series.keys()
            if any((finite_number(r.power_mw) or 0.0) > 0 for r in by_series[series])
        }
    days = Counter(hour.hour for hour in hours)
    return {h: solar - shining[h] for h, count in days.items() if count > 1}


def _mean_mw(rows: Sequence[Generated], hour: datetime) -> float | None:
    """Return the mean power over the whole hour; None: not known for all of it.

    A repeat counts once; a contradiction makes the hour unknown.
    """
    steps: dict[tuple[datetime, datetime], float] = {}
    for row in rows:
        power_mw = finite_number(row.power_mw)
        if power_mw is None or steps.get((row.start, row.stop), power_mw) != power_mw:
            return None
        steps[row.start, row.stop] = power_mw
    reached, energy_mws = hour, 0.0
    for (start, stop), power_mw in sorted(steps.items()):
        if start != reached or not start < stop <= hour + HOUR:
            return None
        reached = stop
        energy_mws += power_mw * (stop - start).total_seconds()
    return energy_mws / HOUR.total_seconds() if reached == hour + HOUR else None


def _fault(parts: Mapping[str, _Part], expected: set[str]) -> str:
    """Return why an hour cannot be used; empty where it can."""
    for series in sorted(expected | parts.keys()):
        part = parts.get(series)
        if part is None or part.power_mw is None:
            what = f"{series} ({part.fuel})" if part else series
            return f"an hour without (all of) {what}"
    powers = [(part.fuel, part.power_mw or 0.0) for part in parts.values()]
    positive_mw = sum(mw for _, mw in powers if mw > 0)
    if positive_mw <= 0:
        return "an hour without generation"
    # Hydro below zero is pumping, where a source states both in one line.
    negative_mw = -sum(mw for fuel, mw in powers if mw < 0 and fuel is not Fuel.HYDRO)
    if negative_mw > NEGATIVE_SHARE * positive_mw:
        return "an hour with negative generation"
    return ""


def _point(
    hour: datetime,
    parts: Iterable[_Part],
    factors: Mapping[Fuel, Bounded],
    issued_at: datetime | None,
) -> RawPoint:
    weighted = [(p.power_mw, factors[p.fuel]) for p in parts if p.power_mw]
    running = [(mw, factor) for mw, factor in weighted if mw > 0]
    total_mw = sum(mw for mw, _ in running)
    return RawPoint(
        start=hour,
        stop=hour + HOUR,
        value=sum(mw * factor.central for mw, factor in running) / total_mw,
        low=sum(mw * factor.low for mw, factor in running) / total_mw,
        high=sum(mw * factor.high for mw, factor in running) / total_mw,
        issued_at=issued_at,
    )


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)
