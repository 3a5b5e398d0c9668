"""What running and waiting cost at one place over time, as a step function."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
SLIVER_S = 1e-6
"""Overlaps and shortfalls below this are rounding, not time."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Cost rates of one job at one place, constant between neighbouring edges.

    Time is in seconds from the planning origin. Rates may be negative, for an
    objective may carry money. NaN is an hour that nobody knows; a job never runs in
    it, and what lies outside the edges is as unknown.

    Attributes:
        edges_s: Strictly increasing, shape (n+1,).
        run_g_per_s: What a second of running costs in each slot, shape (n,).
        wait_g_per_s: What a second of holding the hardware without running costs,
            shape (n,). Where no known slot costs anything, nothing is held: then
            waiting is free through unknown hours too.
    """

    edges_s: Floats
    run_g_per_s: Floats
    wait_g_per_s: Floats
    held: bool = field(init=False)
    _run: "_Integral" = field(init=False, repr=False)
    _wait: "_Integral" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        edges_s, run, wait = (
            _frozen(name, getattr(self, name))
            for name in ("edges_s", "run_g_per_s", "wait_g_per_s")
        )
        if edges_s.size < 2 or run.shape != wait.shape or run.size != edges_s.size - 1:
            raise ValueError(
                "a curve of n slots needs n+1 edges, n run rates and n wait rates, "
                f"n at least 1; got {edges_s.size}, {run.size} and {wait.size}"
            )
        if not np.isfinite(edges_s).all() or not (np.diff(edges_s) > 0).all():
            raise ValueError("edges_s must be finite and strictly increasing")
        if np.isinf(run).any() or np.isinf(wait).any():
            raise ValueError("a rate must be finite, or NaN where it is unknown")
        held = bool((np.nan_to_num(wait) != 0).any()) or bool(np.isnan(wait).all())
        for name, value in {
            "edges_s": edges_s,
            "run_g_per_s": run,
            "wait_g_per_s": wait,
            "held": held,
            "_run": _Integral.of(edges_s, run),
            "_wait": _Integral.of(edges_s, wait),
        }.items():
            object.__setattr__(self, name, value)

    @property
    def start_s(self) -> float:
        """Where the first slot starts."""
        return float(self.edges_s[0])

    @property
    def stop_s(self) -> float:
        """Where the last slot ends: the horizon."""
        return float(self.edges_s[-1])

    def size_g(self, factor: float = 1.0) -> float:
        """Return how large the sums are from which costs are taken, in g.

        Args:
            factor: The greatest on the run rate.
        """
        return factor * self._run.size_g + self._wait.size_g

    def run_g(self, start_s: ArrayLike, stop_s: ArrayLike) -> Floats:
        """Return what running over `[start_s, stop_s)` costs in g; NaN: unknown.

        Args:
            start_s: A time or an array of times; broadcast with `stop_s`.
            stop_s: Not before `start_s`.
        """
        return self._run.between(start_s, stop_s)

    def wait_g(self, start_s: ArrayLike, stop_s: ArrayLike) -> Floats:
        """Return what waiting over `[start_s, stop_s)` costs in g; NaN: unknown.

        Args:
            start_s: A time or an array of times; broadcast with `stop_s`.
            stop_s: Not before `start_s`.
        """
        if not self.held:
            return np.zeros(np.broadcast(start_s, stop_s).shape)
        return self._wait.between(start_s, stop_s)

    def unknown_s(self, start_s: ArrayLike, stop_s: ArrayLike) -> Floats:
        """Return how much of `[start_s, stop_s)` has no known run rate, in s."""
        return self._run.unknown_s(start_s, stop_s)

    def known(self, start_s: ArrayLike, stop_s: ArrayLike) -> NDArray[np.bool_]:
        """Return whether the run rate is known throughout `[start_s, stop_s)`."""
        return np.asarray(self.unknown_s(start_s, stop_s) <= SLIVER_S)


@dataclass(frozen=True, slots=True, eq=False)
class _Integral:
    """Running sums at the edges; linear in between, as the rates are constant."""

    edges_s: Floats
    sum_g: Floats
    unknown_sum_s: Floats
    size_g: float

    @staticmethod
    def of(edges_s: Floats, rate_g_per_s: Floats) -> "_Integral":
        widths_s = np.diff(edges_s)
        lost = np.isnan(rate_g_per_s)
        costs_g = np.where(lost, 0.0, rate_g_per_s) * widths_s
        return _Integral(
            edges_s,
            np.append(0.0, np.cumsum(costs_g)),
            np.append(0.0, np.cumsum(np.where(lost, widths_s, 0.0))),
            float(np.abs(costs_g).sum()),
        )

    def between(self, start_s: ArrayLike, stop_s: ArrayLike) -> Floats:
        amount_g = self._at(self.sum_g, stop_s) - self._at(self.sum_g, start_s)
        unknown = self.unknown_s(start_s, stop_s) > SLIVER_S
        return np.asarray(np.where(unknown, np.nan, amount_g))

    def unknown_s(self, start_s: ArrayLike, stop_s: ArrayLike) -> Floats:
        first_s, last_s = self.edges_s[0], self.edges_s[-1]
        within = self._at(self.unknown_sum_s, stop_s) - self._at(
            self.unknown_sum_s, start_s
        )
        before = np.minimum(stop_s, first_s) - np.minimum(start_s, first_s)
        after = np.maximum(stop_s, last_s) - np.maximum(start_s, last_s)
        return np.asarray(within + before + after)

    def _at(self, sums: Floats, when_s: ArrayLike) -> Floats:
        moments_s = np.asarray(when_s, dtype=np.float64)
        return np.asarray(np.interp(moments_s, self.edges_s, sums))


def _frozen(name: str, given: ArrayLike) -> Floats:
    """Return an own copy that nobody can write to, so that the sums stay true."""
    array = np.array(given, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, has shape {array.shape}")
    array.setflags(write=False)
    return array
