"""Reads hourly generation by source as the EIA API, version 2, sends it. Pure.

Source: eia.gov/opendata/documentation.php; form EIA-930 and its instructions: net
generation in MWh, by the hour that ends at `period`, in UTC.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from greenops.checked import finite_number, utc_time
from greenops.errors import SignalError
from greenops_generation import Fuel, Generated
from greenops_webapi import json_of, member, rows_of

HOUR: Final = timedelta(hours=1)
UNIT: Final = "megawatthours"
FUELS: Final[Mapping[str, Fuel]] = {
    "COL": Fuel.COAL,
    "NG": Fuel.GAS,
    "NUC": Fuel.NUCLEAR,
    "OIL": Fuel.OIL,
    "WAT": Fuel.HYDRO,
    "SUN": Fuel.SOLAR,
    "SNB": Fuel.SOLAR,  # with a battery of its own
    "WND": Fuel.WIND_ONSHORE,
    "WNB": Fuel.WIND_ONSHORE,  # with a battery of its own
    "GEO": Fuel.GEOTHERMAL,
    "BAT": Fuel.STORAGE,
    "PS": Fuel.STORAGE,  # pumped
    "OES": Fuel.STORAGE,
    "UES": Fuel.STORAGE,
    "OTH": Fuel.OTHER,
    "UNK": Fuel.OTHER,
}
"""By the codes of EIA-930. A code that is not here counts as other."""


def generated_of(body: bytes, url: str, respondent: str) -> list[Generated]:
    """Return what each source generated, hour by hour.

    Raises:
        SignalError: it is laid out otherwise, of another authority or unit, or not all
            of it was sent.
    """
    answer = json_of(body, url)
    rows = rows_of(answer, "response", "data", url=url)
    total = finite_number(member(answer, "response", url=url).get("total"))
    if total is not None and total > len(rows):
        raise SignalError(f"{url}: sent {len(rows)} of {total:.0f} rows; not used")
    return _generated(rows, url, respondent)


def _generated(
    rows: Sequence[Mapping[str, Any]], url: str, respondent: str
) -> list[Generated]:
    found = []
    for row in rows:
        for key, wanted in (("respondent", respondent), ("value-units", UNIT)):
            said = row.get(key, wanted)
            if said != wanted:
                raise SignalError(
                    f"{url}: {key} is {str(said)[:40]!r} instead of {wanted!r}"
                )
        stop = utc_time(member(row, "period", url=url), states_utc=True)
        code = str(member(row, "fueltype", url=url))[:8]
        found.append(
            Generated(
                start=stop - HOUR,
                stop=stop,
                series=code,
                fuel=FUELS.get(code, Fuel.OTHER),
                power_mw=row.get("value"),  # MWh within one hour
            )
        )
    return found
