"""Forecasts that may be compared with each other."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from greenops.model import Place


def of_one_kind(places: Iterable[Place]) -> tuple[Place, ...]:
    """Return places whose forecasts may be compared; the others have none.

    Average and marginal intensities, or two bases, are never weighed against each
    other: what most places have counts.
    """
    listed = tuple(places)
    kinds = [(p.forecast.kind, p.forecast.basis) for p in listed if p.forecast]
    if len(set(kinds)) < 2:
        return listed
    most = Counter(kinds).most_common(1)[0][0]
    return tuple(
        replace(p, forecast=None)
        if p.forecast and (p.forecast.kind, p.forecast.basis) != most
        else p
        for p in listed
    )
