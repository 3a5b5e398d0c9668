"""What the commands share for reading and writing text on a terminal."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from greenops.report.look import Look
from greenops.report.text import columns_of, duration, fit, pad

PIPE_COLUMNS = 160
"""Width of tables that no terminal shows: nobody wants cut names in a pipe."""
LEAST_COLUMNS = 4
PICTURES = (".png", ".svg", ".pdf")
_GAP = 2
_STEPS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def look_of(stream: TextIO | None, environ: Mapping[str, str]) -> Look:
    """Return what the stream can show.

    Colours need a terminal that is not `dumb`, and give way to `NO_COLOR`; anything
    beyond ASCII needs a stream that encodes it.

    Source:
        https://no-color.org for `NO_COLOR`: present and not empty.
    """
    if stream is None:
        return Look(unicode=False)
    is_terminal, width = False, 0
    with suppress(OSError, ValueError, AttributeError):
        is_terminal = stream.isatty()
        width = os.get_terminal_size(stream.fileno()).columns if is_terminal else 0
    stated = environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated) > 0:
        width = min(int(stated), 1000)
    dumb = environ.get("TERM") == "dumb"
    return Look(
        width=width or 80,
        color=is_terminal and not dumb and not environ.get("NO_COLOR"),
        unicode=_encodes(stream, "█▏–…±×─│"),  # noqa: RUF001 - what is drawn with
    )


def _encodes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeError, LookupError, AttributeError):
        return False
    return True


def stdout_look() -> Look:
    """Return what standard output can show; a pipe gets wide tables."""
    look = look_of(sys.stdout, os.environ)
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return look
    return Look(width=PIPE_COLUMNS, unicode=look.unicode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    `rank`: columns of higher rank go first where the screen is narrow; 0 stays.
    `grows`: its texts are cut when the table is too wide.
    """

    title: str
    right: bool = False
    rank: int = 0
    grows: bool = False


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], look: Look
) -> list[str]:
    """Return aligned lines under a dim heading, none wider than the screen.

    Args:
        columns: From left to right.
        rows: Texts, not yet made safe.
        look: Of the screen.
    """
    texts = [
        [fit(text, look.width, unicode=look.unicode) for text in row] for row in rows
    ]
    widths = [
        max([len(c.title), *(columns_of(row[i]) for row in texts)])
        for i, c in enumerate(columns)
    ]
    kept = _kept(columns, widths, look.width)
    for i in kept:
        if columns[i].grows:
            spare = look.width - sum(widths[k] + _GAP for k in kept) + _GAP
            least = min(widths[i], LEAST_COLUMNS)
            widths[i] = max(widths[i] + min(spare, 0), least)
    titles = [[c.title for c in columns], *texts]
    lines = [
        (" " * _GAP)
        .join(
            pad(
                fit(row[i], widths[i], unicode=look.unicode),
                widths[i],
                right=columns[i].right,
            )
            for i in kept
        )
        .rstrip()
        for row in titles
    ]
    return [look.paint("dim", lines[0]), *lines[1:]]


def _kept(columns: Sequence[Column], widths: list[int], room: int) -> list[int]:
    """Return the places of the columns that fit, the least wanted left out first."""
    kept = list(range(len(columns)))

    def least() -> int:
        return sum(
            (min(widths[i], 16) if columns[i].grows else widths[i]) + _GAP for i in kept
        )

    for i in sorted(kept, key=lambda i: -columns[i].rank):
        if least() - _GAP <= room or not columns[i].rank:
            break
        kept.remove(i)
    return kept


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago: `just now`, `5 min ago`, `3 h ago`, `2 d ago`, a date."""
    passed_s = (now - moment).total_seconds()
    if passed_s < 0:
        return local(moment)
    if passed_s < 60:
        return "just now"
    for step_s, limit_s, unit in (
        (60, 3600, "min"),
        (3600, 86400, "h"),
        (86400, 14 * 86400, "d"),
    ):
        if passed_s < limit_s:
            return f"{int(passed_s // step_s)} {unit} ago"
    return moment.astimezone().strftime("%Y-%m-%d")


def local(moment: datetime) -> str:
    """Return local date and time to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def span(text: str) -> timedelta | None:
    """Return `90d`, `36h`, `15min` as a span; None where it is none, or negative."""
    text = text.strip().lower()
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    step_s = _STEPS_S.get(text[len(digits) :].strip())
    try:
        found = timedelta(seconds=float(digits) * step_s) if step_s else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and found >= timedelta(0) else None


def moment(
    _ctx: click.Context, _param: click.Parameter, given: str | None
) -> datetime | None:
    """Return a point in time, UTC, as an option gives it; None was not given.

    `2026-03-01` and `2026-03-01T12:30` are local, `7d` is seven days ago.
    """
    if given is None:
        return None
    now = datetime.now(UTC)
    if given in ("today", "yesterday"):
        midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - timedelta(days=given == "yesterday")).astimezone(UTC)
    try:
        if (back := span(given)) is not None:
            return now - back
        return datetime.fromisoformat(given).astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise click.BadParameter(
            f"{given!r} is no time; try 7d, 36h, today, 2026-03-01 or 2026-03-01T12:30"
        ) from e


def moment_before(
    ctx: click.Context, param: click.Parameter, given: str | None
) -> datetime | None:
    """Return the moment a span such as `90d` ago; None was not given."""
    if given is not None and span(given) is None:
        raise click.BadParameter(f"{given!r} is no span; try 90d, 36h or 15min")
    return moment(ctx, param, given)


def picture_path(
    _ctx: click.Context, _param: click.Parameter, given: str | None
) -> Path | None:
    """Return the file an option names for a picture; None was not given."""
    if given is None:
        return None
    if Path(given).suffix.lower() not in PICTURES:
        raise click.BadParameter(f"the name must end in {', '.join(PICTURES)}")
    return Path(given)


def terminal_height() -> int:
    """Return the rows of the terminal, 24 where there is none."""
    return shutil.get_terminal_size().lines


def lasted(duration_s: float | None) -> str:
    """Return a duration, or a dash for what is not known."""
    return "-" if duration_s is None else duration(duration_s)
