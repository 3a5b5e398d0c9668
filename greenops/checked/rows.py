"""What a source sent, row by row, beside what is left of it once checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite

from greenops.errors import SignalError
from greenops.model import IntensityPoint, Provenance

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPoint:
    """One row of an answer, before anything about it is believed.

    Attributes:
        start: As the source states it; what has no time zone is refused later.
        stop: None: the source does not say how long the row holds.
        value: Whatever stood there: a number, text, None.
        low: Lower end of the source's own 95 % interval, in the unit of the value.
        high: Upper end of it.
        issued_at: When the source stated this row, where rows differ in it.
        provenance: How this row came about, where rows differ in it.
        rel_uncertainty: Of this row, where rows differ in it; as in `checked_points`.
        abs_uncertainty_g_per_kwh: The same.
    """

    start: datetime
    value: object
    stop: datetime | None = None
    low: object = None
    high: object = None
    issued_at: datetime | None = None
    provenance: Provenance | None = None
    rel_uncertainty: float | None = None
    abs_uncertainty_g_per_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The points that may be used, and in sentences what was wrong with the rest.

    Attributes:
        points: In time order, never overlapping; what was unusable is a gap.
        problems: One sentence per kind of fault: how often, where first.
    """

    points: tuple[IntensityPoint, ...]
    problems: tuple[str, ...] = ()


class Problems:
    """Counts faults by kind, so that a thousand bad rows make one sentence.

    Args:
        within: Faults outside of this span, and the hour before it, do not matter to
            who asked; None: all do.
    """

    def __init__(self, within: tuple[datetime, datetime] | None = None) -> None:
        self._within = within
        self._first: dict[str, tuple[int, str]] = {}

    def add(self, fault: str, at: datetime, value: object = None) -> None:
        """Note one fault at `at`; the first of its kind is quoted."""
        if self._within and not self._within[0] - _HOUR < at < self._within[1]:
            return
        count, example = self._first.get(fault, (0, ""))
        shown = "" if value is None else f" ({str(value)[:40]!r})"
        example = example or f"{at:%Y-%m-%dT%H:%M}Z{shown}"
        self._first[fault] = (count + 1, example)

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence per kind of fault, in the order they were met."""
        return tuple(
            f"{count} x {fault}, first at {example}"
            for fault, (count, example) in self._first.items()
        )


def finite_number(value: object) -> float | None:
    """Return a number, or text that holds one, as a float; None for anything else.

    Booleans, NaN, infinities and text such as `1_000` or `1,5` are no numbers.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and "_" in value:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def span_utc(start: datetime, stop: datetime) -> tuple[datetime, datetime]:
    """Return `[start, stop)` in UTC, once it is sure to be a span.

    Raises:
        ValueError: `stop` is not after `start`, or either has no time zone.
    """
    if start.tzinfo is None or stop.tzinfo is None or start >= stop:
        raise ValueError(f"not a span of aware times: {start} to {stop}")
    return start.astimezone(UTC), stop.astimezone(UTC)


def points_within(
    checked: Checked, start: datetime, stop: datetime, *, asked: str
) -> Sequence[IntensityPoint]:
    """Return the points that touch `[start, stop)`, whole.

    Args:
        checked: A whole answer.
        start: Aware.
        stop: Aware, after `start`.
        asked: Source and zone, for the message: `watttime: CAISO_NORTH`.

    Raises:
        SignalError: there is none; says what was wrong with the answer.
    """
    touching = [p for p in checked.points if p.start < stop and start < p.stop]
    if not touching:
        why = "; ".join(checked.problems) or "the source has nothing there"
        raise SignalError(f"{asked}: no usable point in {start} to {stop}: {why}")
    return touching
