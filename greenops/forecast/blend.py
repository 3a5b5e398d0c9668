"""A zone's own forecast and its provider's, each by how well it did lately.

Source: Bates and Granger 1969 (doi:10.1057/jors.1969.103): weights from past errors;
drawn towards halves, since estimated weights are noisy (Stock and Watson 2004,
doi:10.1002/for.928).
"""

import numpy as np

from greenops.forecast.ahead import Ahead, Past
from greenops.forecast.hours import DAY_H, Floats

RECENT_DAYS = 60
"""Days that the weights are learnt from."""
PRIOR_DAYS = 3.0
"""The weights begin at halves, as if this many days had said so."""


def blended(own: Ahead, provider_now: Floats, provider_past: Floats) -> Ahead:
    """Return both forecasts in one; where the provider is silent, one's own.

    Args:
        own: One's own forecast, with its past days.
        provider_now: Shape (hours ahead,), logarithms of g/kWh; NaN: not said.
        provider_past: Shape (days of `own.past`, hours ahead): what the provider said
            when those days' forecasts were made, by its latest issue; NaN: nothing.
    """
    weight = _weights(own.past, provider_past)
    said = _mixed(own.past.said, provider_past, weight)
    said = np.where(np.isnan(provider_past), np.nan, said)
    return Ahead(
        log_g=_mixed(own.log_g, provider_now, weight),
        past=Past(origins=own.past.origins, said=said, came=own.past.came),
        method="own and provider blended",
    )


def _mixed(own: Floats, provider: Floats, weight: Floats) -> Floats:
    both = (1.0 - weight) * own + weight * provider
    return np.where(np.isnan(provider), own, both)


def _weights(past: Past, provider: Floats) -> Floats:
    """Return the provider's weight for each hour ahead, one a day, 0 to 1."""
    ahead = past.said.shape[1]
    weights = np.full(ahead, 0.5)
    for start in range(0, ahead, DAY_H):
        day = slice(start, start + DAY_H)
        apart = provider[:, day] - past.said[:, day]
        missed = past.errors[:, day]
        both = np.isfinite(apart) & np.isfinite(missed)
        recent = np.flatnonzero(both.any(axis=1))[-RECENT_DAYS:]
        if not len(recent):
            continue
        apart = np.where(both, apart, 0.0)[recent]
        missed = np.where(both, missed, 0.0)[recent]
        evidence = float((apart**2).sum())
        prior = PRIOR_DAYS * evidence / len(recent)
        if evidence > 0.0:
            found = ((apart * missed).sum() + 0.5 * prior) / (evidence + prior)
            weights[day] = min(1.0, max(0.0, float(found)))
    return weights
