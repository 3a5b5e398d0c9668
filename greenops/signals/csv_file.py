"""Carbon intensity from CSV files: downloads of providers, or your own tables."""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from greenops.checked import Checked, IntensityUnit, span_utc
from greenops.errors import ConfigError, SignalError, UnknownZoneError
from greenops.model import (
    Basis,
    GenerationHour,
    IntensityKind,
    IntensityPoint,
    SignalTraits,
)
from greenops.signals.csv_folder import CsvFolder, signature
from greenops.signals.csv_layouts import Layout
from greenops.signals.csv_rows import Wanted
from greenops.signals.settings import refuse_unknown
from greenops.signals.zones import canonical

SETTINGS = ("path", "zone", "kind", "basis", "unit", "timezone")
Choice = TypeVar("Choice", bound=StrEnum)


class CsvSignal:
    """Serves what files hold, by their zones; nothing for the world.

    Only headers are read when it is made, a zone's rows when they are asked for, and
    again when a file has changed.

    Raises:
        ConfigError: no such file, none whose layout is known, or files of two kinds.
    """

    name = "csv"

    def __init__(
        self,
        path: Path,
        wanted: Wanted | None = None,
        unit: IntensityUnit | None = None,
    ) -> None:
        """Serve one file, or all files of a folder.

        Args:
            path: `.csv` or `.csv.gz`, or a folder of them.
            wanted: What files may leave open.
            unit: Of all values; None: as the layout has it, g/kWh in your own tables.
        """
        self._path = path
        self._wanted = wanted or Wanted()
        self._unit = unit
        self._lock = threading.Lock()
        self._folder = CsvFolder(path, self._wanted, unit)
        self._seen = signature(path)
        self._points: dict[str, Checked] = {}
        self._codes: dict[str, str] = {}
        self.traits = _traits([f.layout for f in self._folder.files], self._wanted)

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the signal that a table `[signals.csv]` describes.

        Keys: `path`; `zone` of files that do not name theirs; `kind`, `basis`, `unit`
        of files that do not say; `timezone` of times without an offset.

        Raises:
            ConfigError: no path, an unknown key, a value that is none, no such file.
        """
        refuse_unknown(cls.name, settings, SETTINGS)
        texts = {key: _text(key, value) for key, value in settings.items()}
        if "path" not in texts:
            raise ConfigError('signals.csv: set path = "FILE OR FOLDER"')
        wanted = Wanted(
            zone=texts.get("zone"),
            kind=_choice(IntensityKind, "kind", texts),
            basis=_choice(Basis, "basis", texts),
            clock=_clock(texts.get("timezone")),
        )
        return cls(Path(texts["path"]), wanted, _choice(IntensityUnit, "unit", texts))

    def zones(self) -> Sequence[str]:
        """Return the canonical codes of the zones it has, sorted.

        Raises:
            SignalError: a file cannot be read.
        """
        with self._lock:
            self._refresh()
            return sorted(self._folder.zones())

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return the points that touch `[start, stop)`, whole, in time order.

        Raises:
            UnknownZoneError: no file has this zone, or none is given.
            SignalError: the files have nothing there, or cannot be read; says which
                file and line, and what is expected.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        start, stop = span_utc(start, stop)
        with self._lock:
            self._refresh()
            checked = self._zone(zone)
        points = checked.points
        first = bisect_right(points, start, key=lambda p: p.stop)
        last = bisect_left(points, stop, key=lambda p: p.start)
        if first >= last:
            raise SignalError(
                f"{self._path} has no intensity of {zone} from {start:%F %H:%M} to "
                f"{stop:%F %H:%M} UTC; " + _held(checked)
            )
        return points[first:last]

    def generation(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[GenerationHour]:
        """Return what hours were generated from, where the layout has that.

        Raises:
            UnknownZoneError: no file has this zone, or none is given.
            SignalError: the files do not say, or cannot be read.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        start, stop = span_utc(start, stop)
        with self._lock:
            self._refresh()
            self._zone(zone)
            hours = self._folder.generation(self._code(zone))
        found = [h for h in hours if start <= h.start < stop]
        if not found:
            raise SignalError(f"{self._path} has no generation of {zone} by source")
        return found

    def _refresh(self) -> None:
        """Forget what was read if a file has changed."""
        seen = signature(self._path)
        if seen == self._seen:
            return
        try:
            self._folder = CsvFolder(self._path, self._wanted, self._unit)
        except ConfigError as e:  # deleted, or half written
            raise SignalError(str(e)) from e
        self._seen = seen
        self._points = {}

    def _zone(self, zone: str | None) -> Checked:
        code = self._code(zone)
        if code not in self._points:
            if code not in self._folder.zones():
                raise UnknownZoneError(self._no_such_zone(zone, code))
            self._points[code] = self._folder.points(code)
        return self._points[code]

    def _code(self, zone: str | None) -> str:
        if zone is None:
            return ""
        if zone not in self._codes:
            self._codes[zone] = canonical(zone)
        return self._codes[zone]

    def _no_such_zone(self, zone: str | None, code: str) -> str:
        known = self._folder.zones()
        spelled = {name.casefold(): name for name in known}
        near = [spelled[n] for n in get_close_matches(code.casefold(), spelled, n=3)]
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        some = ", ".join(sorted(known)[:20]) or "none"
        asked = "intensity of the world" if zone is None else f"zone {zone!r}"
        said = f"{self._path} has no {asked}: {hint}it has {some}"
        if left_out := self._folder.left_out:
            said += f"; {len(left_out)} files left out, such as {left_out[0]}"
        return said


def _held(checked: Checked) -> str:
    points = checked.points
    why = "".join(f"; {problem}" for problem in checked.problems)
    if not points:
        return f"nothing in it is usable; hours or finer steps are needed{why}"
    return f"it has {points[0].start:%F %H:%M} to {points[-1].stop:%F %H:%M}{why}"


def _traits(layouts: Sequence[Layout], wanted: Wanted) -> SignalTraits:
    kinds = {x.kind or wanted.kind or IntensityKind.AVERAGE for x in layouts}
    if wanted.kind is not None and kinds != {wanted.kind}:
        raise ConfigError(
            f'signals.csv: kind = "{wanted.kind}", but the files are of '
            f"{' and '.join(sorted(kinds))} intensities"
        )
    if len(kinds) > 1:
        raise ConfigError(
            "signals.csv: average and marginal intensities in one folder; give each "
            "a folder of its own"
        )
    bases = {x.basis or wanted.basis for x in layouts}
    stated = bases.pop() if len(bases) == 1 else None
    return SignalTraits(
        kind=kinds.pop(),
        basis=stated,
        resolution=min(x.resolution for x in layouts),
        history=None,
        horizon=None,
        attribution="; ".join(dict.fromkeys(x.attribution for x in layouts)),
        offline=True,
    )


def _text(key: str, value: object) -> str:
    if isinstance(value, str | Path):
        return str(value)
    raise ConfigError(f'signals.csv: {key} = {value!r}: put it in quotes: "{value}"')


def _choice(choices: type[Choice], key: str, texts: Mapping[str, str]) -> Choice | None:
    if key not in texts:
        return None
    for choice in choices:
        if texts[key].strip().casefold() == choice.value.casefold():
            return choice
    known = ", ".join(choices)
    raise ConfigError(f"signals.csv: {key} = {texts[key]!r}: it is one of {known}")


def _clock(timezone: str | None) -> tzinfo | None:
    if timezone is None:
        return None
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise ConfigError(
            f"signals.csv: timezone = {timezone!r}: no such time zone; "
            "give one such as Europe/Paris"
        ) from e
