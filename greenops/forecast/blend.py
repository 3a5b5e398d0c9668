"""A zone's own forecast and its provider's in one, each by how well it did lately.

One's own is moved by signs of where it will miss: how far the provider lies from it at
that hour, around it and half a day around it, how the provider missed in the last
hours, and how one's own missed at that hour of the day before. Their weights are ridge
regressions on past days at the same hour of issue, drawn towards halves of the two.

Source: Bates and Granger 1969 (doi:10.1057/jors.1969.103) for weights from past errors;
drawn towards halves, since estimated weights are noisy (Stock and Watson 2004,
doi:10.1002/for.928). Rivals that were measured: `docs/decisions/0132-*`, `0141-*`.
"""

from dataclasses import dataclass, field

import numpy as np

from greenops.forecast.ahead import Ahead, Past
from greenops.forecast.features import Indices
from greenops.forecast.hours import DAY_H, Floats

RECENT_DAYS = 60
"""Days that the weights are learnt from."""
PRIOR_DAYS = 5.0
"""The weights begin at halves, as if this many days had said so of each sign."""
POOLED_H = (1, 10)
"""Neighbouring hours ahead that are learnt from together, to each side: few follow the
hour of the day, many are less noisy. The mean of the two is better than either."""
AROUND_H = (0, 2, 12)
"""How far around an hour the gap between the two is averaged, to each side."""
LATEST_H = (1, 3, 24)
"""Over how many of the latest hours the provider's misses are averaged."""
MOST_MISSED = 0.5
"""Misses count up to this, in logarithms: beyond, it is a fault and no weather."""
FOLDS = 4
"""Past days are scored by weights learnt from the other three quarters."""

_HALF = np.array([0.5] + [0.0] * (len(AROUND_H) + len(LATEST_H)))
_TINY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Provided:
    """What a provider said, laid out beside one's own forecast.

    Attributes:
        now: Shape (hours ahead,), logarithms of g/kWh; NaN: not said.
        past: Shape (days of one's own past, hours ahead): what it said when those days'
            forecasts were made, by its latest issue; NaN: nothing.
        missed: Shape (hours of the history,): outcome over what its latest issue
            before each hour said of it, in logarithms; NaN: nothing. Empty: not known.
    """

    now: Floats
    past: Floats
    missed: Floats = field(default_factory=lambda: np.empty(0))


def blended(own: Ahead, provided: Provided) -> Ahead:
    """Return both forecasts in one; where the provider is silent, one's own.

    Without a word about its misses it lies between the two, otherwise no further
    outside than the largest of them.

    Args:
        own: One's own forecast, with its past days, the latest issued a day ago.
        provided: What the provider said.
    """
    past = own.past
    seen = _signs_at(past, provided, past.origins, past.said, provided.past)
    said = np.full_like(past.said, np.nan)
    days = np.arange(len(said))
    for fold in np.array_split(days, FOLDS):
        others = np.setdiff1d(days, fold)
        learnt = weights(seen[others], past.errors[others])
        said[fold] = mixed(past.said[fold], provided.past[fold], seen[fold], learnt)
    mine, theirs = own.log_g[None], provided.now[None]
    seen_now = _signs_at(past, provided, _now(past, provided), mine, theirs)
    both = mixed(mine, theirs, seen_now, weights(seen, past.errors))[0]
    return Ahead(
        log_g=np.where(np.isnan(both), own.log_g, both),
        past=Past(origins=past.origins, said=said, came=past.came),
        method="own and provider blended",
    )


def signs(own: Floats, provider: Floats, missed: Floats, own_missed: Floats) -> Floats:
    """Return the signs of where one's own will miss, shape (days, hours ahead, signs).

    NaN where the provider says nothing.

    Args:
        own: What one's own forecasts said, shape (days, hours ahead).
        provider: What the provider's said, the same shape.
        missed: How it missed lately, shape (days, spans of `LATEST_H`).
        own_missed: How one's own missed the day before, shape (days, 24).
    """
    ahead = own.shape[1]
    gap = provider - own
    lately = np.repeat(missed[:, None, :], ahead, axis=1)
    habit = np.tile(own_missed, (1, -(-ahead // DAY_H)))[:, :ahead, None]
    around = [_around(gap, hours)[..., None] for hours in AROUND_H]
    return np.concatenate((*around, lately, habit), axis=2)


def weights(seen: Floats, errors: Floats) -> Floats:
    """Return what each sign counts, shape (hours ahead, signs).

    Args:
        seen: The signs of past days, in order.
        errors: What one's own missed by, shape (days, hours ahead); NaN: not known.
    """
    known = np.isfinite(seen).all(axis=2) & np.isfinite(errors)
    heard = np.flatnonzero(known.any(axis=1))[-RECENT_DAYS:]
    known, seen, errors = known[heard], seen[heard], errors[heard]
    seen = np.where(known[..., None], seen, 0.0)
    left = np.where(known, errors, 0.0) - seen @ _HALF
    squares = np.einsum("dhp,dhq->hpq", seen, seen)
    products = np.einsum("dhp,dh->hp", seen, left)
    count = known.sum(axis=0).astype(np.float64)
    found = [_learnt(squares, products, count, h) for h in POOLED_H]
    return np.asarray(np.mean(found, axis=0))


def mixed(own: Floats, provider: Floats, seen: Floats, learnt: Floats) -> Floats:
    """Return one's own forecasts moved by the signs; NaN where the provider is silent.

    Args:
        own: Shape (days, hours ahead).
        provider: The same shape.
        seen: Their signs.
        learnt: What each sign counts.
    """
    moved = own + np.einsum("dhp,hp->dh", seen, learnt)
    outside = np.abs(seen[..., len(AROUND_H) :]).max(axis=2)
    lower, upper = np.minimum(own, provider), np.maximum(own, provider)
    return np.asarray(np.clip(moved, lower - outside, upper + outside))


def latest(missed: Floats, origins: Indices) -> Floats:
    """Return the mean miss before each origin, shape (origins, spans); 0: not known."""
    kept = np.clip(missed, -MOST_MISSED, MOST_MISSED)
    known = np.isfinite(kept)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, kept, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    stop = np.clip(origins, 0, len(missed))[:, None]
    start = np.clip(origins[:, None] - np.array(LATEST_H), 0, len(missed))
    known_h = np.maximum(counts[stop] - counts[start], 1)
    return np.asarray((sums[stop] - sums[start]) / known_h)


def day_before(past: Past, origins: Indices) -> Floats:
    """Return one's own misses of the day before each origin, shape (origins, 24).

    Of the forecast that was issued at this hour a day ago; 0: there was none.
    """
    errors = np.zeros((len(past.origins) + 1, DAY_H))
    inside = min(DAY_H, past.said.shape[1])
    errors[:-1, :inside] = np.nan_to_num(past.errors[:, :inside])
    row = np.searchsorted(past.origins, origins - DAY_H)
    found = np.append(past.origins, -1)[row] == origins - DAY_H
    missed = errors[np.where(found, row, len(past.origins))]
    return np.clip(missed, -MOST_MISSED, MOST_MISSED)


def _now(past: Past, provided: Provided) -> Indices:
    after = past.origins[-1:] + DAY_H
    return np.array([max(len(provided.missed), *after, 0)], dtype=np.intp)


def _signs_at(
    past: Past, provided: Provided, origins: Indices, own: Floats, provider: Floats
) -> Floats:
    lately = latest(provided.missed, origins)
    return signs(own, provider, lately, day_before(past, origins))


def _learnt(squares: Floats, products: Floats, days: Floats, pooled_h: int) -> Floats:
    squares, products, days = (_pooled(x, pooled_h) for x in (squares, products, days))
    sizes = np.einsum("hpp->hp", squares) / np.maximum(days, 1.0)[:, None] + _TINY
    prior = PRIOR_DAYS * (2 * pooled_h + 1) * sizes[:, :, None] * np.eye(len(_HALF))
    return _HALF + np.linalg.solve(squares + prior, products[..., None])[..., 0]


def _pooled(values: Floats, hours: int) -> Floats:
    """Return sums over `hours` neighbours to each side along the first axis."""
    sums = np.concatenate((np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)))
    at = np.arange(len(values))
    stop = np.minimum(at + hours + 1, len(values))
    return np.asarray(sums[stop] - sums[np.maximum(at - hours, 0)])


def _around(gap: Floats, hours: int) -> Floats:
    """Return the mean of the known gaps around each hour; NaN where it is not known."""
    known = np.isfinite(gap)
    sums = _pooled(np.where(known, gap, 0.0).T, hours).T
    counts = _pooled(known.T.astype(np.float64), hours).T
    return np.where(known, sums / np.maximum(counts, 1.0), np.nan)
