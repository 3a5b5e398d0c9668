"""What a source calls a grid zone, by the one table of names."""

from collections.abc import Mapping
from difflib import get_close_matches

from greenops.errors import ReferenceDataError, SignalError, UnknownZoneError
from greenops.reference.zone_names import GridZone, grid_zones


def served_zone(
    zone: str | None, provider: str, *, all_zones: bool = False
) -> GridZone:
    """Return the zone, if `provider` serves it.

    Args:
        zone: Its canonical code, in any case.
        provider: One of `greenops.reference.zone_names.PROVIDERS`.
        all_zones: Whether the source serves zones that it has no known name for.

    Raises:
        UnknownZoneError: there is no such zone, or it is not served there; lists near
            matches that are.
        SignalError: the table of names cannot be read.
    """
    if zone is None:
        raise UnknownZoneError(
            f"{provider} has no world average; name a zone, such as {_some(provider)}"
        )
    known = _zones()
    found = known.get(zone.strip().upper())
    if found is not None and (all_zones or provider in found.names):
        return found
    served = [code for code, row in known.items() if provider in row.names]
    near = get_close_matches(zone.upper(), served, n=3, cutoff=0.5)
    what = "does not serve zone" if found else "knows no zone"
    meant = f"near: {', '.join(near)}" if near else f"it serves {_some(provider)}, ..."
    raise UnknownZoneError(f"{provider} {what} {zone!r}; {meant}")


def _zones() -> Mapping[str, GridZone]:
    try:
        return grid_zones()
    except ReferenceDataError as e:
        raise SignalError(f"no names of zones: {e}") from e


def _some(provider: str) -> str:
    served = [code for code, row in _zones().items() if provider in row.names]
    return ", ".join(served[:3])
