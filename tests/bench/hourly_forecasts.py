"""Forecasts of a region at every hour, each from what was known then.

At hour t the last complete hour, t - 1, is the latest that is known. One's own models
are fitted anew every fortnight, one for each hour of the day, on what had ended before;
a provider's latest issue is blended in with weights that are learnt anew every week.
The spread of each hour ahead is that of the forecasts made before.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from greenops.errors import SignalError
from greenops.forecast import blend
from greenops.forecast.ahead import Past
from greenops.forecast.bands import bands
from greenops.forecast.direct import fit
from greenops.forecast.features import Indices, Prepared, prepared
from greenops.forecast.hours import DAY_H, HOUR, WEEK_H, Floats
from greenops.model import Basis, Forecast, IntensityKind
from greenops.planner.carried import hour_of
from greenops.planner.prospect import Z80
from tests.bench.carboncast import Region, provider_misses

REPLAYED_DAYS = 184
WARM_UP_DAYS = 75
"""Days before the replay that are forecast too: to learn weights and spreads from."""
REFITTED_EVERY_DAYS = 14
WEIGHED_EVERY_DAYS = 7
SPREAD_EVERY_DAYS = 28
SPREAD_DAYS = 120


@dataclass(frozen=True, kw_only=True, eq=False)
class Hourly:
    """What was said at each hour of a span, and what came.

    Attributes:
        first: Index within the history of the first forecast, a week before `start`.
        start, stop: The span that is replayed.
        came: The history in g/kWh, gaps filled, shape (hours,).
        known: Which hours of it are truly known, shape (hours,).
        log_g: What was said at hour `first + i`, shape (hours, 168); NaN: nothing.
        log_sd: How unsure it was.
    """

    first: int
    start: int
    stop: int
    came: Floats
    known: NDArray[np.bool_]
    log_g: Floats
    log_sd: Floats


def hourly_forecasts(region: Region) -> Hourly:
    """Forecast a region at every hour of the days its provider's forecasts cover.

    Without a provider: of the last 184 days.

    Raises:
        SignalError: the history is too short.
    """
    ready = prepared(region.history)
    start, stop = span(region, len(ready))
    if start - WARM_UP_DAYS * DAY_H < 0:
        raise SignalError(f"{region.name} has too little history before its replay")
    own = _own(ready, start - WARM_UP_DAYS * DAY_H, stop)
    said = _blended(region, ready, own, start, stop) if region.said else own
    return Hourly(
        first=start - WEEK_H,
        start=start,
        stop=stop,
        came=np.exp(ready.log_g),
        known=ready.known,
        log_g=said[start - WEEK_H : stop],
        log_sd=_spread(ready, said, start - WEEK_H, stop)[start - WEEK_H : stop],
    )


def record(region: Region, hourly: Hourly, at: int, hours: int = WEEK_H) -> Forecast:
    """Return what was said at an hour as a record.

    Args:
        region: What was forecast.
        hourly: Its forecasts.
        at: Index within the history: the first hour ahead.
        hours: How many hours ahead.
    """
    issued = region.history.first + at * HOUR
    said = np.exp(hourly.log_g[at - hourly.first, :hours]).tolist()
    spread = hourly.log_sd[at - hourly.first, :hours].tolist()
    rows = enumerate(zip(said, spread, strict=True))
    return Forecast(
        zone=region.name,
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        issued_at=issued,
        method="replayed",
        source="traces",
        hours=tuple(
            hour_of(issued + i * HOUR, g, sd) for i, (g, sd) in rows if np.isfinite(g)
        ),
    )


def span(region: Region, hours: int) -> tuple[int, int]:
    """Return the first hour of the replay and the one after its last."""
    if region.said:
        first = (min(region.said) - region.history.first) // HOUR
        return first, hours
    return max(0, hours - REPLAYED_DAYS * DAY_H), hours


def _own(ready: Prepared, start: int, stop: int) -> Floats:
    """Return one's own forecasts from `start` on, shape (hours, 168); NaN before."""
    out = np.full((len(ready), WEEK_H), np.nan)
    for block in range(start, stop, REFITTED_EVERY_DAYS * DAY_H):
        end = min(stop, block + REFITTED_EVERY_DAYS * DAY_H)
        for first in range(block, min(block + DAY_H, end)):
            origins: Indices = np.arange(first, end, DAY_H, dtype=np.intp)
            hour = (ready.first.hour + first) % DAY_H
            try:
                model = fit(ready, hour=hour, stop=block)
            except SignalError:  # this early there was too little to learn from
                continue
            out[origins] = model.predict(ready, origins)
    return out


def _blended(
    region: Region, ready: Prepared, own: Floats, start: int, stop: int
) -> Floats:
    provider = _provided(region, len(own))
    missed = provider_misses(region, region.history)
    came = _outcomes(ready)
    out = own.copy()
    for block in range(start, stop, WEIGHED_EVERY_DAYS * DAY_H):
        end = min(stop, block + WEIGHED_EVERY_DAYS * DAY_H)
        for first in range(block, min(block + DAY_H, end)):
            now: Indices = np.arange(first, end, DAY_H, dtype=np.intp)
            days = np.arange(first % DAY_H, end, DAY_H, dtype=np.intp)
            days = days[days >= first - (blend.RECENT_DAYS + 8) * DAY_H]
            past = Past(origins=days, said=own[days], came=came[days])
            lately = blend.latest(missed, days)
            habit = blend.day_before(past, days)
            seen = blend.signs(own[days], provider[days], lately, habit)
            learnt = blend.weights(seen, _known_by(first, past))
            new = days >= first
            both = blend.mixed(own[now], provider[now], seen[new], learnt)
            out[now] = np.where(np.isnan(both), own[now], both)
    return out


def _known_by(at: int, past: Past) -> Floats:
    """Return the errors that were known before hour `at`; NaN: those that were not."""
    ends = past.origins[:, None] + np.arange(past.said.shape[1])
    return np.where(ends < at, past.errors, np.nan)


def _spread(ready: Prepared, said: Floats, start: int, stop: int) -> Floats:
    out = np.full_like(said, np.nan)
    came = _outcomes(ready)
    for block in range(start, stop, SPREAD_EVERY_DAYS * DAY_H):
        end = min(stop, block + SPREAD_EVERY_DAYS * DAY_H)
        for first in range(block, min(block + DAY_H, end)):
            days = np.arange(first % DAY_H, first, DAY_H, dtype=np.intp)[-SPREAD_DAYS:]
            past = Past(origins=days, said=said[days], came=came[days])
            ends = bands(_known_by(first, past))
            out[first:end:DAY_H] = (ends[2] - ends[1]) / (2 * Z80)
    return np.where(np.isnan(said), np.nan, out)


def _provided(region: Region, hours: int) -> Floats:
    """Return what the latest issue said from each hour on, logarithms, NaN: nothing."""
    out = np.full((hours, WEEK_H), np.nan)
    for issued in sorted(region.said):
        said = region.said[issued]
        first = (issued - region.history.first) // HOUR
        with np.errstate(invalid="ignore", divide="ignore"):
            log_g = np.where(said > 0, np.log(said), np.nan)
        for late in range(min(2 * DAY_H, len(said))):
            if 0 <= first + late < hours:
                rest = log_g[late : late + WEEK_H]
                out[first + late] = np.nan
                out[first + late, : len(rest)] = rest
    return out


def _outcomes(ready: Prepared) -> Floats:
    truth = np.where(ready.known, ready.log_g, np.nan)
    padded = np.concatenate((truth, np.full(WEEK_H, np.nan)))
    return np.asarray(sliding_window_view(padded, WEEK_H)[: len(ready)])
