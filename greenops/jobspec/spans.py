"""Bounds, moments and durations as people write them."""

from datetime import UTC, datetime, timedelta

from greenops.jobspec.complaints import Spot
from greenops.jobspec.job_keys import JobKeys
from greenops.model import Bounded
from greenops.model.bounds import scaled
from greenops.units import S_PER_HOUR, S_PER_MINUTE

PER_CENT = 100.0
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
    central = getattr(keys, f"duration_{unit}")
    ends = _ends(keys, spot, unit, central)
    found = ends and bounded(spot, f"duration_{unit}", central, *ends)
    return found and scaled(found, _UNITS[unit])


def _ends(
    keys: JobKeys, spot: Spot, unit: str, central: float
) -> tuple[float | None, float | None] | None:
    """Return both ends of a duration's interval in its unit; None: complained."""
    wrong = _UNITS.keys() - {unit}
    for key in (f"duration_{end}_{u}" for end in ("low", "high") for u in wrong):
        if getattr(keys, key) is not None:
            right = f"{key.rpartition('_')[0]}_{unit}"
            spot.complain(f"{key} does not go with duration_{unit}; give {right}", key)
            return None
    low = getattr(keys, f"duration_low_{unit}")
    high = getattr(keys, f"duration_high_{unit}")
    if keys.duration_spread_pct is None:
        return low, high
    if low is not None or high is not None:
        key = "duration_spread_pct"
        spot.complain(f"give {key}, or a low and a high end, not both", key)
        return None
    spread = keys.duration_spread_pct / PER_CENT
    return central * (1 - spread), central * (1 + spread)


def window(
    keys: JobKeys, spot: Spot, lasts: Bounded, now: datetime
) -> tuple[datetime, datetime] | None:
    """Return the earliest start and the deadline, UTC; None: a complaint says why not.

    Args:
        keys: Of the job.
        spot: Its table.
        lasts: Its duration in s.
        now: Nothing starts earlier.
    """
    earliest = now if keys.earliest is None else aware(keys.earliest)
    if earliest is None:
        spot.complain("earliest is no moment there is", "earliest")
        return None
    deadline = _deadline(keys, spot, lasts, earliest)
    if deadline is None:
        return None
    begins = max(earliest, now)
    if deadline > begins:
        return begins, deadline
    past = deadline <= now
    what = "has passed; it is" if past else "is not after the earliest start,"
    spot.complain(
        f"the deadline {_said(deadline)} {what} {_said(now if past else begins)}; "
        "give a later one",
        "deadline" if keys.deadline is not None else "max_delay_h",
    )
    return None


def _deadline(
    keys: JobKeys, spot: Spot, lasts: Bounded, earliest: datetime
) -> datetime | None:
    if (keys.deadline is None) == (keys.max_delay_h is None):
        spot.complain(
            "deadline, max_delay_h: give one of them, such as max_delay_h = 24.0"
        )
        return None
    found = None
    if keys.deadline is not None:
        found = aware(keys.deadline)
    elif keys.max_delay_h is not None:
        found = _later(earliest, lasts.high + keys.max_delay_h * S_PER_HOUR)
    if found is None:
        spot.complain("deadline is no moment there is", "deadline")
    return found


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
