"""The forecast of a zone as a record, by the best way its history allows."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from greenops.errors import SignalError
from greenops.forecast.ahead import Ahead
from greenops.forecast.bands import bands, enough
from greenops.forecast.blend import Provided, blended
from greenops.forecast.hours import HOUR, WEEK_H, Floats, History
from greenops.forecast.own import OwnModel, train
from greenops.forecast.seasonal import seasonal
from greenops.model import Basis, Forecast, ForecastHour, IntensityKind


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a forecast says of itself: as in `Forecast`."""

    zone: str
    kind: IntensityKind
    basis: Basis
    source: str
    issued_at: datetime


def own_ahead(
    history: History, model: OwnModel | None = None
) -> tuple[Ahead, OwnModel | None]:
    """Return one's own forecast and the model it is from, for the next time.

    Args:
        history: What is known.
        model: One that may still serve; fitted anew if it may not. A history that is
            too short to learn from is answered by its habits, without a model.

    Raises:
        SignalError: fewer than 24 hours are known, or none of the last week.
    """
    if np.isnan(history.g_per_kwh[-WEEK_H:]).all():
        raise SignalError(f"nothing is known of the week up to {history.stop:%F %H:%M}")
    try:
        if model is None or not model.serves(history):
            model = train(history)
    except SignalError:
        return seasonal(history), None
    return model.ahead(history), model


def with_provider(own: Ahead, provided: Provided) -> tuple[Ahead, Floats]:
    """Return the blend with a provider's forecast, and its bands.

    Until the blend has been tested on a fortnight, the bands are those of one's own.

    Args:
        own: One's own forecast.
        provided: What the provider said.
    """
    both = blended(own, provided)
    tested = both if enough(both.past.errors) else own
    ends = bands(tested.past.errors)
    beyond = np.isnan(provided.now)
    if tested is both and beyond.any():
        ends[:, beyond] = bands(own.past.errors)[:, beyond]
    return both, ends


def record(ahead: Ahead, ends: Floats, about: About, first: datetime) -> Forecast:
    """Return the forecast as a record, its hours from `first` on."""
    log_g = ahead.log_g
    low95, low80, high80, high95 = np.exp(log_g + ends)
    central = np.exp(log_g)
    hours = tuple(
        ForecastHour(
            start=first + i * HOUR,
            intensity_g_per_kwh=float(central[i]),
            low80_g_per_kwh=float(low80[i]),
            high80_g_per_kwh=float(high80[i]),
            low95_g_per_kwh=float(min(low95[i], low80[i])),
            high95_g_per_kwh=float(max(high95[i], high80[i])),
        )
        for i in range(len(central))
    )
    return Forecast(
        zone=about.zone,
        kind=about.kind,
        basis=about.basis,
        issued_at=about.issued_at,
        method=ahead.method,
        source=about.source,
        hours=hours,
    )
