"""A forecast in the making: what is said of the hours ahead, and how it did before."""

from dataclasses import dataclass

import numpy as np

from greenops.forecast.features import Indices, Prepared
from greenops.forecast.hours import Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Forecasts of past days beside what came, all out of sample.

    Attributes:
        origins: Shape (days,): index into the history of the first hour ahead.
        said: Shape (days, hours ahead), logarithms of g/kWh; NaN: nothing was said.
        came: The same shape; NaN where it is not known, or not yet.
    """

    origins: Indices
    said: Floats
    came: Floats

    @property
    def errors(self) -> Floats:
        """Outcome over forecast, as logarithms: shape (days, hours ahead)."""
        return self.came - self.said


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ahead:
    """What is said of the hours ahead.

    Attributes:
        log_g: Shape (hours ahead,), logarithms of g/kWh.
        past: How the same way of saying it did on days before.
        method: For people.
    """

    log_g: Floats
    past: Past
    method: str


def outcomes(prepared: Prepared, origins: Indices, ahead: int) -> Floats:
    """Return what came after each origin, shape (origins, ahead); NaN: not known."""
    truth = np.where(prepared.known, prepared.log_g, np.nan)
    padded = np.concatenate((truth, np.full(ahead, np.nan)))
    return np.array([padded[i : i + ahead] for i in origins]).reshape(-1, ahead)
