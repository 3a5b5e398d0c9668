"""Recorded hours of a folder, for planning as if a past moment were now."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from threadpoolctl import threadpool_limits

from greenops.errors import ConfigError, GreenopsError, SignalError, UnknownZoneError
from greenops.forecast.bands import bands
from greenops.forecast.hours import HOUR, WEEK_H, History, history_of, whole_hour
from greenops.forecast.issue import About, own_ahead, record
from greenops.forecast.mix import with_mix
from greenops.forecast.modelled import modelled
from greenops.model import Forecast, IntensityPoint
from greenops.signals.csv_file import CsvSignal

log = logging.getLogger(__name__)

LEARNT_FROM = timedelta(days=730)
EVER = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


class Traces:
    """The intensity files of a folder, and of the folders within it.

    Raises:
        ConfigError: there is no file whose layout is known.
    """

    def __init__(self, folder: Path) -> None:
        """Read the headers of `folder` and the folders in it, no more."""
        self._folder = folder
        self._signals = _signals(folder)
        self._used: dict[str, None] = {}

    def known_at(self, zone: str, at: datetime) -> Forecast:
        """Return what would have been forecast at a moment, from the hours before it.

        Args:
            zone: As the files call it, or as greenops does.
            at: Aware; nothing later is looked at.

        Raises:
            UnknownZoneError: no file has this zone.
            SignalError: too little is known before that moment.
        """
        signal = self._of(zone, at)
        first = whole_hour(at)
        points = signal.intensity(zone, first - LEARNT_FROM, first)
        before = [p for p in points if p.stop <= first]
        if not before:
            raise SignalError(
                f"{self._folder} has nothing of {zone} before {at:%F %H:%M}"
            )
        history = history_of(before, known_at=at.astimezone(UTC)).until(first)
        history = _with_generation(signal, zone, history)
        with threadpool_limits(limits=1):
            ahead, _ = own_ahead(history)
        return record(ahead, bands(ahead.past.errors), _about(before, at), first)

    def that_came(self, zone: str, at: datetime, until: datetime) -> Forecast:
        """Return the hours that came, from the one that holds `at`, up to a gap.

        Their bands are the bounds that the files' layout states.

        Raises:
            UnknownZoneError: no file has this zone.
            SignalError: nothing is known of the first hour.
        """
        first = whole_hour(at)
        hours = max(1, -(-(until - first) // HOUR))
        points = self._of(zone, at).intensity(zone, first, first + hours * HOUR)
        ahead, ends = modelled(points, first, hours)
        return record(ahead, ends, _about(points, at), first)

    def week_before_end(self, zones: Sequence[str]) -> datetime:
        """Return the moment a week before the last hour that is known of all zones.

        Args:
            zones: As the files call them; those that no file has do not count.

        Raises:
            UnknownZoneError: no file has any of them.
        """
        ends = []
        refused: ConfigError | None = None
        for zone in zones:
            try:
                ends.append(self._end_of(zone))
            except ConfigError as e:
                refused = e
        if not ends:
            raise refused or ConfigError(f"nothing in {self._folder} is asked for")
        return whole_hour(min(ends)) - WEEK_H * HOUR

    def _end_of(self, zone: str) -> datetime:
        """Return the end of the last hour known of a zone.

        Raises:
            UnknownZoneError: no file has it.
        """
        ends = []
        refused: GreenopsError | None = None
        for signal in self._signals:
            try:
                ends.append(signal.intensity(zone, *EVER)[-1].stop)
            except (SignalError, ConfigError) as e:
                refused = e
        if not ends:
            raise UnknownZoneError(str(refused))
        return max(ends)

    def attributions(self) -> tuple[str, ...]:
        """Return who must be named beside the figures that were asked for."""
        return tuple(self._used)

    def _of(self, zone: str, at: datetime) -> CsvSignal:
        """Return the files that know the zone at that moment."""
        refused: GreenopsError | None = None
        for signal in self._signals:
            try:
                signal.intensity(zone, whole_hour(at), at + HOUR)
            except (SignalError, ConfigError) as e:
                # That a folder has other hours of it says more than that one has none.
                refused = (
                    e if refused is None or isinstance(e, SignalError) else refused
                )
            else:
                self._used[signal.traits.attribution] = None
                return signal
        raise refused or SignalError(f"{self._folder} has no files")


def _with_generation(signal: CsvSignal, zone: str, history: History) -> History:
    with suppress(GreenopsError):
        generated = signal.generation(zone, history.first, history.stop)
        return with_mix(history, generated)
    return history


def _about(points: Sequence[IntensityPoint], at: datetime) -> About:
    last = points[-1]
    return About(
        zone=last.zone,
        kind=last.kind,
        basis=last.basis,
        source=last.source,
        issued_at=at.astimezone(UTC),
    )


def _signals(folder: Path) -> list[CsvSignal]:
    """Return the files of a folder and of each folder in it, where there are any.

    Raises:
        ConfigError: none can be read; says what the first stumbled over.
    """
    refused = []
    found = []
    for path in (folder, *_within(folder)):
        try:
            found.append(CsvSignal(path))
        except GreenopsError as e:
            log.info("%s is not replayed: %s", path, e)
            refused.append(str(e))
    if not found:
        raise ConfigError(f"--replay {folder}: {refused[0]}")
    return found


def _within(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.is_dir())
    except OSError:  # not there, no folder, or not allowed: the folder itself says so
        return []
