"""Answers that were kept: which of them are fresh, which stale, and how stale. Pure.

An answer is fresh for one step of its source (5 minutes to an hour), and for a day
where it is about hours that ended two days ago: figures settle. A stale answer is
served only in place of none, with its age in its source and wider bounds.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from greenops.model import IntensityPoint
from greenops.signals.spread import carried, drift, gaps_in, widened

FRESH_AT_LEAST = timedelta(minutes=5)
FRESH_AT_MOST = timedelta(hours=1)
SETTLED_AFTER = timedelta(days=2)
SETTLED_FRESH = timedelta(days=1)
CLOCK_SLACK = timedelta(minutes=5)
"""Processes of one user may see clocks of several hosts."""
CARRY_AT_MOST = timedelta(hours=6)
"""From then on the modelled hours are as sure: 0.3 sqrt(6) = 0.73, as a modelled hour.

Source: `spread.drift`, and the bounds of `annual` for one hour (log of 2 and more).
"""
FORECAST_AT_MOST = timedelta(hours=24)
"""How old a forecast may be that stands in for a newer one."""
REVISION = 0.05
"""95 % logarithmic change of a past hour when the source revises it. Assumed."""
MOST_POINTS = 20_000
MOST_SPANS = 200


@dataclass(frozen=True, slots=True)
class KeptPoint:
    """A point, and when it was fetched."""

    point: IntensityPoint
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A span that a source has answered for, and when."""

    start: datetime
    stop: datetime
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one zone; points in time order, none overlapping."""

    points: Sequence[KeptPoint] = field(default_factory=tuple)
    asked: Sequence[Asked] = field(default_factory=tuple)


def missing(
    kept: Kept, start: datetime, stop: datetime, *, now: datetime, step: timedelta
) -> tuple[datetime, datetime] | None:
    """Return what of `[start, stop)` has to be asked for; None: all of it is fresh.

    Args:
        kept: What there is.
        start: Aware.
        stop: Aware, after `start`.
        now: The time of day.
        step: Resolution of the source.
    """
    fresh = sorted(_fresh_spans(kept.asked, now, step))
    reached = start
    first: datetime | None = None
    last = start
    for a, b in [*fresh, (stop, stop)]:
        if a > reached and reached < stop:
            first = first or reached
            last = min(a, stop)
        reached = max(reached, b)
    return None if first is None else (first, last)


def with_answer(
    kept: Kept,
    points: Sequence[IntensityPoint],
    asked: Asked,
) -> Kept:
    """Return `kept` with an answer in it; what it contradicts is forgotten.

    Of what grows too much the furthest from the answer goes first.
    """
    new = sorted(points, key=lambda p: p.start)
    starts = [p.start for p in new]
    stops = [p.stop for p in new]
    old = [k for k in kept.points if not _overlaps(k.point, starts, stops)]
    both = [*old, *(KeptPoint(p, asked.fetched_at) for p in new)]
    if len(both) > MOST_POINTS:
        both.sort(key=lambda k: abs(k.point.start - asked.stop))
        both = both[:MOST_POINTS]
    whole = replace(
        asked,
        start=min([asked.start, *starts]),
        stop=max([asked.stop, *stops]),
    )
    newest = sorted((*kept.asked, whole), key=lambda a: a.fetched_at)[-MOST_SPANS:]
    both.sort(key=lambda k: k.point.start)
    return Kept(tuple(both), tuple(newest))


def fresh_points(
    kept: Kept, start: datetime, stop: datetime, *, now: datetime, step: timedelta
) -> list[IntensityPoint]:
    """Return the points that touch `[start, stop)` and are fresh."""
    return [
        k.point
        for k in _touching(kept, start, stop)
        if _is_fresh(k.fetched_at, k.point.stop, now, step)
    ]


def stale_points(
    kept: Kept, start: datetime, stop: datetime, *, now: datetime, step: timedelta
) -> list[IntensityPoint]:
    """Return the best of what is kept for `[start, stop)`; nothing where it is too old.

    Fresh points as they are, older ones with wider bounds; behind the last of all that
    one is carried forward, for six hours at most.
    """
    found = []
    for k in _touching(kept, start, stop):
        if _is_fresh(k.fetched_at, k.point.stop, now, step):
            found.append(k.point)
        elif (aged := _aged(k, now)) is not None:
            found.append(aged)
    return sorted(
        [*found, *_carried_into(kept, gaps_in(found, start, stop), now)],
        key=lambda p: p.start,
    )


def _carried_into(
    kept: Kept, gaps: Iterable[tuple[datetime, datetime]], now: datetime
) -> Iterable[IntensityPoint]:
    """Yield the last point of all, carried into gaps behind it; holes stay holes."""
    last = _aged(kept.points[-1], now) if kept.points else None
    if last is None:
        return
    for gap_start, gap_stop in gaps:
        stop = min(gap_stop, last.stop + CARRY_AT_MOST)
        if last.stop <= gap_start < stop:
            yield carried(last, gap_start, stop)


def _aged(k: KeptPoint, now: datetime) -> IntensityPoint | None:
    """Return a point as it stands `now`; None: it was a forecast, of too long ago.

    An hour that had passed when it was fetched is at most revised. One that lay ahead
    drifts, from the fetching to its end or until now.
    """
    age = max(now - k.fetched_at, timedelta(0))
    ahead = max(k.point.stop - k.fetched_at, timedelta(0))
    if ahead and age > FORECAST_AT_MOST:
        return None
    by = max(REVISION, drift(min(age, ahead), k.point.kind))
    return widened(k.point, by, source=f"{k.point.source}; kept, {_said(age)} old")


def _said(age: timedelta) -> str:
    minutes = age // timedelta(minutes=1)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"


def _touching(kept: Kept, start: datetime, stop: datetime) -> Sequence[KeptPoint]:
    last = bisect_left(kept.points, stop, key=lambda k: k.point.start)
    return [k for k in kept.points[:last] if k.point.stop > start]


def _overlaps(
    point: IntensityPoint, starts: Sequence[datetime], stops: Sequence[datetime]
) -> bool:
    """Return whether a point overlaps one of sorted, disjoint spans."""
    i = bisect_left(starts, point.stop)
    return i > 0 and stops[i - 1] > point.start


def _fresh_spans(
    asked: Iterable[Asked], now: datetime, step: timedelta
) -> Iterable[tuple[datetime, datetime]]:
    settled = now - SETTLED_AFTER
    for a in asked:
        for start, stop in (
            (a.start, min(a.stop, settled)),
            (max(a.start, settled), a.stop),
        ):
            if start < stop and _is_fresh(a.fetched_at, stop, now, step):
                yield start, stop


def _is_fresh(
    fetched_at: datetime, stop: datetime, now: datetime, step: timedelta
) -> bool:
    settled = stop <= now - SETTLED_AFTER
    limit = SETTLED_FRESH if settled else min(max(step, FRESH_AT_LEAST), FRESH_AT_MOST)
    return -CLOCK_SLACK <= now - fetched_at <= limit
