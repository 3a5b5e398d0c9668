"""Turn what people call a grid zone into one record.

Understood, whatever the case: ISO 3166 codes of countries (`FR`, `FRA`) with English
names, states and provinces (`US-CA`, `CA-QC`, `CN-BJ`, their names), bidding zones
(`SE-SE3`, `SE3`), balancing authorities and other grid areas (`US-CAL-CISO`, `AU-NSW`),
what providers call them (`CISO`, `CAISO_NORTH`, an EIC; `eia:SC` where a name alone is
another zone), cloud regions (`gcp:europe-west1`, `eu-north-1`), `world`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from greenops.errors import GreenopsError, ReferenceDataError, UnknownZoneError
from greenops.reference.factor import GridFactor
from greenops.reference.files import data_folder
from greenops.reference.grid import (
    canadian_provinces,
    chinese_provinces,
    cloud_regions,
    countries,
    mixed_zones,
    nordic_zones,
    us_states,
)
from greenops.reference.zone_names import PROVIDERS as NAMING
from greenops.reference.zone_names import GridZone, grid_zones, zone_called
from greenops.signals.countries import OTHER_NAMES, alpha_3_of
from greenops.signals.regions import PROVIDERS

WORLD = "world"
LONGEST_NAME = 80
NEAR_MATCHES = 5
# Source: ISO 3166-2:CA.
_CANADIAN_CODES = {
    "alberta": "CA-AB",
    "british columbia": "CA-BC",
    "manitoba": "CA-MB",
    "new brunswick": "CA-NB",
    "newfoundland and labrador": "CA-NL",
    "northwest territories": "CA-NT",
    "nova scotia": "CA-NS",
    "nunavut": "CA-NU",
    "ontario": "CA-ON",
    "prince edward island": "CA-PE",
    "quebec": "CA-QC",
    "saskatchewan": "CA-SK",
    "yukon": "CA-YT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A grid zone and its annual figures.

    Attributes:
        code: Names the zone for good; resolving it again gives the same zone.
        name: For people.
        factor: Its annual average; None: the world, or a zone no table has a figure of.
        note: How the name was understood, where that is not plain.
    """

    code: str
    name: str
    factor: GridFactor | None
    note: str = ""


def resolve_zone(text: str, folder: Path | None = None) -> Zone:
    """Return the zone that `text` names.

    Args:
        text: A code or a name; case, accents and spaces at the ends do not matter.
        folder: Where the data files are; None: those of the installed package.

    Raises:
        UnknownZoneError: no such zone; the message lists near matches.
        ReferenceDataError: the table that has the zone cannot be read.
    """
    wanted = plain(text)
    if wanted == WORLD:
        return Zone(code=WORLD, name="World", factor=None)
    folder = folder or data_folder()
    for find in (_country_by_code, _subdivision, _cloud_region, _listed, _by_name):
        if zone := find(wanted, folder):
            return zone
    raise UnknownZoneError(_no_such_zone(text, wanted, folder))


def canonical(name: str) -> str:
    """Return the code of a zone; a name that no table has stands for itself."""
    try:
        return resolve_zone(name).code
    except GreenopsError:
        return plain(name)


def plain(text: str) -> str:
    """Return `text` without case, accents, underscores and spaces at the ends."""
    letters = unicodedata.normalize("NFKD", text[:LONGEST_NAME]).casefold()
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    return re.sub(r"[\s_]+", " ", kept).strip()


def _country_by_code(wanted: str, folder: Path) -> Zone | None:
    code = wanted.upper()
    alpha_3 = alpha_3_of().get(code, code)
    if len(alpha_3) != 3:
        return None
    factor = countries(folder).get(alpha_3)
    return _country(factor) if factor else None


def _country(factor: GridFactor) -> Zone:
    alpha_2 = {long: short for short, long in alpha_3_of().items()}
    code = alpha_2.get(factor.code, factor.code)
    return Zone(code=code, name=factor.name, factor=factor)


def _subdivision(wanted: str, folder: Path) -> Zone | None:
    code = wanted.upper()
    if re.fullmatch(r"((SE|NO)-)?(SE|NO)\d", code):
        zones = _nordic(folder)
    elif table := _SUBDIVISIONS.get(code[:3]):
        zones = table(folder)
    else:
        return None
    short = code.rpartition("-")[2]
    return zones.get(code) or zones.get(f"{short[:2]}-{short}")


def _us(folder: Path) -> dict[str, Zone]:
    return {
        code: Zone(code=code, name=f"{f.name}, United States", factor=f)
        for code, f in us_states(folder).items()
    }


def _canada(folder: Path) -> dict[str, Zone]:
    return {
        _CANADIAN_CODES[name]: Zone(
            code=_CANADIAN_CODES[name], name=f"{f.name}, Canada", factor=f
        )
        for name, f in canadian_provinces(folder).items()
        if name in _CANADIAN_CODES
    }


def _china(folder: Path) -> dict[str, Zone]:
    return {
        code: Zone(code=code, name=f"{f.name}, China", factor=f)
        for code, f in chinese_provinces(folder).items()
    }


def _nordic(folder: Path) -> dict[str, Zone]:
    return {
        f"{code[:2]}-{code}": Zone(code=f"{code[:2]}-{code}", name=f.name, factor=f)
        for code, f in nordic_zones(folder).items()
        if len(code) == 3  # the table's FI is the country, with an older value
    }


_SUBDIVISIONS: dict[str, Callable[[Path], dict[str, Zone]]] = {
    "US-": _us,
    "CA-": _canada,
    "CN-": _china,
}


def _cloud_region(wanted: str, folder: Path) -> Zone | None:
    provider, colon, region = wanted.rpartition(":")
    if (colon and provider not in PROVIDERS) or not re.fullmatch(
        r"[a-z]+([a-z-]+\d?)?", region
    ):
        return None
    for known, place_of in PROVIDERS.items():
        if provider in ("", known) and region in place_of:
            place = resolve_zone(place_of[region], folder)
            note = f"{known}:{region} lies in {place.name}"
            return Zone(
                code=place.code, name=place.name, factor=place.factor, note=note
            )
    if provider not in ("", "gcp") or not re.search(r"-[a-z]+\d", region):
        return None
    factor = cloud_regions(folder).get(f"gcp:{region}")
    if factor is None:
        return None
    return Zone(code=factor.code, name=factor.name, factor=factor)


def _listed(wanted: str, folder: Path) -> Zone | None:
    """Look the zone up in the table of grid zones: by code, or a provider's name."""
    row = _row(wanted)
    if row is None:
        return None
    return _with_own_figure(row.code, folder) or _with_figure_of_others(row, folder)


def _row(wanted: str) -> GridZone | None:
    provider, colon, name = wanted.rpartition(":")
    name = name.replace(" ", "_")
    if colon:
        return zone_called(name, provider) if provider in NAMING else None
    code = re.sub("^AUS-", "AU-", name.upper())  # Electricity Maps until 2022
    # Short names of bidding zones repeat the country: DK1 for DK-DK1.
    for spelled in (code, f"{code[:2]}-{code}"):
        if spelled in grid_zones():
            return grid_zones()[spelled]
    # NESO calls its regions 1 to 14, which means nothing on its own.
    called = (zone_called(name, p) for p in NAMING if p != "neso")
    return next((zone for zone in called if zone), None)


def _with_own_figure(code: str, folder: Path) -> Zone | None:
    wanted = code.casefold()
    if zone := _country_by_code(wanted, folder) or _subdivision(wanted, folder):
        return zone
    factor = mixed_zones(folder).get(code)
    return Zone(code=code, name=factor.name, factor=factor) if factor else None


def _with_figure_of_others(row: GridZone, folder: Path) -> Zone:
    found = [_with_own_figure(code, folder) for code in row.annual]
    known = [z for z in found if z is not None and z.factor is not None]
    factors = [z.factor for z in known if z.factor is not None]
    if not factors:
        return Zone(code=row.code, name=row.name, factor=None, note="no annual figure")
    whose = ", ".join(z.name.partition(",")[0] for z in known)
    note = f"annual figure of {whose}" if len(known) == 1 else f"mean of {whose}"
    factor = _standing_in(factors)
    return Zone(code=row.code, name=row.name, factor=factor, note=note)


def _standing_in(factors: Sequence[GridFactor]) -> GridFactor:
    mean = sum(f.intensity_g_per_kwh for f in factors) / len(factors)
    return replace(factors[0], intensity_g_per_kwh=mean, stands_in=True)


def _by_name(wanted: str, folder: Path) -> Zone | None:
    known = countries(folder)
    if wanted in OTHER_NAMES:
        return _country(known[OTHER_NAMES[wanted]])
    for factor in known.values():
        if plain(factor.name) == wanted:
            return _country(factor)
    for zone in _subdivisions(folder):
        if plain(zone.name.partition(",")[0]) == wanted:
            return zone
    for row in grid_zones().values():
        if plain(row.name) == wanted:
            # A missing table must not hide what a name means in the others.
            with suppress(ReferenceDataError):
                return _listed(row.code.casefold(), folder)
    return None


def _subdivisions(folder: Path) -> Iterator[Zone]:
    """Yield what tables there are: an absent one must not hide the others' names."""
    for table in (*_SUBDIVISIONS.values(), _nordic):
        try:
            yield from table(folder).values()
        except ReferenceDataError:
            continue


def _no_such_zone(text: str, wanted: str, folder: Path) -> str:
    spelled = {plain(f.name): f.name for f in countries(folder).values()}
    spelled |= {name: name for name in OTHER_NAMES}
    for zone in _subdivisions(folder):
        spelled[plain(zone.name.partition(",")[0])] = zone.code
        spelled[zone.code.casefold()] = zone.code
    for row in grid_zones().values():
        names = (row.code, row.name, *row.names.values())
        spelled |= {plain(n): row.code for n in names if plain(n) not in spelled}
    spelled |= {r: f"{p}:{r}" for p, known in PROVIDERS.items() for r in known}
    near = get_close_matches(wanted, spelled, n=NEAR_MATCHES, cutoff=0.6)
    hint = f"did you mean {', '.join(spelled[n] for n in near)}? " if near else ""
    shown = text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}..."
    return (
        f"unknown grid zone {shown!r}: {hint}"
        "Give a country (FR), a state or province (US-CA), a bidding zone (SE-SE3), "
        "a balancing authority (CISO), or a cloud region (gcp:europe-west1)"
    )
