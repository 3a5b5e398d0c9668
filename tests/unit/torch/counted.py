"""A meter that counts by rule, and changes that only it can tell: nothing by chance."""

import torch

from greenops.errors import SensorReadError
from greenops.ports import Risk


class CountedMeter:
    """Energy as the steps of `step` book it.

    Args:
        fails_at: The read that fails; None: none does.
    """

    basis = "counted"
    resolves_s = 0.0

    def __init__(self, fails_at=None):
        self.total_j = 0.0
        self.reads = 0
        self._fails_at = fails_at

    def energy_j(self):
        self.reads += 1
        if self.reads == self._fails_at:
            raise SensorReadError("the counter was reset")
        return self.total_j


class Factor:
    """A change that multiplies what a step takes, by an attribute of the model."""

    risk = Risk.NONE
    says = "multiplies the energy of a step"

    def __init__(self, factor, *, first_j=0.0, touch=None):
        self.name = f"x{factor}"
        self._factor, self._first_j, self._touch = factor, first_j, touch

    def why_not(self, _):
        return None

    def apply(self, training):
        training.model.factor = self._factor
        training.model.first_j = self._first_j
        if self._touch is not None:
            self._touch(training)
        return lambda: None


class Booked:
    """A step that books 1 J, with a little noise of its own, into a meter."""

    def __init__(self, meter, step, *, noise=0.01, seed=0):
        self._meter, self._step, self._noise = meter, step, noise
        self._dice = torch.Generator().manual_seed(seed)

    def __call__(self, training, batch):
        model = training.model
        noise = 1 + self._noise * float(torch.randn((), generator=self._dice))
        self._meter.total_j += getattr(model, "factor", 1.0) * noise
        self._meter.total_j += getattr(model, "first_j", 0.0)
        model.first_j = 0.0
        return self._step(training, batch)
