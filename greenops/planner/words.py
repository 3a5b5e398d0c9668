"""Spans of time as people say them, for the changes an error proposes."""

from math import ceil, floor

from greenops.units import S_PER_HOUR, S_PER_MINUTE

MINUTES_PER_HOUR = round(S_PER_HOUR / S_PER_MINUTE)


def span(duration_s: float, *, down: bool = False) -> str:
    """Return `1 h 30 min`, `45 s`, ...

    Args:
        duration_s: 0 s or more.
        down: Round down, for an upper limit; else up, for less would not be enough.
    """
    # What is left of a sum, or of a search, is no second of its own.
    rounded, sliver_s = (floor, 1e-3) if down else (ceil, -1e-3)
    whole_s = rounded(duration_s + sliver_s)
    if whole_s < 2 * S_PER_MINUTE:
        return f"{whole_s} s"
    hours, minutes = divmod(rounded(whole_s / S_PER_MINUTE), MINUTES_PER_HOUR)
    parts = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0)
    return " ".join(parts)
