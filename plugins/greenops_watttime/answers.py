"""Reads the answers of the WattTime API, version 3. Pure.

Source: docs.watttime.org: a list of `point_time` and `value` beside a `meta` that
states region, signal and unit.
"""

from datetime import datetime, timedelta

from greenops.checked import RawPoint, finite_number, utc_time
from greenops.errors import SignalError
from greenops.model import Provenance
from greenops_webapi import json_of, member, rows_of

UNIT = "lbs_co2_per_mwh"
SIGNAL = "co2_moer"
FIVE_MINUTES = timedelta(minutes=5)
REL_PAST = 0.3
REL_FORECAST = 0.5
ABS_G_PER_KWH = 20.0
"""95 % bounds. Source: assumed, since none are published: a marginal rate is inferred
by a model, and which plant is at the margin is seen by nobody."""


def token_of(body: bytes, url: str) -> str:
    """Return the token that a log-in gave.

    Raises:
        SignalError: there is none; never quotes the answer.
    """
    token = member(json_of(body, url), "token", url=url)
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise SignalError(f"{url}: the token is no text that a header may hold")
    return token


def region_of(body: bytes, url: str) -> str:
    """Return the region that holds the position that was asked for.

    Raises:
        SignalError: the answer names none.
    """
    region = member(json_of(body, url), "region", url=url)
    if not isinstance(region, str) or not region:
        raise SignalError(f"{url}: the region is no text")
    return region


def moer_rows(
    body: bytes, url: str, region: str, *, forecast: bool
) -> tuple[list[RawPoint], timedelta]:
    """Return rows in lbs/MWh, and how long each holds.

    Raises:
        SignalError: it is laid out otherwise, of another region, signal or unit.
    """
    answer = json_of(body, url)
    meta = member(answer, "meta", url=url)
    for key, wanted in (("region", region), ("signal_type", SIGNAL), ("units", UNIT)):
        said = member(meta, key, url=url)
        if said != wanted:
            raise SignalError(
                f"{url}: {key} is {str(said)[:40]!r} instead of {wanted!r}; not used"
            )
    issued = _issued(meta.get("generated_at"))
    rows = [
        RawPoint(
            start=utc_time(member(row, "point_time", url=url)),
            value=member(row, "value", url=url),
            issued_at=issued,
            provenance=Provenance.FORECAST if forecast else Provenance.ESTIMATED,
            rel_uncertainty=REL_FORECAST if forecast else REL_PAST,
        )
        for row in rows_of(answer, "data", url=url)
    ]
    return rows, _length(meta.get("data_point_period_seconds"))


def _issued(text: object) -> datetime | None:
    return utc_time(text) if text else None


def _length(stated: object) -> timedelta:
    seconds = finite_number(stated)
    if seconds is None or not 0 < seconds <= timedelta(hours=1).total_seconds():
        return FIVE_MINUTES
    return timedelta(seconds=seconds)
