"""Asks the configured carbon signals about the time of one run."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from greenops.config import Config
from greenops.errors import GreenopsError
from greenops.model import Footprint, IntensityKind, IntensityPoint
from greenops.ports import CarbonSignal

log = logging.getLogger(__name__)

CHAIN = "chain"
DEFAULT_ORDER = Config().signals_order
"""This machine's own signals: the hourly model, which is the annual one where flat."""


class GridAnswer(NamedTuple):
    """What the signals say about a run's time, and what they are called."""

    signal: str
    points: Sequence[IntensityPoint]
    marginal_signal: str = ""
    marginal: Sequence[IntensityPoint] = ()

    def signed(self, footprint: Footprint) -> Footprint:
        """Return the footprint with the names of the signals that stated its points."""
        second = footprint.marginal
        if second is not None and second.points and self.marginal:
            second = replace(second, signal=self.marginal_signal)
        return replace(footprint, signal=self.signal, marginal=second)


class Grid:
    """The signals as configured, opened at the first question."""

    def __init__(
        self, config: Config, *, offline: bool = False, wait_s: float | None = None
    ) -> None:
        """Open nothing yet.

        Args:
            config: The settings in force.
            offline: Ask this machine's own signals only, whatever is configured.
            wait_s: How long a run may wait for the network, for both kinds of
                intensity together; None: as configured.
        """
        self._config = config
        kinds = 2 if config.signals_marginal_order else 1
        self._wait_s = (config.signals_wait_s if wait_s is None else wait_s) / kinds
        if offline:
            self._config = replace(
                config, signals_order=DEFAULT_ORDER, signals_marginal_order=()
            )
        self._signals: dict[IntensityKind, CarbonSignal] = {}

    def ask(self, zone: str | None, start: datetime, stop: datetime) -> GridAnswer:
        """Return what is known of `[start, stop)` in a zone; None is the world.

        A marginal signal that does not answer costs the marginal figure only.

        Raises:
            ConfigError: average and marginal signals are in one order.
            UnknownZoneError: no such zone.
            SignalError: no average intensity is to be had.
        """
        signal = self._average(zone)
        points = signal.intensity(zone, start, stop)
        answer = GridAnswer(signal=_name_of(signal, zone), points=points)
        if not self._config.signals_marginal_order:
            return answer
        try:
            signal = self._opened(IntensityKind.MARGINAL)
            points = signal.intensity(zone, start, stop)
        except GreenopsError as e:
            log.info("no marginal intensity of %s: %s", zone, e)
            return answer
        name = _name_of(signal, zone)
        return answer._replace(marginal_signal=name, marginal=points)

    def _average(self, zone: str | None) -> CarbonSignal:
        if self._config.signals_order != DEFAULT_ORDER:
            return self._opened(IntensityKind.AVERAGE)
        # Nobody to fall back from: most short jobs end here, and need no chain.
        if zone is None:  # the world has no hours
            from greenops.signals.annual import AnnualSignal

            return AnnualSignal()
        if IntensityKind.AVERAGE not in self._signals:
            from greenops.signals.hourly_model import HourlyModelSignal

            self._signals[IntensityKind.AVERAGE] = HourlyModelSignal()
        return self._signals[IntensityKind.AVERAGE]

    def _opened(self, kind: IntensityKind) -> CarbonSignal:
        if kind not in self._signals:
            from greenops.wire.signals import open_signal

            self._signals[kind] = open_signal(
                self._config, kind=kind, wait_s=self._wait_s
            )
        return self._signals[kind]


def _name_of(signal: CarbonSignal, zone: str | None) -> str:
    if signal.name != CHAIN:  # this machine's own: most jobs end here
        return signal.name
    from greenops.wire.signals import answered_by

    return answered_by(signal, zone)
