"""`greenops zones`: which grid zones there are, and what providers call them."""

import json
from typing import TYPE_CHECKING

import click

from greenops.cli.store import configured
from greenops.cli.text import Column, stdout_look, table
from greenops.errors import UnknownZoneError
from greenops.report.text import plural, safe

if TYPE_CHECKING:
    from greenops.reference.zone_names import GridZone

AWAY = Column(title="AWAY", right=True, rank=1)
COLUMNS = (
    Column(title="ZONE"),
    Column(title="NAME", grows=True),
    AWAY,
    Column(title="ELECTRICITY MAPS", rank=5),
    Column(title="WATTTIME", rank=4),
    Column(title="EIA", rank=3),
    Column(title="ENTSO-E", rank=2),
)


@click.command()
@click.argument("query", required=False)
@click.option("--search", metavar="TEXT", help="The same as QUERY.")
@click.option(
    "--near",
    metavar="PLACE",
    help="LAT,LON in degrees, a cloud region, a zone, or a city of a time zone.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def zones(
    query: str | None, search: str | None, near: str | None, *, as_json: bool
) -> None:
    """List grid zones; without arguments, say which one this machine is in.

    QUERY is part of a code or a name, of greenops or of a provider.
    """
    text = query if query is not None else search
    if text is not None and near is not None:
        raise click.UsageError("give words to search for, or --near, not both")
    if text is None and near is None and not as_json:
        _say_where()
        return
    found = _found(text, near)
    if as_json:
        click.echo(json.dumps([_row(zone, km) for zone, km in found], indent=2))
    elif not found:
        click.echo(f"greenops: {safe(_no_match(text or ''))}", err=True)
        raise SystemExit(1)
    else:
        _show(found)


def _found(text: str | None, near: str | None) -> list[tuple["GridZone", float | None]]:
    from greenops.reference.zone_names import grid_zones
    from greenops.signals.zone_search import search_zones, zones_near

    if near is not None:
        return [(n.zone, n.distance_km) for n in zones_near(near)]
    if text is not None:
        return [(zone, None) for zone in search_zones(text)]
    return [(zone, None) for zone in grid_zones().values()]


def _no_match(text: str) -> str:
    """Return what to try instead of words that are in no zone's name."""
    from greenops.signals.zones import resolve_zone

    try:
        hint = f"as a zone it means {resolve_zone(text).code}"
    except UnknownZoneError as e:
        hint = str(e)
    return f"no zone has {text!r} in its name; {hint}"


def _say_where() -> None:
    from greenops.reference.zone_names import grid_zones
    from greenops.signals.location import FoundBy
    from greenops.wire.zone import whereabouts

    config = configured()
    found = whereabouts(config)
    if found is None:
        click.echo("where this machine draws power from is not known")
    else:
        click.echo(f"this machine: {found}")
    if found is None or found.found_by is FoundBy.TIMEZONE:
        click.echo(
            "runs use the world average until `zone` is configured, or --zone given"
        )
    click.echo(
        f"{plural(len(grid_zones()), 'zone')} known: `greenops zones TEXT` searches, "
        "`--near LAT,LON` looks around, `--json` lists all"
    )


def _show(found: list[tuple["GridZone", float | None]]) -> None:
    called = ("electricitymaps", "watttime", "eia", "entsoe")
    cells = [
        [
            zone.code,
            zone.name,
            *([] if km is None else [f"{km:.0f} km"]),
            *(zone.names.get(provider, "") for provider in called),
        ]
        for zone, km in found
    ]
    measured = found[0][1] is not None
    columns = [c for c in COLUMNS if measured or c is not AWAY]
    click.echo("\n".join(table(columns, cells, stdout_look())))


def _row(zone: "GridZone", km: float | None) -> dict[str, object]:
    return {
        "zone": zone.code,
        "name": zone.name,
        "country": zone.country,
        "latitude_deg": zone.latitude_deg,
        "longitude_deg": zone.longitude_deg,
        "timezone": zone.timezone,
        "providers": dict(zone.names),
    } | ({} if km is None else {"distance_km": round(km, 1)})
