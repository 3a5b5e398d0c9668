"""The intensity at a place over the hours ahead, on a time axis of seconds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from greenops.errors import SignalError
from greenops.model import Basis, Bounded, Forecast, IntensityPoint
from greenops.planner.distinct import distinct
from greenops.planner.timing.curve import SLIVER_S, Floats

HOUR = timedelta(hours=1)
Series = Forecast | Sequence[IntensityPoint]
"""A forecast, or the intensities that came."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """A step function of intensity with its 95 % band; NaN: not known.

    Attributes:
        edges_s: Strictly increasing, from the planning origin on, shape (n+1,).
        g_per_kwh: Expected, lower end, upper end: shape (3, n).
    """

    edges_s: Floats
    g_per_kwh: Floats

    def mean(self, start_s: float, stop_s: float) -> Bounded | None:
        """Return the mean of the known time in `[start_s, stop_s)`; None: none is.

        All hours are of one source, so their errors do not average out.
        """
        covered_s = np.diff(np.clip(self.edges_s, start_s, stop_s))
        known = (covered_s > 0) & ~np.isnan(self.g_per_kwh[0])
        if not known.any():
            return None
        central, low, high = np.average(
            self.g_per_kwh[:, known], axis=1, weights=covered_s[known]
        )
        return Bounded(  # a mean of equal numbers may differ from them by rounding
            central=float(central),
            low=float(min(low, central)),
            high=float(max(high, central)),
        )


def outlook(
    series: Series | None, origin: datetime, stop_s: float, cuts_s: Iterable[float] = ()
) -> Outlook:
    """Return the intensity from `origin` on, as far as it is known.

    Args:
        series: In any order; None: nothing is known.
        origin: What seconds are counted from.
        stop_s: Above 0; the axis reaches this far where nothing is known.
        cuts_s: Further edges, where something else changes.

    Raises:
        SignalError: two figures are stated for one moment.
    """
    starts_s, stops_s, *figures = _columns(series, origin)
    if (stops_s[:-1] > starts_s[1:] + SLIVER_S).any():
        raise SignalError("two intensities are stated for one moment of a forecast")
    if stops_s.size and stops_s[-1] > 0.0:
        stop_s = float(stops_s[-1])
    cuts = np.concatenate([starts_s, stops_s, np.fromiter(cuts_s, np.float64)])
    inner_s = cuts[(cuts > 0.0) & (cuts < stop_s)]
    edges_s = distinct(np.concatenate([[0.0], inner_s, [stop_s]]))
    middle_s = (edges_s[:-1] + edges_s[1:]) / 2
    at = np.searchsorted(starts_s, middle_s, side="right") - 1
    known = at >= 0
    known[known] = middle_s[known] < stops_s[at[known]]
    values = np.full((3, middle_s.size), np.nan)
    values[:, known] = np.array(figures)[:, at[known]]
    return Outlook(edges_s, values)


def _columns(series: Series | None, origin: datetime) -> list[Floats]:
    """Return starts and stops in s, expected and low and high in g/kWh, by start."""
    rows = sorted(_rows(series, origin), key=lambda row: row[0])
    return list(np.array(rows, dtype=np.float64).reshape(-1, 5).T)


def _rows(
    series: Series | None, origin: datetime
) -> list[tuple[float, float, float, float, float]]:
    if series is None:
        return []
    if isinstance(series, Forecast):
        life_cycle = series.basis is Basis.LIFE_CYCLE
        return [
            (
                (h.start - origin).total_seconds(),
                (h.start + HOUR - origin).total_seconds(),
                h.intensity_g_per_kwh,
                h.low95_g_per_kwh,
                h.high95_g_per_kwh,
            )
            for h in series.hours
            if not _is_hole(h.intensity_g_per_kwh, life_cycle=life_cycle)
        ]
    return [
        (
            (p.start - origin).total_seconds(),
            (p.stop - origin).total_seconds(),
            p.intensity_g_per_kwh,
            p.low_g_per_kwh,
            p.high_g_per_kwh,
        )
        for p in series
        if not _is_hole(p.intensity_g_per_kwh, life_cycle=p.basis is Basis.LIFE_CYCLE)
    ]


def _is_hole(g_per_kwh: float, *, life_cycle: bool) -> bool:
    """Tell whether a figure is no figure: no plant has a life cycle of 0 g/kWh."""
    return life_cycle and g_per_kwh == 0.0
