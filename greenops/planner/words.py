"""Spans of time as people say them, for the changes an error proposes."""

from math import ceil

from greenops.units import S_PER_HOUR, S_PER_MINUTE


def span(duration_s: float) -> str:
    """Return `1 h 30 min`, `45 s`, ...: rounded up, for less would not be enough."""
    # What is left of a sum of floats is no second of its own.
    whole_s = ceil(duration_s - 1e-6)
    if whole_s < 2 * S_PER_MINUTE:
        return f"{whole_s} s"
    hours, minutes = divmod(ceil(whole_s / S_PER_MINUTE), round(S_PER_HOUR / 60))
    parts = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0)
    return " ".join(parts)
