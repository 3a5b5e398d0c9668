"""The places where the daemon may run jobs, as configured."""

from dataclasses import replace

from greenops.agent.planning import Site
from greenops.config import Config
from greenops.footprint.operational import PUE_UNKNOWN
from greenops.model import Place
from greenops.model.bounds import exact
from greenops.signals.zones import WORLD, resolve_zone
from greenops.wire.folders import jobs_folder, ledger_file, state_folder
from greenops.wire.zone import with_zone

__all__ = ["jobs_folder", "ledger_file", "sites_of", "state_folder"]

HERE = "local"


def sites_of(config: Config, problems: list[str]) -> tuple[Site, ...]:
    """Return the places that are configured; without any, this machine.

    Args:
        config: The settings in force.
        problems: Gets a sentence where this machine's zone is not known.

    Raises:
        ConfigError: the file of places is wrong; every complaint is listed.
    """
    if config.places_path is None:
        return (here(config, problems),)
    # These load pydantic, a tenth of a second that nobody without a file waits for.
    from greenops.jobspec.complaints import Complaints
    from greenops.jobspec.places import read_places

    complaints = Complaints()
    read = read_places(
        config.places_path,
        complaints,
        zone_code=lambda text: resolve_zone(text).code,
    )
    complaints.raise_any()
    sites = []
    for place in read.places:
        executor, options = read.engines[place.name]
        # What a file calls free was seen by its author, not by the executor.
        sites.append(
            Site(place=replace(place, seen=None), executor=executor, options=options)
        )
    return tuple(sites)


def here(config: Config, problems: list[str]) -> Site:
    """Return this machine as the place that it is without a file of places.

    Args:
        config: The settings in force.
        problems: Gets a sentence where its zone is not known.
    """
    found, _ = with_zone(config, problems)
    if found.zone is None:
        problems.append(
            "the zone of this machine is not known, so its hours are the world's: set"
            " `zone`, or `places.path`"
        )
    pue = PUE_UNKNOWN if config.pue is None else exact(config.pue)
    return Site(
        place=Place(name=HERE, zone=found.zone or WORLD, pue=pue), executor=HERE
    )
