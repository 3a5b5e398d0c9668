"""Asks a networked signal only for what nobody on this host has asked lately.

Its last good answers lie on disk. While it fails they are served in its place, with
their age and wider bounds (`kept`), never as if they were fresh.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from greenops.checked import span_utc
from greenops.errors import SignalBusyError, SignalError, SignalRefusedError
from greenops.model import GenerationHour, IntensityPoint
from greenops.ports import CarbonSignal, GenerationSource
from greenops.signals.answer_store import AnswerStore
from greenops.signals.kept import (
    CARRY_AT_MOST,
    Asked,
    Kept,
    fresh_points,
    missing,
    stale_points,
    with_answer,
)
from greenops.signals.silence import reach_of
from greenops.signals.zones import canonical


class CachedSignal:
    """A signal with a memory that all processes of the user share."""

    def __init__(
        self,
        signal: CarbonSignal,
        store: AnswerStore,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Stand in front of `signal`, whose answers `store` keeps."""
        self.name = signal.name
        self.traits = signal.traits
        self._signal = signal
        self._store = store
        self._now = now
        self._lock = threading.Lock()

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return the points that touch `[start, stop)`, fresh ones, else those kept.

        Raises:
            UnknownZoneError: the source does not serve this zone.
            SignalRefusedError: it refused, lately, and nothing kept is any good.
            SignalBusyError: likewise; it is to be left alone for now.
            SignalError: likewise; it failed, or has nothing there.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        try:
            return self.fresh(zone, start, stop)
        except SignalError:
            if old := self.kept(zone, start, stop):
                return old
            raise

    def generation(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[GenerationHour]:
        """Return what the source says its hours were generated from; none is kept.

        Raises:
            Exception: as `intensity`, and where the source has no such thing.
        """
        if not isinstance(self._signal, GenerationSource):
            raise SignalError(f"{self.name} does not say what power is generated from")
        return self._signal.generation(zone, start, stop)

    def fresh(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return the points that touch `[start, stop)`; asks where none are fresh.

        Raises:
            Exception: as `intensity`, whatever is kept.
        """
        start, stop = span_utc(start, stop)
        key = "" if zone is None else canonical(zone)
        step = self.traits.resolution
        kept = self._store.load(key)
        gap = missing(kept, start, stop, now=self._now(), step=step)
        if gap is not None:
            kept = self._fetched(key, zone, *gap)
        points = fresh_points(kept, start, stop, now=self._now(), step=step)
        if not points:
            raise SignalError(f"{self.name} has nothing of {zone} from {start} on")
        return points

    def kept(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return what is kept, older points with wider bounds; asks nobody."""
        kept = self._store.load("" if zone is None else canonical(zone))
        step = self.traits.resolution
        return stale_points(kept, start, stop, now=self._now(), step=step)

    def late(self, zone: str | None, start: datetime, stop: datetime) -> None:
        """Remember that nobody waits for it any longer; the answer may yet come."""
        key = "" if zone is None else canonical(zone)
        said = f"{self.name} did not answer in time"
        reach = reach_of(start, stop, self._now())
        self._store.heard(key, reach, SignalBusyError(said))

    def _fetched(
        self, key: str, zone: str | None, start: datetime, stop: datetime
    ) -> Kept:
        """Ask the source for `[start, stop)` and keep what it says."""
        reach = reach_of(start, stop, self._now())
        self._store.check(key, reach)
        try:
            points = self._signal.intensity(zone, start, stop)
        except SignalError as e:
            self._store.heard(key, reach, e)
            if not isinstance(e, SignalBusyError | SignalRefusedError):
                self._look_back(key, zone, start)
            raise
        self._store.spoke(key, reach)
        return self._remember(key, points, start, stop)

    def _look_back(self, key: str, zone: str | None, start: datetime) -> None:
        """Ask for the hours before: some sources lag, and their last hour is a hint."""
        now = self._now()
        if not now - CARRY_AT_MOST < start <= now:
            return
        before = start - CARRY_AT_MOST
        try:
            points = self._signal.intensity(zone, before, start)
        except SignalError:
            return
        self._remember(key, points, before, start)

    def _remember(
        self,
        key: str,
        points: Sequence[IntensityPoint],
        start: datetime,
        stop: datetime,
    ) -> Kept:
        with self._lock:
            asked = Asked(start, stop, self._now())
            kept = with_answer(self._store.load(key), points, asked)
            self._store.save(key, kept)
        return kept
