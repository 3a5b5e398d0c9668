"""Rows written as CSV, JSON lines or Parquet."""

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from greenops.errors import ConfigError
from greenops.report.cells import guarded

if TYPE_CHECKING:
    import pyarrow

Row = Mapping[str, object]
CHUNK_ROWS = 50_000
_INTEGERS = ("exit_code",)
_SWITCHES = ("restated",)


def write_csv(rows: Iterable[Row], fields: Sequence[str], stream: TextIO) -> int:
    """Write a heading and one line per row; return the number of rows.

    Text that a spreadsheet would run is guarded; tables within a cell are JSON.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(fields)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last one is returned
        writer.writerow([guarded(_flat(row[name])) for name in fields])
    return count


def write_json_lines(rows: Iterable[Row], fields: Sequence[str], stream: TextIO) -> int:
    """Write one JSON object per line; return the number of rows."""
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the last one is returned
        stream.write(json.dumps({name: row[name] for name in fields}) + "\n")
    return count


def write_file(
    rows: Iterable[Row], fields: Sequence[str], path: Path, form: str
) -> int:
    """Write `csv`, `json` or `parquet` beside `path`, then move it there.

    So a reader never finds half a file, and a failure leaves an older file as it was.

    Raises:
        ConfigError: the file cannot be written, or Parquet is not installed.
    """
    write: Callable[[Path], int]
    if form == "parquet":
        write = _parquet_writer(rows, fields)
    else:
        to_stream = {"csv": write_csv, "json": write_json_lines}[form]

        def write(beside: Path) -> int:
            with beside.open("w", encoding="utf-8", newline="") as stream:
                return to_stream(rows, fields, stream)

    try:
        return write_beside(path, write)
    except OSError as e:
        raise ConfigError(f"cannot write {path}: {e.strerror or e}") from e


def write_beside(path: Path, write: Callable[[Path], int]) -> int:
    """Let `write` fill a file beside `path`, then move it there; return its answer.

    What is no regular file (/dev/stdout, a named pipe) is written to as it is.

    Raises:
        OSError: it cannot be written; an older file is left as it was.
    """
    if path.exists() and not path.is_file():
        return write(path)
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".greenops-")
    os.close(handle)
    beside = Path(name)
    try:
        count = write(beside)
        beside.chmod(path.stat().st_mode & 0o777 if path.exists() else _new_mode())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return count


def _new_mode() -> int:
    """Return the mode any new file gets; the mask can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def _flat(cell: object) -> object:
    return json.dumps(cell) if isinstance(cell, dict | list | tuple) else cell


def _parquet_writer(
    rows: Iterable[Row], fields: Sequence[str]
) -> Callable[[Path], int]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as e:
        raise ConfigError(
            "--parquet needs pyarrow; install it with: pip install 'greenops[parquet]'"
        ) from e
    schema = pa.schema([(name, _arrow_type(name, pa)) for name in fields])

    def write(beside: Path) -> int:
        count = 0
        left = iter(rows)
        with pq.ParquetWriter(beside, schema) as writer:
            while chunk := list(islice(left, CHUNK_ROWS)):
                cells = [{n: _arrow_cell(n, row[n]) for n in fields} for row in chunk]
                writer.write_table(pa.Table.from_pylist(cells, schema=schema))
                count += len(chunk)
        return count

    return write


def _arrow_type(name: str, pa: Any) -> "pyarrow.DataType":  # noqa: ANN401 - a module
    if name in _INTEGERS:
        return pa.int64()
    if name in _SWITCHES:
        return pa.bool_()
    if name.endswith("_at"):
        return pa.timestamp("us", tz="UTC")
    numeric = name.endswith(("_s", "_j", "_g")) or name == "utilization"
    return pa.float64() if numeric else pa.string()


def _arrow_cell(name: str, cell: object) -> object:
    cell = _flat(cell)
    if name.endswith("_at") and isinstance(cell, str):
        return datetime.fromisoformat(cell)
    # Arrow holds UTF-8 only; a name may hold bytes that were none.
    return (
        cell.encode(errors="backslashreplace").decode()
        if isinstance(cell, str)
        else cell
    )
