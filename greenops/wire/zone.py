"""Which grid zone runs and commands are in, as configured, or as the cloud says.

A run without a configured zone asks the metadata service of the cloud it clearly runs
on, if it does. It never takes the time zone's guess: a laptop keeps its owner's clock
anywhere, and a wrong zone with narrow bounds is worse than the world's average.
"""

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from greenops.config import Config
from greenops.errors import GreenopsError
from greenops.signals.zones import resolve_zone

if TYPE_CHECKING:
    from greenops.signals.location import Location

CONFIGURED = "configuration"


def with_zone(config: Config, problems: list[str]) -> tuple[Config, str]:
    """Return the configuration with a zone that exists, or with none.

    A job is not stopped for a zone that was misspelt in a file: it gets the world's
    average, whose bounds say how little that is.

    Args:
        config: The settings in force.
        problems: Gets a sentence where the configured zone does not exist.

    Returns:
        The configuration, and what told the zone: `configuration`, `cloud metadata:
        aws:eu-north-1`; empty without a zone.
    """
    if config.zone is not None:
        try:
            return replace(config, zone=resolve_zone(config.zone).code), CONFIGURED
        except GreenopsError as e:
            problems.append(f"{e}; the world average is used")
            return replace(config, zone=None), ""
    try:
        found = _of_cloud(config.location_cloud)
    except GreenopsError as e:  # such as missing data files
        problems.append(f"the cloud's region could not be placed: {e}")
        found = None
    if found is None:
        return config, ""
    return replace(config, zone=found.zone), f"{found.found_by}: {found.detail}"


def zone_in_force(config: Config) -> str | None:
    """Return the zone that a run would be given here and now; None: not known.

    Raises:
        UnknownZoneError: the configured zone does not exist.
    """
    if config.zone is not None:
        return resolve_zone(config.zone).code
    found = _of_cloud(config.location_cloud)
    return found.zone if found else None


def whereabouts(config: Config) -> "Location | None":
    """Return where this machine is, or seems to be by its time zone.

    Raises:
        UnknownZoneError: the configured zone does not exist.
    """
    from greenops.signals.location import AskCloud, local_timezone, locate

    if config.zone is None and (found := _of_cloud(config.location_cloud)):
        return found
    return locate(config.zone, ask_cloud=AskCloud.OFF, timezone=local_timezone())


def _of_cloud(ask: str) -> "Location | None":
    try:
        return _found_by_cloud(ask)
    except LookupError:
        return None


@cache  # a machine does not change its region, and a process may track many blocks
def _found_by_cloud(ask: str) -> "Location":
    """Return what the cloud says.

    Raises:
        LookupError: nothing, now; it is asked again next time.
    """
    from greenops.signals.location import AskCloud, locate

    found = locate(None, ask_cloud=AskCloud(ask))
    if found is None:
        raise LookupError("no cloud tells where this machine is")
    return found
