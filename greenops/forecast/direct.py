"""A linear forecast of every hour ahead, straight from what is known at the origin.

One ridge regression per hour ahead, all on the same features, so that no error is
carried from one hour into the next. Each day ahead has its own penalty.

Source: Hoerl and Kennard 1970 (doi:10.1080/00401706.1970.10488634) for the regression;
Ben Taieb et al. 2012 (doi:10.1016/j.eswa.2012.01.039) for direct against recursive
forecasts. Rivals that were measured: `docs/decisions/0130-*`.
"""

from dataclasses import dataclass

import numpy as np

from greenops.errors import SignalError
from greenops.forecast.features import (
    LOOK_BACK_H,
    Indices,
    Prepared,
    features,
    weekly_profile,
)
from greenops.forecast.hours import DAY_H, WEEK_H, Floats

PENALTY_OF_DAY = (2.0, 5.0, 10.0, 20.0)
"""Ridge penalty of the first, second, third day ahead, and of all later ones."""
NEIGHBOUR_WEIGHT = 0.5
"""Weight of origins an hour earlier and later than the hour of the day asked for."""
LEAST_DAYS = 56
"""Days with known outcomes below which nothing is fitted."""
LEAST_KNOWN = 0.9
"""Share of an origin's outcome that must be known for it to be learnt from."""
BEYOND = 0.25
"""How far a forecast may leave the range of the history, in logarithms."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DirectModel:
    """A fitted forecast for origins at one hour of the day (UTC).

    Attributes:
        hour: The hour of the day.
        centre: Mean features, shape (columns,).
        shift: Mean deviation from the weekly profile, shape (hours ahead,).
        slopes: Shape (columns, hours ahead).
        lowest, highest: The range a forecast is kept in, logarithms of g/kWh.
    """

    hour: int
    centre: Floats
    shift: Floats
    slopes: Floats
    lowest: float
    highest: float

    def predict(self, prepared: Prepared, origins: Indices) -> Floats:
        """Return logarithms of g/kWh, shape (origins, hours ahead)."""
        seen = features(prepared, origins) - self.centre
        ahead = self.slopes.shape[1]
        base = weekly_profile(prepared, origins, ahead)
        found = base + self.shift + seen @ self.slopes
        return np.asarray(found.clip(self.lowest, self.highest))


def origins_before(prepared: Prepared, hour: int, stop: int) -> Indices:
    """Return the origins at `hour` of the day (UTC) that can be looked back from.

    Args:
        prepared: The history.
        hour: Hour of the day, 0 to 23.
        stop: The first index that is too late.
    """
    first = LOOK_BACK_H + (hour - prepared.first.hour - LOOK_BACK_H) % DAY_H
    return np.arange(first, stop, DAY_H, dtype=np.intp)


def fit(
    prepared: Prepared, *, hour: int, stop: int, ahead: int = WEEK_H
) -> DirectModel:
    """Fit on all origins whose outcome had ended by index `stop`.

    Raises:
        SignalError: fewer than `LEAST_DAYS` days have known outcomes.
    """
    seen, outcome, weight = _examples(prepared, hour, stop, ahead)
    centre = np.average(seen, axis=0, weights=weight)
    shift = np.average(outcome, axis=0, weights=weight)
    root = np.sqrt(weight)[:, None]
    seen = (seen - centre) * root
    spectrum, axes = np.linalg.eigh(seen.T @ seen)
    turned = axes.T @ (seen.T @ ((outcome - shift) * root))
    slopes = axes @ (turned / (spectrum[:, None] + _penalties(ahead)))
    past = prepared.log_g[:stop]
    return DirectModel(
        hour=hour,
        centre=centre,
        shift=shift,
        slopes=slopes,
        lowest=float(past.min()) - BEYOND,
        highest=float(past.max()) + BEYOND,
    )


def _penalties(ahead: int) -> Floats:
    last = len(PENALTY_OF_DAY) - 1
    return np.array([PENALTY_OF_DAY[min(h // DAY_H, last)] for h in range(ahead)])


def _examples(
    prepared: Prepared, hour: int, stop: int, ahead: int
) -> tuple[Floats, Floats, Floats]:
    seen, outcomes, weights = [], [], []
    known_h = np.concatenate(([0], np.cumsum(prepared.known[:stop])))
    for shift_h, weight in ((-1, NEIGHBOUR_WEIGHT), (0, 1.0), (1, NEIGHBOUR_WEIGHT)):
        origins = origins_before(prepared, (hour + shift_h) % DAY_H, stop - ahead + 1)
        share = (known_h[origins + ahead] - known_h[origins]) / ahead
        origins = origins[share >= LEAST_KNOWN]
        if shift_h == 0 and len(origins) < LEAST_DAYS:
            raise SignalError(
                f"{len(origins)} days of history can be learnt from, "
                f"{LEAST_DAYS} are needed"
            )
        after = np.lib.stride_tricks.sliding_window_view(prepared.log_g, ahead)
        seen.append(features(prepared, origins))
        outcomes.append(after[origins] - weekly_profile(prepared, origins, ahead))
        weights.append(np.full(len(origins), weight))
    return np.vstack(seen), np.vstack(outcomes), np.concatenate(weights)
