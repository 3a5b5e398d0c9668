"""Quantities in units people read, text from outside made safe to print."""

import unicodedata
from collections.abc import Sequence

from greenops.model import Bounded
from greenops.units import G_PER_KG, J_PER_KWH, J_PER_WH, S_PER_HOUR

Scale = Sequence[tuple[float, str]]
"""Factors in climbing order, each with the unit it makes."""

ENERGY_SCALE: Scale = (
    (1e-3, "mJ"),
    (1.0, "J"),
    (J_PER_WH, "Wh"),
    (J_PER_KWH, "kWh"),
    (1e3 * J_PER_KWH, "MWh"),
)
MASS_SCALE: Scale = ((1e-3, "mg"), (1.0, "g"), (G_PER_KG, "kg"), (1e3 * G_PER_KG, "t"))
TIME_SCALE: Scale = ((1e-3, "ms"), (1.0, "s"))
POWER_SCALE: Scale = ((1.0, "W"), (1e3, "kW"), (1e6, "MW"))
BYTE_SCALE: Scale = (
    (1.0, "B"),
    (2.0**10, "KiB"),
    (2.0**20, "MiB"),
    (2.0**30, "GiB"),
    (2.0**40, "TiB"),
)
WATER_SCALE: Scale = ((1e-3, "ml"), (1.0, "l"), (1e3, "m3"))

# Combining marks have no width, so a cut by width alone would pass megabytes of them.
_CHARS_PER_COLUMN = 4


def figure(number: float, *, digits: int = 3) -> str:
    """Return a number with `digits` significant digits, never in powers of ten.

    What is above zero never reads as zero: below 0.001 it is `<0.001`.
    """
    if number == 0:
        return "0"
    if abs(number) < 0.001:
        return "<0.001" if number > 0 else ">-0.001"
    return f"{number:.{_decimals(number, digits)}f}"


def energy(energy_j: float) -> str:
    """Return J, Wh, kWh or MWh, whichever reads best."""
    return _scaled(energy_j, ENERGY_SCALE)


def mass(mass_g: float) -> str:
    """Return mg, g, kg or t."""
    return _scaled(mass_g, MASS_SCALE)


def power(power_w: float) -> str:
    """Return W, kW or MW."""
    return _scaled(power_w, POWER_SCALE)


def memory(size_bytes: float) -> str:
    """Return B to TiB."""
    return _scaled(size_bytes, BYTE_SCALE)


def water(water_l: float) -> str:
    """Return ml, l or cubic metres."""
    return _scaled(water_l, WATER_SCALE)


def bounds(given: Bounded, scale: Scale, *, dash: str = "-") -> str:
    """Return `low-high unit` in the unit the central value reads in."""
    factor, unit = pick(given.central, scale)
    most = _decimals(given.central / factor, 3)
    low, high = (_edge(edge / factor, most) for edge in (given.low, given.high))
    return f"{low}{dash}{high} {unit}"


def _edge(number: float, most_decimals: int) -> str:
    """Return a bound no finer than its estimate is given."""
    shown = f"{number:.{min(_decimals(number, 3), most_decimals)}f}"
    return "0" if float(shown) == 0 else shown


def percent(fraction: float) -> str:
    """Return a fraction in %; what is above 0 never reads `0 %`."""
    if 0 < fraction < 0.01:
        return "<1 %"
    if 0.99 < fraction < 1:
        return ">99 %"
    return f"{100 * fraction:.0f} %"


def duration(duration_s: float) -> str:
    """Return two leading parts: `350 ms`, `42.1 s`, `3 min 12 s`, `2 d 04 h`."""
    if duration_s < 0.9995:
        return _scaled(duration_s, TIME_SCALE)
    if duration_s < 59.95:
        return f"{figure(duration_s)} s"
    minutes, seconds = divmod(round(duration_s), 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(round(duration_s / 60), 60)
    if hours < 24:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(round(duration_s / S_PER_HOUR), 24)
    return f"{days} d {hours:02d} h"


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 gap`, `2 gaps`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def safe(text: str, *, unicode: bool = True) -> str:
    r"""Return text that cannot act on a terminal.

    Control characters, escapes, line breaks, bidi overrides, zero-width and lone
    surrogate characters are shown as `\x1b`, `\u202e` and so on; without `unicode`
    so is everything outside ASCII.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _visible(c) for c in text)
    if not unicode and not text.isascii():
        text = text.encode("ascii", "backslashreplace").decode()
    return text


def columns_of(text: str) -> int:
    """Return how many terminal columns the (safe) text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def fit(text: str, columns: int, *, unicode: bool = True) -> str:
    """Return the text made safe, cut to at most `columns` with an ellipsis."""
    longest = max(columns, 0) * _CHARS_PER_COLUMN
    was_longer = len(text) > longest
    text = safe(text[:longest], unicode=unicode)
    if columns_of(text) <= columns and not was_longer:
        return text
    mark = "…" if unicode else "..."[: max(columns, 0)]
    kept, used = [], len(mark)
    for char in text:
        used += _columns(char)
        if used > columns:
            break
        kept.append(char)
    return ("".join(kept) + mark)[:longest]


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Return the text filled with spaces to `columns`, by display width."""
    space = " " * (columns - columns_of(text))
    return space + text if right else text + space


def fold(text: str, columns: int) -> list[str]:
    """Return the (safe) text in lines of at most `columns`, broken at spaces."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if columns_of(joined) <= columns or not line:
            line = joined
        else:
            lines.append(line)
            line = word
        while columns_of(line) > columns:  # a word longer than a line
            head = _head(line, columns)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line] if line or not lines else lines


def _head(text: str, columns: int) -> str:
    used = 0
    for i, char in enumerate(text):
        used += _columns(char)
        if used > columns:
            return text[: max(i, 1)]
    return text


def _scaled(quantity: float, scale: Scale) -> str:
    factor, unit = pick(quantity, scale)
    return f"{figure(quantity / factor)} {unit}"


def pick(quantity: float, scale: Scale) -> tuple[float, str]:
    """Return the largest unit in which the rounded quantity is at least one.

    Returns:
        The factor that makes the unit, and its name.
    """
    size = abs(quantity)
    fitting = [step for step in scale if size >= step[0] * 0.9995]
    if fitting:
        return fitting[-1]
    # Nothing at all is 0 of the everyday unit, not 0 of the smallest.
    return scale[0] if size else next(s for s in scale if s[0] == 1.0)


def _decimals(number: float, digits: int) -> int:
    size = abs(number)
    whole = 0
    while whole < digits and size >= 10.0**whole - 0.5 * 10.0 ** (whole - digits):
        whole += 1
    if whole:
        return digits - whole
    leading = 0
    while leading < 3 and 0 < size < 10.0 ** -(leading + 1):
        leading += 1
    return min(digits + leading, 4)


def _visible(char: str) -> str:
    if unicodedata.category(char) == "Zs":
        return " "
    code = ord(char)
    if code < 0x100:
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
