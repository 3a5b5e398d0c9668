import io
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.cli.text import Column, ago, look_of, moment, span, table
from greenops.report.look import Look
from greenops.report.text import columns_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Stream:
    """A stream that says what it is told to say about itself."""

    def __init__(self, *, terminal, encoding):
        self._terminal = terminal
        self.encoding = encoding

    def fileno(self):
        raise io.UnsupportedOperation("no file below")

    def isatty(self):
        return self._terminal


@pytest.mark.parametrize(
    ("terminal", "encoding", "environ", "look"),
    [
        (True, "utf-8", {}, Look(color=True)),
        (True, "utf-8", {"NO_COLOR": "1"}, Look()),
        (True, "utf-8", {"NO_COLOR": ""}, Look(color=True)),
        (True, "utf-8", {"TERM": "dumb"}, Look()),
        (False, "utf-8", {}, Look()),
        (False, "ascii", {"COLUMNS": "55"}, Look(width=55, unicode=False)),
        (False, "latin-1", {"COLUMNS": "x"}, Look(unicode=False)),
        (False, "no-such-codec", {"COLUMNS": "0"}, Look(unicode=False)),
        (False, None, {"COLUMNS": "99999999"}, Look(width=1000, unicode=False)),
    ],
)
def test_what_a_stream_can_show(terminal, encoding, environ, look):
    stream: Any = Stream(terminal=terminal, encoding=encoding)

    assert look_of(stream, environ) == look


def test_a_closed_or_missing_stream_can_show_little():
    closed = io.StringIO()
    closed.close()

    assert look_of(None, {}) == Look(unicode=False)
    assert not look_of(closed, {}).color


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=13), "13 d ago"),
        (timedelta(days=60), "2025-12-31"),
        (timedelta(days=-2), "2026-03-03"),
    ],
)
def test_moments_are_told_by_how_long_ago_they_were(passed, said):
    assert ago(NOW - passed, NOW).startswith(said)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90d", timedelta(days=90)),
        ("1.5 h", timedelta(minutes=90)),
        ("15min", timedelta(minutes=15)),
        ("2w", timedelta(weeks=2)),
        ("d", None),
        ("-3d", None),
        ("90", None),
        ("90x", None),
        ("1e999d", None),
        ("nand", None),
    ],
)
def test_spans_are_read_or_refused(text, found):
    assert span(text) == found


def test_dates_without_a_zone_are_local():
    context = click.Context(click.Command("any"))
    option = click.Option(["--since"])

    assert moment(context, option, "2026-03-01T12:00Z") == NOW
    local = datetime.fromisoformat("2026-03-01").astimezone(UTC)
    assert moment(context, option, "2026-03-01") == local
    today = moment(context, option, "today")
    assert today is not None
    assert today < datetime.now(UTC)
    with pytest.raises(click.BadParameter, match="try 7d"):
        moment(context, option, "soon")


@given(
    rows=st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=5),
    width=st.integers(20, 200),
)
def test_tables_are_aligned_and_never_too_wide(rows, width):
    columns = [
        Column(title="A", grows=True),
        Column(title="B", right=True, rank=1, grows=True),
        Column(title="C", rank=2),
    ]

    lines = table(columns, rows, Look(width=width))

    assert len(lines) == len(rows) + 1
    assert all(columns_of(line) <= width for line in lines)


def test_the_least_wanted_columns_go_first():
    columns = [
        Column(title="NAME"),
        Column(title="SECOND", rank=2),
        Column(title="FIRST", rank=1),
    ]
    rows = [("x" * 10, "y" * 10, "z" * 10)]

    assert "SECOND" not in table(columns, rows, Look(width=25))[0]
    assert "FIRST" in table(columns, rows, Look(width=25))[0]
    assert table(columns, rows, Look(width=12))[0].split() == ["NAME"]
