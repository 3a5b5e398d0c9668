"""Reads the answers of the Electricity Maps API, version 3. Pure.

Source: app.electricitymaps.com/developer-hub/api/reference: gCO2eq/kWh, times in UTC at
the start of each row; `isEstimated` tells estimates from measured production.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from greenops.checked import RawPoint, finite_number, utc_time
from greenops.errors import SignalError
from greenops.model import Provenance
from greenops_webapi import json_of, member, rows_of

REL_MEASURED: Final = 0.25
"""95 % of a measured hour: the spread of life-cycle factors per fuel.

Source: coal 740-910, gas 410-650 g/kWh, IPCC AR5 WG3 annex III, table A.III.2.
"""
REL_ESTIMATED: Final = 0.4
REL_FORECAST: Final = 0.4
"""The same with an error of the hour on top, in quadrature on logarithms.

Source: forecasts of 13 regions are off by 9 % in the mean over four days (CarbonCast,
measured on its published traces); 95 % is about 2.5 times that.
"""
GRANULARITIES: Final[Mapping[str, timedelta]] = {
    "5_minutes": timedelta(minutes=5),
    "15_minutes": timedelta(minutes=15),
    "hourly": timedelta(hours=1),
}
_HOUR = timedelta(hours=1)


def latest_rows(
    body: bytes, url: str, zone: str, factors: str
) -> tuple[list[RawPoint], timedelta]:
    """Return the one row of `latest`, and how long it holds.

    Raises:
        SignalError: it is laid out otherwise, of another zone or other factors.
    """
    answer = json_of(body, url)
    _of_zone(answer, zone, url)
    _of_factors(answer, factors, url)
    return [_past_row(answer, url)], _granularity(answer)


def listed_rows(
    body: bytes, url: str, zone: str, factors: str, *, under: str
) -> tuple[list[RawPoint], timedelta]:
    """Return the rows of `history` or `past-range`, and how long each holds at most.

    Args:
        body: As sent.
        url: For messages.
        zone: That was asked for.
        factors: That were asked for: `lifecycle`, `direct`.
        under: The name of the list: `history`, `data`.

    Raises:
        SignalError: it is laid out otherwise, of another zone or other factors.
    """
    answer = json_of(body, url)
    rows = rows_of(answer, under, url=url)
    for holder in (answer, *rows):
        _of_zone(holder, zone, url)
        _of_factors(holder, factors, url)
    return [_past_row(row, url) for row in rows], _granularity(answer)


def forecast_rows(body: bytes, url: str, zone: str) -> tuple[list[RawPoint], timedelta]:
    """Return the rows of `forecast`, and how long each holds at most.

    Raises:
        SignalError: it is laid out otherwise, or of another zone.
    """
    answer = json_of(body, url)
    _of_zone(answer, zone, url)
    issued = member(answer, "updatedAt", url=url)
    return [
        RawPoint(
            start=utc_time(member(row, "datetime", url=url)),
            value=member(row, "carbonIntensity", url=url),
            issued_at=utc_time(issued),
            provenance=Provenance.FORECAST,
            rel_uncertainty=REL_FORECAST,
        )
        for row in rows_of(answer, "forecast", url=url)
    ], _granularity(answer)


def breakdown_mw(body: bytes, url: str, zone: str) -> Mapping[str, float]:
    """Return what the zone uses by source, in MW; what is not known is absent.

    Raises:
        SignalError: it is laid out otherwise, or of another zone.
    """
    answer = json_of(body, url)
    _of_zone(answer, zone, url)
    parts = member(answer, "powerConsumptionBreakdown", url=url)
    if not isinstance(parts, Mapping):
        raise SignalError(f"{url}: powerConsumptionBreakdown is no object")
    known = {str(source): finite_number(mw) for source, mw in parts.items()}
    return {source: mw for source, mw in known.items() if mw is not None and mw >= 0}


def _past_row(row: Mapping[str, Any], url: str) -> RawPoint:
    start = utc_time(member(row, "datetime", url=url))
    issued_at = utc_time(row["updatedAt"]) if row.get("updatedAt") else None
    # Its own estimates are marked; a row that says nothing about it may be one. Some
    # are made from the days before, when their hour has not begun.
    measured = row.get("isEstimated") is False
    provenance = Provenance.MEASURED if measured else Provenance.ESTIMATED
    if not measured and issued_at is not None and issued_at < start:
        provenance = Provenance.FORECAST
    return RawPoint(
        start=start,
        value=member(row, "carbonIntensity", url=url),
        issued_at=issued_at,
        provenance=provenance,
        rel_uncertainty=REL_MEASURED if measured else REL_ESTIMATED,
    )


def _of_zone(holder: Mapping[str, Any] | Sequence[Any], zone: str, url: str) -> None:
    if not isinstance(holder, Mapping):
        raise SignalError(f"{url}: the answer is no object")
    said = holder.get("zone", zone)
    if said != zone:
        raise SignalError(
            f"{url}: asked for zone {zone}, answered for {str(said)[:40]!r}; not used"
        )


def _of_factors(holder: Mapping[str, Any], factors: str, url: str) -> None:
    said = holder.get("emissionFactorType", factors)
    if said != factors:
        raise SignalError(
            f"{url}: asked for {factors} factors, answered with {str(said)[:40]!r}; "
            "not used"
        )


def _granularity(answer: Mapping[str, Any]) -> timedelta:
    return GRANULARITIES.get(str(answer.get("temporalGranularity", "hourly")), _HOUR)
