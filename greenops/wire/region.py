"""Places by what people call them: their own names, their grid zones, their tags."""

from collections.abc import Sequence
from difflib import get_close_matches

from greenops.agent.planning import Site
from greenops.errors import ConfigError

MOST_SHOWN = 20
LONGEST_SHOWN = 60


def places_named(
    regions: Sequence[str], sites: Sequence[Site]
) -> frozenset[str] | None:
    """Return the places that are called so, or lie in zones called so; None: any.

    Args:
        regions: Names; empty: any place will do.
        sites: The places there are.

    Raises:
        ConfigError: there is none; names those that are near.
    """
    if not regions:
        return None
    found: set[str] = set()
    for region in regions:
        here = {s.place.name for s in sites if region in (s.place.name, s.place.zone)}
        found |= here or _in_zone(region, sites)
    return frozenset(found)


def tags_known(tags: Sequence[str], sites: Sequence[Site]) -> frozenset[str]:
    """Return tags that places bear.

    Raises:
        ConfigError: none bears one of them.
    """
    known = {tag for site in sites for tag in site.place.tags}
    for tag in tags:
        if tag not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "none has any"
            raise ConfigError(
                f"no place bears the tag {tag[:LONGEST_SHOWN]!r}; {there}: they are"
                " `tags` in the file of places"
            )
    return frozenset(tags)


def _in_zone(region: str, sites: Sequence[Site]) -> set[str]:
    from greenops.signals.zones import resolve_zone

    try:
        code = resolve_zone(region).code
    except ConfigError:
        code = ""
    if here := {s.place.name for s in sites if s.place.zone == code}:
        return here
    known = sorted({n for s in sites for n in (s.place.name, s.place.zone)})
    near = get_close_matches(region[:LONGEST_SHOWN], known, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else ""
    there = f"there are {', '.join(known[:MOST_SHOWN])} (`greenops places`)"
    raise ConfigError(
        f"no place or zone {region[:LONGEST_SHOWN]!r} to run in; {hint or there}"
    )
