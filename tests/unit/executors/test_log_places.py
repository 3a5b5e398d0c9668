"""Where in a log each attempt begins is found again after any number of rotations."""

import os

import pytest

from greenops.executors.local_logs import rotate
from greenops.executors.log_follower import LogFollower
from greenops.executors.log_places import BEGINS, beginnings, note_beginning
from greenops.executors.log_reader import between

MIB = 1 << 20


@pytest.fixture
def log(tmp_path):
    return tmp_path / "output.log"


def write(path, text):
    with path.open("ab") as stream:
        stream.write(text)


def attempt(log, number, text):
    note_beginning(log, f"job-a.{number}")
    write(log, text)


def text_of(log, first, last):
    places = beginnings(log)
    return b"".join(between(log, places[f"job-a.{first}"], places[f"job-a.{last}"]))


def rest_of(log, number):
    follower = LogFollower.at_place(log, beginnings(log)[f"job-a.{number}"])
    found = b""
    for _ in range(5):
        found += b"".join(follower.read())
        if not follower.behind:
            break
    return found


def test_attempts_without_rotations_are_told_apart(log):
    attempt(log, 1, b"one\n")
    attempt(log, 2, b"")
    attempt(log, 3, b"three\n")

    assert list(beginnings(log)) == ["job-a.1", "job-a.2", "job-a.3"]
    assert text_of(log, 1, 2) == b"one\n"
    assert text_of(log, 2, 3) == b""
    assert rest_of(log, 3) == b"three\n"


@pytest.mark.parametrize("rotated", [0b0000, 0b0001, 0b0101, 0b1010, 0b1111])
def test_rotations_at_any_attempt_change_nothing(log, rotated):
    texts = [bytes([65 + i]) * (MIB + 7 * i) + b"\n" for i in range(4)]
    for i, text in enumerate(texts):
        attempt(log, i, text)
        if rotated >> i & 1:
            assert rotate(log, limit_mib=0.5, kept=9)

    for i in range(3):
        assert text_of(log, i, i + 1) == texts[i]
    assert rest_of(log, 3) == texts[3]


def test_what_was_deleted_is_shown_from_the_oldest_that_is_kept(log):
    attempt(log, 1, b"a" * MIB)
    assert rotate(log, limit_mib=0.5, kept=1)
    attempt(log, 2, b"b" * MIB)
    attempt(log, 3, b"c")
    assert rotate(log, limit_mib=0.5, kept=1)

    kept = log.with_name("output.log.1").read_bytes() + log.read_bytes()
    assert rest_of(log, 2) == kept
    assert kept.startswith(text_of(log, 2, 3))


def test_without_notes_no_attempt_is_known(log):
    assert beginnings(log) == {}


@pytest.mark.parametrize(
    "line", ["", "{", "[1, 2]", '["a.9", "b", 0]', '["a.9", null, "x"]', "\xff", "[[]]"]
)
def test_a_damaged_note_is_left_out(log, line):
    attempt(log, 1, b"one\n")
    write(log.with_name(BEGINS), line.encode("latin-1") + b"\n")
    attempt(log, 2, b"two\n")

    assert list(beginnings(log)) == ["job-a.1", "job-a.2"]


def test_the_first_note_of_an_attempt_counts(log):
    attempt(log, 1, b"one\n")
    attempt(log, 1, b"again\n")

    assert rest_of(log, 1) == b"one\nagain\n"


def test_notes_are_this_users_alone_and_never_written_through_a_link(log, tmp_path):
    attempt(log, 1, b"one\n")
    notes = log.with_name(BEGINS)
    assert notes.stat().st_mode & 0o077 == 0

    notes.unlink()
    notes.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        note_beginning(log, "job-a.2")
    assert not os.path.lexists(tmp_path / "elsewhere")
