"""The zones that a folder of intensity files has, and their points."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from greenops.checked import Checked, IntensityUnit, checked_points
from greenops.checked.overlaps import settled
from greenops.checked.rows import Problems
from greenops.errors import ConfigError, MixedSignalsError, SignalError
from greenops.model import Basis, GenerationHour, IntensityKind
from greenops.signals.csv_layouts import EXPECTED, Layout, layout_of
from greenops.signals.csv_rows import (
    Wanted,
    ZoneRows,
    read_generation,
    read_rows,
    row_kind,
)
from greenops.signals.csv_table import SUFFIXES, Table
from greenops.signals.zones import canonical

logger = logging.getLogger(__name__)

MOST_FILES = 1000


@dataclass(frozen=True, slots=True)
class File:
    """One file whose layout is known."""

    table: Table
    layout: Layout


@dataclass(slots=True)
class _Part:
    """The rows of a zone in one file; None: not read yet."""

    file: File
    spelled: str
    rows: ZoneRows | None = None


class CsvFolder:
    """A file, or all files of a folder, as they were when it was made.

    Raises:
        ConfigError: no such file, or none whose layout is known.
    """

    def __init__(
        self, path: Path, wanted: Wanted, unit: IntensityUnit | None = None
    ) -> None:
        """Read the headers below `path`, no more."""
        self._path = path
        self._wanted = wanted
        self._unit = unit
        self.files, self.left_out = _known_files(path, wanted)
        self._zones: dict[str, list[_Part]] | None = None

    def zones(self) -> set[str]:
        """Return the canonical codes of its zones.

        Raises:
            SignalError: a file whose rows name their zones cannot be read.
        """
        return set(self._index())

    def points(self, code: str) -> Checked:
        """Return what it has of one of its zones, checked.

        Raises:
            SignalError: a file cannot be read, or is in another unit.
            MixedSignalsError: its files count differently.
        """
        parts = self._index()[code]
        problems: list[str] = []
        checked = [self._checked(code, part, problems) for part in parts]
        points = [p for one in checked for p in one.points]
        if len({p.basis for p in points}) > 1:
            raise MixedSignalsError(
                f"{self._path} has life-cycle and direct intensities of {code}; "
                'choose with basis = "life cycle" or "direct"'
            )
        problems += [p for one in checked for p in one.problems]
        if len(checked) > 1:
            contradictions = Problems()
            points = list(settled(points, contradictions))
            problems += contradictions.sentences()
        for problem in problems:
            logger.info("%s: %s", self._path, problem)
        return Checked(points=tuple(points), problems=tuple(problems))

    def generation(self, code: str) -> list[GenerationHour]:
        """Return what the hours of one of its zones were generated from; may be empty.

        Raises:
            SignalError: a file cannot be read.
        """
        files = [part.file for part in self._index()[code] if part.file.layout.sources]
        hours = {
            hour.start: hour
            for file in files
            for hour in read_generation(file.table, file.layout)
        }
        return [hours[start] for start in sorted(hours)]

    def _checked(self, code: str, part: _Part, problems: list[str]) -> Checked:
        layout, path = part.file.layout, part.file.table.path
        rows = part.rows
        if rows is None:
            found = read_rows(part.file.table, layout, self._wanted, part.spelled)
            problems += [f"{path.name}: {said}" for said in found.problems]
            rows = found.zones.get(part.spelled, ZoneRows())
        if len(rows.bases) > 1:
            raise MixedSignalsError(
                f"{path} has rows of two bases for {code}; choose with basis = ..."
            )
        return checked_points(
            rows.rows,
            zone=code,
            source=f"{layout.title}, {path.name}",
            kind=layout.kind or self._wanted.kind or IntensityKind.AVERAGE,
            basis=next(iter(rows.bases), Basis.LIFE_CYCLE),
            provenance=layout.provenance,
            issued_at=None,
            rel_uncertainty=layout.rel_uncertainty,
            abs_uncertainty_g_per_kwh=layout.abs_uncertainty_g_per_kwh,
            unit=self._unit or layout.unit,
            zero_possible=layout.zero_possible,
        )

    def _index(self) -> dict[str, list[_Part]]:
        """Return its zones; files whose rows name them are read for that, once."""
        if self._zones is None:
            zones: dict[str, list[_Part]] = {}
            for file in self.files:
                for part in self._parts(file):
                    code = canonical(part.spelled)
                    zones.setdefault(code, []).append(part)
            self._zones = zones
        return self._zones

    def _parts(self, file: File) -> Iterator[_Part]:
        if file.layout.zone is None:
            for spelled in file.layout.zones:
                yield _Part(file, spelled)
            return
        found = read_rows(file.table, file.layout, self._wanted)
        for spelled, rows in found.zones.items():
            yield _Part(file, spelled, rows)


def signature(path: Path) -> object:
    """Return what changes when a file below `path` does.

    Raises:
        SignalError: the folder cannot be listed.
    """
    seen = []
    for file in _files(path):
        try:
            stat = file.stat()
        except OSError:
            continue
        seen.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(seen)


def _files(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
        return sorted(p for p in path.iterdir() if p.name.lower().endswith(SUFFIXES))
    except OSError as e:
        raise SignalError(f"{path}: cannot be listed: {e.strerror or e}") from e


def _known_files(path: Path, wanted: Wanted) -> tuple[list[File], list[str]]:
    """Return the files that can be used, and a sentence for each that cannot.

    Raises:
        ConfigError: there is no file, or none that can be used.
    """
    try:
        files = _files(path)
        there = path.exists()
    except (OSError, SignalError) as e:
        raise ConfigError(f"{path}: no access: {e}") from e
    if not there:
        raise ConfigError(f"{path}: no such file or folder")
    if not files:
        raise ConfigError(f"{path} holds no .csv and no .csv.gz")
    if len(files) > MOST_FILES:
        raise ConfigError(f"{path} holds over {MOST_FILES} files; name a narrower one")
    known, left_out = [], []
    for file in files:
        try:
            known.append(_known(file, wanted))
        except SignalError as e:
            left_out.append(str(e))
    if not known:
        raise ConfigError(left_out[0])
    return known, left_out


def _known(path: Path, wanted: Wanted) -> File:
    table = Table(path)
    layout = layout_of(table.header, path, wanted.basis)
    if layout is None:
        begins = ", ".join(table.header)[:100]
        raise SignalError(f"{path}, line 1: no known layout: {begins!r}; {EXPECTED}")
    if layout.kinds is not None and wanted.kind is None:
        layout = replace(layout, kind=_first_kind(table, layout))
    if layout.zone is None and not layout.zones and layout.value is not None:
        if wanted.zone is None:
            raise SignalError(
                f"{path} does not say which zone it is of: "
                'set zone = "..." in [signals.csv]'
            )
        layout = replace(layout, zones={wanted.zone: layout.value})
    return File(table, layout)


def _first_kind(table: Table, layout: Layout) -> IntensityKind | None:
    for line, cells in table.rows():
        try:
            return row_kind(layout, cells)
        except (ValueError, IndexError) as e:
            raise SignalError(
                f"{table.path}, line {line}: {e}; expected average or marginal"
            ) from e
    return None
