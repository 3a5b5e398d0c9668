"""The list of processors with their thermal design power."""

from collections.abc import Iterator
from pathlib import Path

from greenops.reference.files import data_folder, read_rows

HIGHEST_TDP_W = 2000.0
"""Above any processor sold (2026: 500 W); a larger value is a slip of the list."""


def cpu_tdp_rows(folder: Path | None = None) -> Iterator[tuple[str, float]]:
    """Yield processor names with their TDP in W, in the order of the list.

    Rows whose TDP is unreadable (`27.29.5`), zero, or absurd are left out.

    Args:
        folder: Where the data files are; None: those of the installed package.

    Raises:
        ReferenceDataError: the list is missing or has other columns.
    """
    folder = folder or data_folder()
    for row in read_rows(folder / "hardware" / "cpu_power.csv", ("Name", "TDP")):
        name = (row["Name"] or "").strip()
        tdp_w = _number(row["TDP"])
        if name and tdp_w is not None and 0 < tdp_w <= HIGHEST_TDP_W:
            yield name, tdp_w


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
