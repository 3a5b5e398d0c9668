"""The rows of an intensity file, zone by zone, ready to be checked."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from greenops.checked import (
    DoubtfulTimeError,
    RawPoint,
    finite_number,
    local_time,
    utc_time,
)
from greenops.errors import SignalError
from greenops.model import Basis, GenerationHour, IntensityKind, Provenance
from greenops.signals.csv_layouts import Layout
from greenops.signals.csv_table import Table

UNREADABLE_AT_MOST = 0.01
"""A file may have been cut off, or hold a stray line; more says that it is another."""
_TRUE = frozenset(("true", "1", "yes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the settings say that a file may leave open.

    Attributes:
        zone: Of files that do not name theirs.
        kind: Average or marginal, of files that do not say; of those that do, the rows
            that are kept.
        basis: Likewise.
        clock: Of times without an offset; None: they are refused.
    """

    zone: str | None = None
    kind: IntensityKind | None = None
    basis: Basis | None = None
    clock: tzinfo | None = None


@dataclass(slots=True)
class ZoneRows:
    """The rows of one zone, and what they count."""

    rows: list[RawPoint] = field(default_factory=list)
    bases: set[Basis] = field(default_factory=set)


@dataclass(slots=True)
class FileRows:
    """What a file holds, by zone as the file spells it."""

    zones: dict[str, ZoneRows] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_rows(
    table: Table, layout: Layout, wanted: Wanted, zone: str | None = None
) -> FileRows:
    """Return the rows of a file.

    Args:
        table: The file.
        layout: What its columns say.
        wanted: What the settings say.
        zone: As the file spells it; None: all that are in it.

    Raises:
        SignalError: the file cannot be read, or too many rows cannot; names the first
            by its line, and what is expected there.
    """
    reader = _Reader(table, layout, wanted, zone)
    found = FileRows()
    bad: list[str] = []
    doubtful: list[str] = []
    lines = 0
    for line, cells in table.rows():
        lines += 1
        try:
            reader.add(cells, found)
        except DoubtfulTimeError as e:  # two hours a year, however short the file
            doubtful.append(f"line {line}: {e}")
        except (SignalError, ValueError, IndexError) as e:
            bad.append(f"line {line}: {_said(e, layout, cells)}")
    if len(bad) > UNREADABLE_AT_MOST * lines and not (len(bad) == 1 and lines > 1):
        raise SignalError(f"{table.path}, {bad[0]} ({len(bad)} of {lines} rows)")
    found.problems += [
        f"{len(rows)} rows left out, {rows[0]}" for rows in (bad, doubtful) if rows
    ]
    return found


class _Reader:
    """Turns cells into rows, with what does not change from row to row at hand."""

    def __init__(
        self, table: Table, layout: Layout, wanted: Wanted, zone: str | None
    ) -> None:
        self._number = table.number
        self._written_at = table.written_at()
        self._layout = layout
        self._wanted = wanted
        self._kind = wanted.kind or layout.kind or IntensityKind.AVERAGE
        self._basis = layout.basis or wanted.basis or Basis.LIFE_CYCLE
        self._columns = {
            name: column
            for name, column in layout.zones.items()
            if zone is None or name == zone
        }

    def add(self, cells: list[str], found: FileRows) -> None:
        """Put the row's values to their zones, unless it is not what is wanted."""
        layout = self._layout
        basis = self._row_basis(cells)
        if basis is None or not self._of_kind(cells):
            return
        start = self.time(cells[layout.time])
        columns = self._columns
        if layout.zone is not None and layout.value is not None:
            columns = {cells[layout.zone].strip(): layout.value}
        for name, column in columns.items():
            own = found.zones.setdefault(name, ZoneRows())
            own.rows.append(self._row(start, cells, column))
            own.bases.add(basis)

    def _row(self, start: datetime, cells: list[str], column: int) -> RawPoint:
        layout = self._layout
        value, provenance = cells[column], layout.provenance
        if layout.instead is not None and not value.strip():
            value, provenance = cells[layout.instead], Provenance.FORECAST
        elif start > self._written_at:
            provenance = Provenance.FORECAST
        estimated = self._is_estimated(cells)
        if estimated and provenance is Provenance.MEASURED:
            provenance = Provenance.ESTIMATED
        unsure = estimated or provenance is Provenance.FORECAST
        rel, absolute = (unsure and layout.unsure) or (None, None)
        return RawPoint(
            start=start,
            value=self._number(value),
            low=None if layout.low is None else self._number(cells[layout.low]),
            high=None if layout.high is None else self._number(cells[layout.high]),
            provenance=provenance,
            rel_uncertainty=rel,
            abs_uncertainty_g_per_kwh=absolute,
        )

    def _is_estimated(self, cells: list[str]) -> bool:
        column = self._layout.estimated
        return column is not None and cells[column].strip().casefold() in _TRUE

    def _of_kind(self, cells: list[str]) -> bool:
        """Return whether the row is of the kind that is read."""
        if self._layout.kinds is None:
            return True
        kind = row_kind(self._layout, cells)
        if kind is not self._kind and self._wanted.kind is None:
            raise SignalError(
                f"{kind} among {self._kind} intensities; choose with kind = ..."
            )
        return kind is self._kind

    def _row_basis(self, cells: list[str]) -> Basis | None:
        """Return what the row counts; None: not what is wanted."""
        if self._layout.bases is None:
            return self._basis
        said = cells[self._layout.bases].strip().casefold().replace("_", " ")
        basis = Basis("life cycle" if said in ("lifecycle", "lca") else said)
        return basis if self._wanted.basis in (None, basis) else None

    def time(self, text: str) -> datetime:
        """Return the start that a cell states."""
        if self._layout.month_first and "/" in text:
            return datetime.strptime(text.strip(), "%m/%d/%Y %H:%M:%S").replace(
                tzinfo=UTC
            )
        if self._layout.utc or self._wanted.clock is None:
            return utc_time(text, states_utc=self._layout.utc)
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is not None:
            return at.astimezone(UTC)
        return local_time(at, self._wanted.clock)


def read_generation(table: Table, layout: Layout) -> list[GenerationHour]:
    """Return what a file's hours were generated from, in order of time.

    A cell without a finite number is left out, a row without a time too: a file that
    can be read as intensities has few of them.

    Raises:
        SignalError: the file cannot be read.
    """
    reader = _Reader(table, layout, Wanted(), None)
    found: dict[datetime, GenerationHour] = {}
    for _, cells in table.rows():
        with suppress(SignalError, ValueError, IndexError):
            start = reader.time(cells[layout.time])
            power_mw = {
                name: mw
                for name, column in layout.sources.items()
                if (mw := finite_number(table.number(cells[column]))) is not None
            }
            found[start] = GenerationHour(start=start, power_mw=power_mw)
    return [found[start] for start in sorted(found)]


def row_kind(layout: Layout, cells: list[str]) -> IntensityKind | None:
    """Return the kind that a row states; None: it has no column for it.

    Raises:
        ValueError: it states none that there is.
    """
    if layout.kinds is None:
        return None
    return IntensityKind(cells[layout.kinds].strip().casefold())


def _said(error: Exception, layout: Layout, cells: list[str]) -> str:
    if isinstance(error, IndexError):
        return f"only {len(cells)} cells; expected as many as the header has"
    if isinstance(error, SignalError):
        return str(error)
    if str(error).startswith("'"):
        return f"{error}; expected average or marginal, life cycle or direct"
    return f"{error}; expected a time such as 2026-03-01T12:00Z" + (
        " or 03/01/2026 12:00:00" if layout.month_first else ""
    )
