"""Which grid zone this machine draws from, as far as it can be told, and how.

Configuration goes first, then the cloud's metadata service, then the time zone. Nobody
on the internet is asked.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from greenops.errors import UnknownZoneError
from greenops.signals.cloud_metadata import Cloud, CloudMetadata
from greenops.signals.zones import resolve_zone

_NOWHERE = re.compile(r"(Etc/)?(UTC|UCT|GMT[+-]?\d*|Universal|Zulu|Greenwich)|Etc/.*")


class AskCloud(StrEnum):
    """When to ask a cloud's metadata service."""

    AUTO = "auto"  # when the firmware says that this is a cloud's machine
    ON = "on"
    OFF = "off"


class FoundBy(StrEnum):
    """What told the zone, from the surest to a guess."""

    CONFIGURATION = "configuration"
    CLOUD = "cloud metadata"
    TIMEZONE = "time zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where this machine is.

    Attributes:
        zone: Canonical code.
        found_by: What told it. A time zone is a guess, and to be called one.
        detail: What it said: `aws:eu-north-1`, `Europe/Paris`.
    """

    zone: str
    found_by: FoundBy
    detail: str

    def __str__(self) -> str:
        guess = "a guess from " if self.found_by is FoundBy.TIMEZONE else "from "
        return f"{self.zone} ({guess}{self.found_by}: {self.detail})"


def locate(
    zone: str | None,
    *,
    ask_cloud: AskCloud = AskCloud.AUTO,
    timezone: str | None = None,
    metadata: CloudMetadata | None = None,
) -> Location | None:
    """Return where this machine is; None: nothing tells.

    Args:
        zone: As configured; None: not.
        ask_cloud: Whether a metadata service may be asked.
        timezone: IANA name of the machine's time zone, see `local_timezone`; None: not
            to be guessed from.
        metadata: The service; None: the usual one.

    Raises:
        UnknownZoneError: the configured zone does not exist.
    """
    if zone is not None:
        code = resolve_zone(zone).code
        return Location(zone=code, found_by=FoundBy.CONFIGURATION, detail=zone)
    if ask_cloud is not AskCloud.OFF:
        service = metadata or CloudMetadata()
        if found := _by_cloud(service, always=ask_cloud is AskCloud.ON):
            return found
    if timezone is None:
        return None
    from greenops.signals.zone_search import zone_of_timezone  # for no run

    guess = zone_of_timezone(timezone)
    if guess is None:
        return None
    return Location(zone=guess.code, found_by=FoundBy.TIMEZONE, detail=timezone)


def local_timezone(
    *, environ: Mapping[str, str] | None = None, etc: Path = Path("/etc")
) -> str | None:
    """Return the IANA name of this machine's time zone.

    None: it has none, or keeps UTC, which is true of servers anywhere.
    """
    named = (os.environ if environ is None else environ).get("TZ", "").lstrip(":")
    name = _after_zoneinfo(named) or _named_in(etc) or _linked_in(etc)
    return None if not name or _NOWHERE.fullmatch(name) else name


def _by_cloud(service: CloudMetadata, *, always: bool) -> Location | None:
    known = service.cloud()
    asked = (known,) if known else tuple(Cloud) if always else ()
    for cloud in asked:
        region = service.region(cloud)
        if region is None:
            continue
        try:
            code = resolve_zone(region).code
        except UnknownZoneError:  # a region newer than our table
            return None
        return Location(zone=code, found_by=FoundBy.CLOUD, detail=region)
    return None


def _named_in(etc: Path) -> str:
    try:
        return (etc / "timezone").read_text(errors="replace").strip()
    except OSError:
        return ""


def _linked_in(etc: Path) -> str:
    try:
        target = str((etc / "localtime").readlink())
    except OSError:
        return ""
    return _after_zoneinfo(target)


def _after_zoneinfo(path: str) -> str:
    """Return `Europe/Paris` of `/usr/share/zoneinfo/Europe/Paris` and of itself."""
    name = path.rpartition("zoneinfo/")[2]
    return name if not name.startswith("/") else ""
