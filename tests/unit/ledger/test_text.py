import json
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.ledger.text import MAX_TEXT_CHARS, cut, cut_all, escape, unescape

ANY_TEXT = st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x10FFFF))


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("train.py", "train.py"),
        ("a\0b", "a\\0b"),
        ("a\\0b", "a\\\\0b"),
        ("\udcff", "\\udcff"),
        ("\u202egnp.exe", "\u202egnp.exe"),
        ("\x1b[31mred", "\x1b[31mred"),
    ],
    ids=["plain", "NUL", "backslash", "undecodable", "right-to-left", "escape"],
)
def test_text_is_escaped_so_that_a_database_takes_it(text, stored):
    assert escape(text) == stored
    assert unescape(stored) == text


@given(ANY_TEXT)
def test_a_database_gives_back_any_text(text):
    connection = sqlite3.connect(":memory:")
    stored = connection.execute("SELECT ?", (escape(text),)).fetchone()[0]
    connection.close()

    assert unescape(stored) == text
    assert "\0" not in stored


@given(ANY_TEXT)
def test_lists_keep_any_text_as_json(text):
    assert json.loads(json.dumps([text])) == [text]


def test_text_beyond_the_limit_is_cut_and_says_so():
    long = cut("x" * 1_000_000)

    assert long.startswith("x" * MAX_TEXT_CHARS)
    assert long.endswith("… [cut by greenops: 1000000 characters]")
    assert cut("x" * MAX_TEXT_CHARS) == "x" * MAX_TEXT_CHARS


def test_many_long_arguments_are_bounded_together():
    kept = cut_all(["x" * MAX_TEXT_CHARS] * 100)

    assert len(kept) == 4
