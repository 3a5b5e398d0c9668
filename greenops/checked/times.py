"""Times as sources write them, or a refusal where they may mean two moments."""

from datetime import UTC, datetime, tzinfo

from greenops.errors import SignalError

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Far from the ends of the calendar, where adding an hour fails."""


def utc_time(text: object, *, states_utc: bool = False) -> datetime:
    """Return the moment that ISO 8601 text names, in UTC.

    Args:
        text: `2026-03-01T12:00Z`, `2026-03-01 12:00:00+01:00`, `2026-03-01T12`.
        states_utc: The format itself promises UTC, so that no offset is needed.

    Raises:
        SignalError: it is no time, has no offset and the format promises none, or lies
            centuries away.
    """
    try:
        at = datetime.fromisoformat(str(text).strip())
    except ValueError as e:
        raise SignalError(f"not a time: {str(text)[:40]!r}; expected ISO 8601") from e
    if at.tzinfo is None:
        if not states_utc:
            raise SignalError(
                f"a time without a time zone: {str(text)[:40]!r}; "
                "write it with Z or an offset such as +01:00"
            )
        at = at.replace(tzinfo=UTC)
    return _in_utc(at)


class DoubtfulTimeError(SignalError):
    """Clocks show this time never or twice; nothing is wrong with the source."""


def local_time(naive: datetime, zone: tzinfo) -> datetime:
    """Return the moment at which clocks of `zone` show `naive`, in UTC.

    Raises:
        DoubtfulTimeError: no clock shows it, or clocks show it twice, because they are
            put forward or back around it.
        SignalError: it is not of a year that any grid was recorded in.
    """
    at = naive.replace(tzinfo=zone)
    first, second = (at.replace(fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        back = _in_utc(first).astimezone(zone).replace(tzinfo=None) == naive
        how = "clocks show it twice" if back else "clocks skip it"
        raise DoubtfulTimeError(
            f"{naive} in {zone} is ambiguous: {how} when daylight saving changes; "
            "write times in UTC"
        )
    return _in_utc(at)


def _in_utc(at: datetime) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise SignalError(
            f"not a time of any grid: {at.isoformat()[:19]}; "
            f"years {FIRST_YEAR} to {LAST_YEAR} are read"
        )
    return at.astimezone(UTC)
