"""Find and open codecarbon's data files without importing codecarbon."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from greenops.errors import ReferenceDataError

T = TypeVar("T")

PACKAGE = "codecarbon"
REMEDY = "install a version that is known to work: pip install 'codecarbon>=3.3,<4'"


def data_folder() -> Path:
    """Return the folder of codecarbon's data files.

    The package itself is found, not imported: its import starts pandas and, in newer
    versions, telemetry.

    Raises:
        ReferenceDataError: codecarbon is not installed, or has no such folder.
    """
    # find_spec of a top-level name looks it up on the path and runs none of its code.
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "data"
        if folder.is_dir():
            return folder
    raise ReferenceDataError(f"no data files of {PACKAGE} are installed; {REMEDY}")


def data_version(folder: Path) -> str:
    """Return the version of the package that `folder` belongs to, or `unknown`."""
    try:
        text = (folder.parent / "_version.py").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    _, _, value = text.partition("__version__")
    return value.strip(" \t\r\n=").strip("'\"") or "unknown"


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that the JSON file `path` holds.

    Raises:
        ReferenceDataError: missing, unreadable, or no object.
    """
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as e:
        raise ReferenceDataError(f"cannot read {path}: {e}; {REMEDY}") from e
    if not isinstance(content, dict):
        raise ReferenceDataError(f"{path} holds no JSON object; {REMEDY}")
    return content


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a CSV file that has at least `columns`.

    Raises:
        ReferenceDataError: missing, unreadable, or without one of the columns.
    """
    try:
        # utf-8-sig: some of these files begin with a byte order mark.
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = set(columns) - set(rows.fieldnames or ())
            if missing:
                raise ReferenceDataError(
                    f"{path} has no column {', '.join(sorted(missing))}; {REMEDY}"
                )
            yield from rows
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise ReferenceDataError(f"cannot read {path}: {e}; {REMEDY}") from e


def newest(folder: Path, name: str) -> Path:
    """Return `folder/YEAR/name` of the latest year there is.

    Raises:
        ReferenceDataError: no year has it.
    """
    found = [p for p in folder.glob(f"*/{name}") if p.parent.name.isdigit()]
    if not found:
        raise ReferenceDataError(f"no {name} in any year under {folder}; {REMEDY}")
    return max(found, key=lambda p: int(p.parent.name))


def parsed(path: Path, parse: Callable[[], T]) -> T:
    """Return `parse()`; what it stumbles over is told as a changed layout of `path`.

    Raises:
        ReferenceDataError: a field is missing, of another type, or not a number.
    """
    try:
        return parse()
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise ReferenceDataError(
            f"{path} is not laid out as expected: {e!r}; {REMEDY}"
        ) from e


def expect_unit(path: Path, unit: object, expected: tuple[str, ...]) -> None:
    """Check the unit a file states.

    Raises:
        ReferenceDataError: it states none, or another than `expected`.
    """
    if unit not in expected:
        raise ReferenceDataError(
            f"{path} states the unit {unit!r}, expected {expected[0]!r}; {REMEDY}"
        )
