"""Reads the answers of the Carbon Intensity API. Pure.

Source: carbon-intensity.github.io/api-definitions: half-hours in UTC, gCO2/kWh;
`actual` is an estimate of the half-hour past, for the nation only.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from greenops.checked import RawPoint, utc_time
from greenops.errors import SignalError
from greenops.model import Provenance
from greenops_webapi import json_of, member, rows_of

FORECAST_ABS_G_PER_KWH = 60.0
"""95 % half-width of a forecast.

Source: mean absolute error of 24.2 g/kWh over 1.3 million operational forecasts,
measured; 1.96 x 24.2 / 0.8 for errors that are normal.
"""
ESTIMATE_ABS_G_PER_KWH = 5.0
ESTIMATE_REL = 0.15
"""95 % of an estimate of the past. Source: assumed; the factors per fuel and of imports
that it is made from are round numbers (methodology of the API)."""


def national_rows(body: bytes, url: str) -> list[RawPoint]:
    """Return the rows of a national answer.

    Raises:
        SignalError: it is laid out otherwise.
    """
    rows = rows_of(json_of(body, url), "data", url=url)
    return [_row(row, url) for row in rows]


def regional_rows(
    body: bytes, url: str, region_id: str | None = None
) -> tuple[list[RawPoint], str]:
    """Return the rows of one region's answer, beside the region's name.

    Args:
        body: As sent.
        url: For messages.
        region_id: That was asked for; None: a postcode was.

    Raises:
        SignalError: it is laid out otherwise, or of another region.
    """
    region = member(json_of(body, url), "data", url=url)
    if isinstance(region, list) and len(region) == 1:
        region = region[0]  # so for single half-hours
    rows = rows_of(region, "data", url=url)
    said = str(region.get("regionid", region_id))[:40]
    if region_id is not None and said != region_id:
        raise SignalError(
            f"{url}: asked for region {region_id}, answered for {said!r}; not used"
        )
    name = str(region.get("shortname") or region.get("dnoregion") or "")
    return [_row(row, url) for row in rows], name[:40]


def _row(row: Mapping[str, Any], url: str) -> RawPoint:
    start, stop = (utc_time(member(row, key, url=url)) for key in ("from", "to"))
    stated = member(row, "intensity", url=url)
    if not isinstance(stated, Mapping):
        raise SignalError(f"{url}: intensity is no object")
    for key, provenance in _kinds():
        if stated.get(key) is not None:
            forecast = provenance is Provenance.FORECAST
            return RawPoint(
                start=start,
                stop=stop,
                value=stated[key],
                provenance=provenance,
                rel_uncertainty=0.0 if forecast else ESTIMATE_REL,
                abs_uncertainty_g_per_kwh=(
                    FORECAST_ABS_G_PER_KWH if forecast else ESTIMATE_ABS_G_PER_KWH
                ),
            )
    return RawPoint(start=start, stop=stop, value=None, provenance=Provenance.FORECAST)


def _kinds() -> Iterator[tuple[str, Provenance]]:
    yield "actual", Provenance.ESTIMATED
    yield "forecast", Provenance.FORECAST
