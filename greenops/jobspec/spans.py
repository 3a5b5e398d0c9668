"""Bounds, moments and durations as people write them."""

from datetime import UTC, datetime, timedelta

from greenops.jobspec.complaints import Spot
from greenops.jobspec.job_keys import JobKeys
from greenops.model import Bounded
from greenops.units import S_PER_HOUR, S_PER_MINUTE

_UNITS = {"h": S_PER_HOUR, "min": S_PER_MINUTE}


def bounded(
    spot: Spot, key: str, central: float, low: float | None, high: float | None
) -> Bounded | None:
    """Return an estimate with its bounds, exact where none are given; None: complained.

    Args:
        spot: The table it stands in.
        key: The name of its central figure.
        central: That figure.
        low: The lower end of its 95 % interval; None: the figure.
        high: The upper end.
    """
    low, high = central if low is None else low, central if high is None else high
    if low <= central <= high:
        return Bounded(central=central, low=low, high=high)
    spot.complain(f"{key} = {central:g} is not between its bounds {low:g} and {high:g}")
    return None


def duration_s(keys: JobKeys, spot: Spot) -> Bounded | None:
    """Return how long a job runs, in s; None: a complaint says why it is not known."""
    given = [u for u in _UNITS if getattr(keys, f"duration_{u}") is not None]
    if len(given) != 1:
        wrong = "give one of them" if given else "one of them is needed"
        spot.complain(f"duration_h, duration_min: {wrong}, such as duration_h = 6.0")
        return None
    (unit,) = given
    ends = {
        (end, u): getattr(keys, f"duration_{end}_{u}")
        for end in ("low", "high")
        for u in _UNITS
    }
    stated = [pair for pair, value in ends.items() if value is not None]
    for end, other in stated:
        if other != unit:
            spot.complain(
                f"duration_{end}_{other} does not go with duration_{unit}; "
                f"give duration_{end}_{unit}",
                f"duration_{end}_{other}",
            )
            return None
    central, spread = getattr(keys, f"duration_{unit}"), keys.duration_spread_pct
    low, high = ends["low", unit], ends["high", unit]
    if spread is not None:
        if stated:
            spot.complain(
                "give duration_spread_pct, or a low and a high end, not both",
                "duration_spread_pct",
            )
            return None
        low, high = central * (1 - spread / 100), central * (1 + spread / 100)
    found = bounded(spot, f"duration_{unit}", central, low, high)
    return found and Bounded(
        central=found.central * _UNITS[unit],
        low=found.low * _UNITS[unit],
        high=found.high * _UNITS[unit],
    )


def window(
    keys: JobKeys, spot: Spot, lasts: Bounded, now: datetime | None
) -> tuple[datetime, datetime] | None:
    """Return the earliest start and the deadline, UTC; None: a complaint says why not.

    Args:
        keys: Of the job.
        spot: Its table.
        lasts: Its duration in s.
        now: Nothing starts earlier; None: a replay, which is planned at `earliest`.
    """
    earliest = now if keys.earliest is None else aware(keys.earliest)
    if earliest is None:
        spot.complain(
            "earliest is missing or no moment there is: a replay plans at that moment, "
            "such as earliest = 2026-03-02T08:00:00Z",
            "earliest",
        )
        return None
    if (keys.deadline is None) == (keys.max_delay_h is None):
        spot.complain(
            "deadline, max_delay_h: give one of them, such as max_delay_h = 24.0"
        )
        return None
    deadline = None
    if keys.deadline is not None:
        deadline = aware(keys.deadline)
    elif keys.max_delay_h is not None:
        deadline = _later(earliest, lasts.high + keys.max_delay_h * S_PER_HOUR)
    if deadline is None:
        spot.complain("deadline is no moment there is", "deadline")
        return None
    begins = earliest if now is None else max(earliest, now)
    if deadline > begins:
        return begins, deadline
    past = now is not None and deadline <= now
    what = "has passed; it is" if past else "is not after the earliest start,"
    spot.complain(
        f"the deadline {_said(deadline)} {what} {_said(begins)}; give a later one",
        "deadline" if keys.deadline is not None else "max_delay_h",
    )
    return None


def aware(at: datetime) -> datetime | None:
    """Return a moment in UTC; without an offset it is of this machine's time zone.

    None: there is no such moment, as at the very ends of the calendar.
    """
    try:
        return at.astimezone(UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _later(at: datetime, by_s: float) -> datetime | None:
    try:
        return at + timedelta(seconds=by_s)
    except OverflowError:
        return None
