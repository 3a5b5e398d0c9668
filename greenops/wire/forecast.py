"""Forecasts a zone with what the configured signals and the ledger know of it."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from threadpoolctl import threadpool_limits

from greenops.config import Config
from greenops.errors import LedgerError, SignalError
from greenops.forecast.ahead import Ahead
from greenops.forecast.bands import bands
from greenops.forecast.blend import Provided
from greenops.forecast.hours import (
    HOUR,
    WEEK_H,
    Floats,
    History,
    history_of,
    whole_hour,
)
from greenops.forecast.issue import About, own_ahead, record, with_provider
from greenops.forecast.mix import with_mix
from greenops.forecast.modelled import modelled
from greenops.forecast.provider import provider_hours, provider_missed
from greenops.ledger.place import default_path
from greenops.ledger.query import Ledger
from greenops.model import Forecast, IntensityPoint, Provenance
from greenops.ports import CarbonSignal, GenerationSource
from greenops.wire.answers import cache_folder
from greenops.wire.forecast_models import ModelStore
from greenops.wire.generation import generation_of
from greenops.wire.said_before import keep_said, said_before
from greenops.wire.signals import answered_by

log = logging.getLogger(__name__)

LEARNT_FROM = timedelta(days=730)
"""History asked of a signal that answers from this machine."""
LEARNT_FROM_NETWORK = timedelta(days=120)
"""History asked of one that has to be fetched; what the ledger keeps comes on top."""
SEEN = (Provenance.MEASURED, Provenance.ESTIMATED, Provenance.BRIDGED)
MOST_HOURS = WEEK_H
MODELS = "forecast-models"


def forecast_zone(
    signal: CarbonSignal,
    zone: str | None,
    config: Config,
    *,
    hours: int = MOST_HOURS,
    now: datetime | None = None,
) -> Forecast:
    """Return the forecast of a zone, by the best way that its history allows.

    Recorded hours make one's own forecast, which is blended with the provider's where
    there is one; without recorded hours, modelled or provided ones are given as they
    are. A provider's forecast is kept in the ledger: how it did weighs the next blend.

    Args:
        signal: As `signals.open_signal` makes it.
        zone: A zone that exists; None: the world.
        config: The settings in force: ledger and cache.
        hours: How far ahead, 1 to 168.
        now: Aware; None: now.

    Raises:
        UnknownZoneError: no such zone.
        SignalError: no signal has an answer.
        ValueError: `hours` is out of bounds.
    """
    if not 1 <= hours <= MOST_HOURS:
        raise ValueError(f"a forecast of 1 to {MOST_HOURS} hours, not {hours}")
    first = whole_hour(datetime.now(UTC) if now is None else now)
    points, stated_by = _asked(signal, zone, first)
    # What was fetched just now bears that time: it is known when the forecast is made.
    issued_at = datetime.now(UTC) if now is None else now.astimezone(UTC)
    seen = [p for p in points if p.stop <= first and p.provenance in SEEN]
    said = [p for p in points if p.stop > first and p.provenance is Provenance.FORECAST]
    keep_said(_ledger(config), stated_by, said)
    about = _about((seen or said or points)[-1], issued_at)
    history = _history(signal, _like(about, seen), config, about, first)
    made = None
    if history is not None:
        made = _from_history(history, _like(about, said), config, about)
    if made is None:
        coming = [p for p in points if p.stop > first]
        about = _about((said or coming or points)[-1], issued_at)
        made = _as_stated(_like(about, coming), first)
    ahead, ends = made
    cut = Ahead(log_g=ahead.log_g[:hours], past=ahead.past, method=ahead.method)
    return record(cut, ends[:, :hours], about, first)


def stated_zone(
    signal: CarbonSignal, zone: str | None, *, now: datetime, hours: int = MOST_HOURS
) -> Forecast:
    """Return the hours ahead as the signal states them: nothing is learnt or kept.

    Takes a tenth of the time of `forecast_zone`, which is the better one where hours
    were recorded.

    Raises:
        UnknownZoneError: no such zone.
        SignalError: the signal has nothing of the hours ahead.
    """
    first = whole_hour(now)
    points = signal.intensity(zone, first, first + hours * HOUR)
    if not points:
        raise SignalError(f"{signal.name} knows nothing of the hours of {zone} ahead")
    said = [p for p in points if p.provenance is Provenance.FORECAST]
    about = _about((said or list(points))[-1], now)
    ahead, ends = _as_stated(_like(about, points), first)
    return record(ahead, ends, about, first)


def _asked(
    signal: CarbonSignal, zone: str | None, first: datetime
) -> tuple[list[IntensityPoint], str]:
    """Return what the signal has of after and before, and who stated what comes after.

    One that is refused, or too much to ask for, does not cost the other's answer.

    Raises:
        SignalError: neither was answered.
    """
    length = LEARNT_FROM if signal.traits.offline else LEARNT_FROM_NETWORK
    refused: SignalError | None = None
    before: Sequence[IntensityPoint] = ()
    after: Sequence[IntensityPoint] = ()
    try:
        after = signal.intensity(zone, first, first + MOST_HOURS * HOUR)
    except SignalError as e:
        refused = e
    stated_by = answered_by(signal, zone)
    with suppress(SignalError):
        before = signal.intensity(zone, first - length, first)
    points = [*(p for p in before if p.stop <= first), *after]
    if not points:
        raise refused or SignalError(f"no signal knows {zone or 'the world'}")
    return points, stated_by


def _about(one: IntensityPoint, issued_at: datetime) -> About:
    return About(
        zone=one.zone,
        kind=one.kind,
        basis=one.basis,
        source=one.source,
        issued_at=issued_at,
    )


def _like(about: About, points: Sequence[IntensityPoint]) -> list[IntensityPoint]:
    """Return the points of this zone, kind and basis: no others are mixed in."""
    wanted = (about.zone, about.kind, about.basis)
    return [p for p in points if (p.zone, p.kind, p.basis) == wanted]


def _as_stated(
    coming: Sequence[IntensityPoint], first: datetime
) -> tuple[Ahead, Floats]:
    """Return the hours as the signal states them.

    Where a provider forecasts, no further than it does: a model's level beyond is
    another one, and hours on both sides of the step would not compare.

    Raises:
        SignalError: nothing is stated for the first hour.
    """
    said = [p.stop for p in coming if p.provenance is Provenance.FORECAST]
    until = max(said, default=None)
    stated = [p for p in coming if until is None or p.stop <= until]
    return modelled(stated, first, MOST_HOURS)


def _history(
    signal: CarbonSignal,
    seen: Sequence[IntensityPoint],
    config: Config,
    about: About,
    first: datetime,
) -> History | None:
    """Return recorded hours: the signal's, and the ledger's before those."""
    points = list(seen)
    since = min((p.start for p in points), default=first)
    try:
        kept = _ledger(config).intensities(
            about.zone, first - LEARNT_FROM, since, kind=about.kind, basis=about.basis
        )
        points += [p for p in kept if p.provenance in SEEN and p.stop <= since]
    except LedgerError as e:
        log.info("no history of %s from the ledger: %s", about.zone, e)
    try:
        history = history_of(points, known_at=about.issued_at).until(first)
    except SignalError:
        return None
    if not isinstance(signal, GenerationSource):
        return history
    kept_in = None
    if not signal.traits.offline:
        mark = sha256(about.source.encode()).hexdigest()[:8]
        kept_in = _cache(config) / f"generation-{about.zone}-{mark}.json"
    span = (history.first, history.stop)
    return with_mix(history, generation_of(signal, about.zone, span, kept_in))


def _from_history(
    history: History, said: Sequence[IntensityPoint], config: Config, about: About
) -> tuple[Ahead, Floats] | None:
    """Return one's own forecast or the blend, with bands; None: too little history."""
    first = history.stop
    store = ModelStore(_cache(config))
    name = f"{about.zone} {about.kind} {about.basis}"
    had = store.load(name, first.hour)
    try:
        # The job outranks us: no more than one core, however many numpy would take.
        with threadpool_limits(limits=1):
            own, model = own_ahead(history, had)
    except SignalError:
        return None
    if model is not None and model is not had:
        store.save(name, model)
    if not said:
        return own, bands(own.past.errors)
    ahead = len(own.log_g)
    now = provider_hours(_reissued(said, first), [first], ahead)[0]
    origins = [history.first + int(i) * HOUR for i in own.past.origins]
    before = said_before(_ledger(config), about, origins)
    past = provider_hours(before, origins, ahead)
    missed = provider_missed(before, history)
    return with_provider(own, Provided(now=now, past=past, missed=missed))


def _reissued(said: Sequence[IntensityPoint], at: datetime) -> Sequence[IntensityPoint]:
    """Return what stands now, whenever it was issued: one issue, of this moment."""
    return [replace(p, issued_at=at) for p in said]


def _cache(config: Config) -> Path:
    return (config.signals_cache_path or cache_folder()) / MODELS


def _ledger(config: Config) -> Ledger:
    return Ledger(config.ledger_path or default_path())
