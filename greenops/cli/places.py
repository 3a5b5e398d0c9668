"""`greenops places`: where jobs may run, what is free there, how clean it is."""

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from greenops.cli.store import configured
from greenops.cli.text import Column, stdout_look, table
from greenops.report.text import figure, safe

if TYPE_CHECKING:
    from greenops.model import ForecastHour, PlaceHealth
    from greenops.wire.place_list import FoundPlace

SCHEMA = "greenops.places/1"
COLUMNS = (
    Column(title="PLACE", grows=True),
    Column(title="ZONE", rank=2),
    Column(title="EXECUTOR", rank=5),
    Column(title="STATE"),
    Column(title="GPUS", right=True),
    Column(title="CPUS", right=True, rank=4),
    Column(title="GIB", right=True, rank=6),
    Column(title="NOW", right=True),
    Column(title="NEXT", right=True, rank=1),
    Column(title="CLEANEST", rank=3),
    Column(title="TAGS", rank=7, grows=True),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
def places(*, as_json: bool) -> None:
    """List the places where jobs may run: what is free there, how clean power is.

    What is free is asked of each executor now, as free/all. NOW and NEXT are g of CO2e
    per kWh in this hour and the next, CLEANEST is the best hour of the day ahead; as
    the daemon forecast them last, else by what is at hand on this machine.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from greenops.wire.place_list import found_places

    problems: list[str] = []
    found = found_places(configured(), problems)
    if as_json:
        document = {"schema": SCHEMA, "places": [_record(place) for place in found]}
        click.echo(json.dumps(document, indent=2))
        return
    look = stdout_look()
    for line in table(COLUMNS, [_cells(place) for place in found], look):
        click.echo(line)
    for note in [*_details(found), *problems]:
        click.echo(f"greenops: {safe(note)}", err=True)


def _cells(place: "FoundPlace") -> list[str]:
    site, health = place.site, place.health
    cleanest = place.cleanest
    best = "-"
    if cleanest is not None:
        when = f"{cleanest.start.astimezone():%a %H:%M}"
        best = f"{figure(cleanest.intensity_g_per_kwh)} {when}"
    return [
        site.place.name,
        site.place.zone,
        site.executor,
        _state(health),
        *_free(health),
        _g_per_kwh(place.now),
        _g_per_kwh(place.next),
        best,
        ", ".join(sorted(site.place.tags)),
    ]


def _state(health: "PlaceHealth | None") -> str:
    if health is None:
        return "silent"
    return "usable" if health.usable else "not usable"


def _free(health: "PlaceHealth | None") -> list[str]:
    if health is None:
        return ["-", "-", "-"]
    return [
        _of(health.free_gpus, health.gpus),
        _of(health.free_cpus, health.cpus),
        _of(health.free_memory_gib, health.memory_gib),
    ]


def _of(free: float | None, there: float | None) -> str:
    """Return what is free of what there is; a dash for what nobody knows."""
    if free is None and there is None:
        return "-"
    # Whole numbers without decimals: nobody counts hundredths of a core here.
    figures = ("?" if n is None else f"{round(n, 1):g}" for n in (free, there))
    return "/".join(figures)


def _g_per_kwh(hour: "ForecastHour | None") -> str:
    return "-" if hour is None else figure(hour.intensity_g_per_kwh)


def _details(found: "list[FoundPlace]") -> list[str]:
    notes = []
    for place in found:
        name = place.site.place.name
        if place.health is None:
            notes.append(f"{name}: its executor did not say in time what is free")
        elif place.health.detail:
            notes.append(f"{name}: {place.health.detail}")
        if place.forecast is None:
            notes.append(f"{name}: nothing is known of the hours of {_zone(place)}")
    return notes


def _zone(place: "FoundPlace") -> str:
    return place.site.place.zone


def _record(place: "FoundPlace") -> dict[str, Any]:
    site, health, forecast = place.site, place.health, place.forecast
    return {
        "place": site.place.name,
        "zone": site.place.zone,
        "executor": site.executor,
        "private": site.place.private,
        "tags": sorted(site.place.tags),
        "pue": site.place.pue.central,
        "usable": None if health is None else health.usable,
        "detail": "" if health is None else health.detail,
        "asked_at": _time(place.at),
        "gpus": health and health.gpus,
        "cpus": health and health.cpus,
        "memory_gib": health and health.memory_gib,
        "free_gpus": health and health.free_gpus,
        "free_cpus": health and health.free_cpus,
        "free_memory_gib": health and health.free_memory_gib,
        "now": _hour(place.now),
        "next": _hour(place.next),
        "cleanest_of_24_h": _hour(place.cleanest),
        "forecast": forecast
        and {
            "method": forecast.method,
            "source": forecast.source,
            "issued_at": _time(forecast.issued_at),
        },
    }


def _hour(hour: "ForecastHour | None") -> dict[str, Any] | None:
    if hour is None:
        return None
    return {
        "start": _time(hour.start),
        "intensity_g_per_kwh": hour.intensity_g_per_kwh,
        "low80_g_per_kwh": hour.low80_g_per_kwh,
        "high80_g_per_kwh": hour.high80_g_per_kwh,
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
