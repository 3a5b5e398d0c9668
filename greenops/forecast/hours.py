"""The history of one zone as a row of whole hours: what every forecast starts from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from greenops.errors import MixedSignalsError, SignalError
from greenops.model import IntensityPoint

Floats = NDArray[np.float64]

HOUR = timedelta(hours=1)
DAY_H = 24
WEEK_H = 168
MOST_HOURS = 5 * 8766
"""Older hours are left out: grids change, and memory is bounded."""
SHORT_GAP_H = 3
WEAKEST_COVER = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """What was known of one zone's hours, and nothing later.

    Attributes:
        first: Start of the first hour, UTC.
        g_per_kwh: Shape (hours,), in gCO2e/kWh; NaN where an hour is not known.
        mix: Shape (hours, columns): what else each hour told, such as the share of each
            source in generation, 0 to 1, and the logarithm of their sum; NaN where it
            is not known. None: nothing else.
        columns: What each column of `mix` is, so that a model is never handed another
            order; empty: they are what they are by their place.
    """

    first: datetime
    g_per_kwh: Floats
    mix: Floats | None = None
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.first.tzinfo is None or self.first != whole_hour(self.first):
            raise ValueError(f"a history starts on a whole hour of UTC: {self.first}")
        if self.mix is not None and len(self.mix) != len(self.g_per_kwh):
            raise ValueError("a history's mix has another length than its hours")

    @property
    def stop(self) -> datetime:
        """End of the last hour, whether it is known or not."""
        return self.first + len(self.g_per_kwh) * HOUR

    def until(self, stop: datetime) -> "History":
        """Return the part that had ended by `stop`."""
        n = max(0, min(len(self.g_per_kwh), (stop - self.first) // HOUR))
        mix = None if self.mix is None else self.mix[:n]
        return replace(self, g_per_kwh=self.g_per_kwh[:n], mix=mix)


def whole_hour(at: datetime) -> datetime:
    """Return the start of the UTC hour that holds `at`."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def history_of(points: Sequence[IntensityPoint], *, known_at: datetime) -> History:
    """Return the whole hours that had ended by `known_at`, from points of one signal.

    Points of 15 or 30 minutes are averaged by the time they cover, longer ones are
    spread over their hours; an hour that is covered by less than half is a gap. What
    was stated later than `known_at` does not count.

    Raises:
        SignalError: no hour is left.
        MixedSignalsError: the points are of two kinds, bases or zones.
    """
    stop = whole_hour(known_at)
    kept = [
        p
        for p in points
        if p.start < stop and (p.issued_at is None or p.issued_at <= known_at)
    ]
    if not kept:
        raise SignalError(f"nothing is known of the hours before {known_at:%F %H:%M}")
    if len({(p.kind, p.basis, p.zone) for p in kept}) > 1:
        raise MixedSignalsError("a history holds two kinds, bases or zones")
    first = max(whole_hour(min(p.start for p in kept)), stop - MOST_HOURS * HOUR)
    mean = hourly(kept, first, (stop - first) // HOUR)
    if np.isnan(mean).all():
        raise SignalError(f"no whole hour is known before {known_at:%F %H:%M}")
    return History(first=first, g_per_kwh=mean)


def hourly(
    points: Sequence[IntensityPoint],
    first: datetime,
    hours: int,
    value: Callable[[IntensityPoint], float] = lambda p: p.intensity_g_per_kwh,
) -> Floats:
    """Return the mean of each hour from `first` on, shape (hours,), in g/kWh.

    Points count by the time they cover; an hour covered by less than half is NaN.
    `value` chooses what counts of a point: its centre, or one of its ends.
    """
    grams, covered = np.zeros(hours), np.zeros(hours)
    for point in points:
        start = max(0.0, (point.start - first) / HOUR)
        stop = min(float(hours), (point.stop - first) / HOUR)
        for at in range(int(start), int(np.ceil(stop))):
            share = min(stop, at + 1) - max(start, at)
            grams[at] += share * value(point)
            covered[at] += share
    mean = np.full(hours, np.nan)
    known = covered >= WEAKEST_COVER
    mean[known] = grams[known] / covered[known]
    return mean


def filled(values: Floats) -> Floats:
    """Return hours without gaps: what a forecast may stand on where nothing is known.

    A gap of up to three hours between known ones is bridged by a line. A longer one
    takes the mean of the same hour over the seven days before, a gap at the very
    beginning that of all days.

    Raises:
        SignalError: not one hour is known.
    """
    known = ~np.isnan(values)
    if known.all():
        return values
    if not known.any():
        raise SignalError("a history without one known hour")
    out = values.copy()
    for start, stop in _gaps(known):
        if start > 0 and stop < len(values) and stop - start <= SHORT_GAP_H:
            line = np.linspace(values[start - 1], values[stop], stop - start + 2)
            out[start:stop] = line[1:-1]
            continue
        for at in range(start, stop):
            out[at] = _same_hour(values, out, at)
    return out


def _gaps(known: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([True], known, [True]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _same_hour(values: Floats, so_far: Floats, at: int) -> float:
    """Return the mean of this hour of the day: of the week before, else of all days."""
    week = so_far[max(at % DAY_H, at - WEEK_H) : at : DAY_H]
    for candidates in (week, values[at % DAY_H :: DAY_H], values):
        good = candidates[~np.isnan(candidates)]
        if good.size:
            return float(good.mean())
    raise SignalError("a history without one known hour")
