"""What a job wrote is shown, and does nothing to the terminal but colour it."""

import random

import pytest

from greenops.report.terminal_text import RESET, TerminalText


def shown(*chunks, unicode=True):
    text = TerminalText(unicode=unicode)
    return "".join([*(text.feed(c) for c in chunks), text.end()])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"loss 0.5\n", "loss 0.5\n"),
        (b" 10%|#   |\r 20%|##  |", " 10%|#   |\r 20%|##  |"),
        (b"\x1b[2K\rdone", "\x1b[2K\rdone"),
        (b"1/9\x08\x08\x082/9", "1/9\b\b\b2/9"),
        ("größe 中 █\t1\n".encode(), "größe 中 █\t1\n"),
        (b"", ""),
    ],
    ids=["line", "bar", "erased line", "backspaces", "unicode", "nothing"],
)
def test_what_jobs_write_is_shown_as_they_meant_it(written, expected):
    assert shown(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        b"\x1b]0;title\x07", b"\x1b]52;c;ZXZpbA==\x07", b"\x1b[6n", b"\x1b[c",
        b"\x1b[2J", b"\x1b[1A", b"\x1b[?1049h", b"\x1bP$q\x1b\\", b"\x1bc", b"\x9b2J",
        b"\x0e", b"\x00", b"\x07", "\u202e".encode(), "\x9b2J".encode(), b"\x7f",
        b"\x1b[38;2;1;2;3;m"[:-1] + b"H", b"\x1b[1;1\x1b[H",
    ],
)  # fmt: skip
def test_what_would_act_on_the_terminal_is_made_visible(written):
    text = shown(b"a" + written + b"b")

    assert text.isprintable()
    assert text.startswith("a\\")
    assert text.endswith("b")


def test_a_colour_that_is_left_on_is_taken_back():
    assert shown(b"\x1b[31mred") == f"\x1b[31mred{RESET}"
    assert shown(b"plain") == "plain"


def test_bytes_that_are_no_text_are_shown_as_numbers():
    assert shown(b"\xff\xfe\n") == "\\xff\\xfe\n"
    assert shown(b"half \xe4\xb8") == "half \\xe4\\xb8"


def test_without_unicode_all_is_ascii():
    assert shown("größe".encode(), unicode=False).isascii()


@pytest.mark.parametrize("begun", [b"\x1b", b"\x1b[", b"\x1b[31"])
def test_a_sequence_that_never_ends_is_shown_in_the_end(begun):
    assert shown(b"a" + begun) == "a\\x1b" + begun[1:].decode()


def test_where_chunks_are_cut_changes_nothing():
    written = "a\x1b[1;31mré中\x1b[0m\x1b[2J\r\n\x1b]0;x\x07\x1b[".encode() * 20
    dice = random.Random(1)
    for _ in range(50):
        cuts = sorted(dice.sample(range(len(written)), 9))
        parts = [
            written[a:b] for a, b in zip([0, *cuts], [*cuts, len(written)], strict=True)
        ]
        assert shown(*parts) == shown(written)


def test_a_sequence_without_end_holds_nothing_back_for_long():
    text = TerminalText()

    assert len(text.feed(b"\x1b[" + b"1;" * 5000)) > 9000
