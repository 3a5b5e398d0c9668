"""Cuts a span of time into what a source takes in one question. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def floored(at: datetime, step: timedelta) -> datetime:
    """Return the last whole `step` (of UTC) at or before `at`."""
    return at - (at.astimezone(UTC) - _EPOCH) % step


def ceiled(at: datetime, step: timedelta) -> datetime:
    """Return the first whole `step` (of UTC) at or after `at`."""
    last = floored(at, step)
    return last if last == at else last + step


def pieces(
    start: datetime, stop: datetime, longest: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    """Yield spans of at most `longest` that make up `[start, stop)`, in order."""
    while start < stop:
        end = min(start + longest, stop)
        yield start, end
        start = end
