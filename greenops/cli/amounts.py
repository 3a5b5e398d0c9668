"""Durations, moments and sizes as options of jobs give them."""

import math
import re
from datetime import UTC, datetime
from typing import Any

import click

from greenops.cli.text import span
from greenops.model import Bounded

LONGEST_S = 366 * 86400.0
LARGEST_GIB = 1 << 20
_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-z]+)\s*", re.ASCII)
_GIB = {"": 1.0, "g": 1.0, "gb": 1e9 / 2**30, "gib": 1.0}
_GIB |= {"m": 2**-10, "mb": 1e6 / 2**30, "mib": 2**-10, "t": 2**10, "tib": 2**10}
_GIB |= {"tb": 1e12 / 2**30}


def seconds(
    _ctx: click.Context, _param: click.Parameter, given: str | None
) -> float | None:
    """Return `4h`, `90min` or `1d12h` in s; None was not given."""
    return None if given is None else _seconds(given)


def between(
    _ctx: click.Context, _param: click.Parameter, given: str | None
) -> Bounded | None:
    """Return `4h` or `3h..6h` in s, the latter with its middle; None was not given."""
    if given is None:
        return None
    first, dots, last = given.partition("..")
    low = _seconds(first)
    high = _seconds(last) if dots else low
    if not 0.0 < low <= high:
        raise click.BadParameter(
            f"{given[:40]!r} is no duration above 0; try 4h, or 3h..6h where it varies"
        )
    return Bounded(central=(low + high) / 2.0, low=low, high=high)


def gib(_ctx: click.Context, _param: click.Parameter, given: str | None) -> float:
    """Return `16`, `16G` or `512M` in GiB; 0 was not given."""
    if given is None:
        return 0.0
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*([a-z]*)\s*", given.lower(), re.ASCII)
    factor = _GIB.get(found[2]) if found else None
    if found is None or factor is None:
        raise click.BadParameter(f"{given[:40]!r} is no size; try 16G or 512M")
    size_gib = float(found[1]) * factor
    if size_gib > LARGEST_GIB:
        raise click.BadParameter(f"{given[:40]!r} is more than any machine has")
    return size_gib


def ahead(
    _ctx: click.Context, _param: click.Parameter, given: str | None
) -> datetime | None:
    """Return a moment, UTC, as people write it: local unless it has an offset.

    A clock that is put forward has no such moment for an hour; one that is put back
    has it twice, and the first is taken.
    """
    if given is None:
        return None
    try:
        # Of a longer text the rest would be read as digits of a fraction.
        stated = datetime.fromisoformat(given.strip() if len(given) < 40 else "")
        at = stated.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as e:
        raise click.BadParameter(
            f"{given[:40]!r} is no moment; try 2026-12-01T08:00 (local time) or"
            " 2026-12-01T08:00Z"
        ) from e
    if stated.tzinfo is None and at.astimezone().replace(tzinfo=None) != stated:
        raise click.BadParameter(
            f"{given[:40]!r} does not exist here: clocks are put forward then; add an"
            " offset, such as 2026-03-29T02:30+01:00"
        )
    return at


def names(
    _ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """Return names that were given one by one, or with commas between."""
    return tuple(n for text in given for part in text.split(",") if (n := part.strip()))


def number(least: float, most: float, unit: str) -> click.FloatRange:
    """Return the type of a finite number within limits, called by its unit."""
    return _Number(least, most, unit)


class _Number(click.FloatRange):
    def __init__(self, least: float, most: float, unit: str) -> None:
        super().__init__(min=least, max=most)
        self.name = unit

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click gives it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(f"{value} is no finite number", param, ctx)
        return found


def _seconds(text: str) -> float:
    found = [*_PART.finditer(text.strip().lower())]
    whole = "".join(m[0] for m in found) == text.strip().lower()
    spans = [span(m[1] + m[2]) for m in found]
    known = [s.total_seconds() for s in spans if s is not None]
    if not found or not whole or len(known) < len(spans):
        raise click.BadParameter(
            f"{text[:40]!r} is no duration; try 90min, 4h or 1d12h"
        )
    if sum(known) > LONGEST_S:
        raise click.BadParameter(f"{text[:40]!r} is more than a year")
    return sum(known)
