"""What power was generated from, hour by hour, laid out beside a history."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from greenops.forecast.hours import DAY_H, HOUR, Floats, History
from greenops.model import GenerationHour

TOTAL = "total"
LEAST_KNOWN = 0.5
"""A mix known for fewer of the hours than this is no help."""

NIGHTS = 7
"""Days on which others must have spoken before silence counts as night."""


def with_mix(history: History, generated: Sequence[GenerationHour]) -> History:
    """Return the history with each source's share, and the logarithm of their sum.

    An hour in which a source is missing that others have is not known: nobody can say
    what the shares would have been; but a source may have begun later than the
    history, and some say nothing at night. A history whose mix is too little known
    stays without.
    """
    inside = [h for h in generated if history.first <= h.start < history.stop]
    names = sorted({name for hour in inside for name in hour.power_mw})
    power_mw = np.full((len(history.g_per_kwh), len(names)), np.nan)
    for hour in inside:
        row = power_mw[(hour.start - history.first) // HOUR]
        row[:] = [hour.power_mw.get(name, np.nan) for name in names]
    mix = shares(_silent_as_none(power_mw, history.first.hour))
    if not names or np.isfinite(mix).all(axis=1).mean() < LEAST_KNOWN:
        return history
    return replace(history, mix=mix, columns=(*names, TOTAL))


def _silent_as_none(power_mw: Floats, first_hour: int) -> Floats:
    """Return power with 0 where a source is silent because there is none.

    Before its first hour it had not begun; an hour of the day at which it says nothing
    on any day of a week or more, while others do, is the night of a solar line.
    """
    known = np.isfinite(power_mw)
    others = np.asarray(known.any(axis=1))
    hours = (first_hour + np.arange(len(known))) % DAY_H
    days_seen = np.bincount(hours[others], minlength=DAY_H)
    out = power_mw.copy()
    for column in np.flatnonzero(known.any(axis=0)):
        spoken = np.bincount(hours[known[:, column]], minlength=DAY_H)
        night = ((spoken == 0) & (days_seen >= NIGHTS))[hours]
        begun = int(np.argmax(known[:, column]))
        silent = (night | (np.arange(len(known)) < begun)) & others
        out[silent, column] = 0.0
    return out


def shares(power_mw: Floats) -> Floats:
    """Return shares of the sum and its logarithm, shape (hours, sources + 1).

    Args:
        power_mw: Shape (hours, sources). Below zero counts as nothing: it is drawn.
    """
    made = np.clip(power_mw, 0.0, None)
    total = made.sum(axis=1, keepdims=True)  # NaN where a source is not known
    total[~(total > 0)] = np.nan
    return np.hstack((made / total, np.log(total)))
