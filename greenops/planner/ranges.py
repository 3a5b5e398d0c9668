"""Least value of any stretch of a row, in two look-ups.

Source: the sparse table of Bender and Farach-Colton 2000 (doi:10.1007/10719839_9).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def least_table(rows: Floats) -> Floats:
    """Return the least of every 1, 2, 4, ... values, shape (powers, rows, length).

    Entry `[k, r, i]` is the least of `rows[r, i : i + 2**k]`; where that passes the end
    of the row, infinite.
    """
    length = rows.shape[1]
    powers = max(1, length.bit_length())
    table = np.full((powers, *rows.shape), np.inf)
    table[0] = rows
    for power in range(1, powers):
        half = 1 << (power - 1)
        kept = length - 2 * half + 1
        np.minimum(
            table[power - 1, :, :kept],
            table[power - 1, :, half : half + kept],
            out=table[power, :, :kept],
        )
    return table


def least_in(table: Floats, row: Ints, first: Ints, stop: Ints) -> Floats:
    """Return the least of `rows[row, first:stop]`; each stretch holds a value.

    Args:
        table: As `least_table` returns it.
        row: Of one shape with `first` and `stop`.
        first: Where each stretch starts.
        stop: Where it stops; later than it starts.
    """
    _, rows, length = table.shape
    power = _LOG2[stop - first] if length < len(_LOG2) else _log2(stop - first)
    at = (power * rows + row) * length
    flat = table.reshape(-1)
    last: Floats = flat[at + stop - (1 << power)]
    return np.asarray(np.minimum(flat[at + first], last))


def _log2(counts: Ints) -> Ints:
    powers: Ints = np.frexp(counts.astype(float))[1].astype(np.int64) - 1
    return powers


_LOG2 = _log2(np.arange(1024, dtype=np.int64))
