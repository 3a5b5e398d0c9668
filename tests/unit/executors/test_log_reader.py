"""A log is read while it is written to and rotated: nothing twice, nothing left out."""

import os

import pytest

from greenops.executors import log_reader
from greenops.executors.local_logs import rotate
from greenops.executors.log_reader import LogFollower, chunks, last_lines, whole_log

MIB = 1 << 20


@pytest.fixture
def log(tmp_path):
    return tmp_path / "output.log"


def write(path, text):
    with path.open("ab") as stream:
        stream.write(text)


def read(follower):
    return b"".join(follower.read())


def settled(follower):
    """Read twice: the first look after a rotation only finds that there was one."""
    return read(follower) + read(follower)


def test_a_log_that_is_not_there_yet_is_waited_for(log):
    follower = LogFollower(log)
    assert read(follower) == b""

    write(log, b"begun\n")
    assert read(follower) == b"begun\n"
    assert read(follower) == b""


def test_what_is_appended_is_read_once(log):
    write(log, b"one\n")
    follower = LogFollower(log)

    assert read(follower) == b"one\n"
    write(log, b"two\nthr")
    assert read(follower) == b"two\nthr"
    write(log, b"ee\n")
    assert read(follower) == b"ee\n"


@pytest.mark.parametrize("read_before", [0, 1, 2])
def test_a_rotation_loses_and_repeats_nothing(log, read_before):
    first, second = b"a" * MIB + b"\n", b"b" * MIB + b"\n"
    follower = LogFollower(log)
    found = b""
    for i, part in enumerate((first, second)):
        write(log, part)
        if i < read_before:
            found += read(follower)
    assert rotate(log, limit_mib=1.0, kept=2)
    write(log, b"after\n")

    found += settled(follower)
    assert found == first + second + b"after\n"


def test_two_rotations_with_a_look_between_are_followed(log):
    follower, expected, found = LogFollower(log), b"", b""
    for letter in b"xyz":
        part = bytes([letter]) * MIB + b"\n"
        write(log, part)
        expected += part
        assert rotate(log, limit_mib=1.0, kept=3)
        found += settled(follower)

    assert found == expected


def test_a_log_that_somebody_emptied_is_read_from_its_beginning(log):
    write(log, b"a long beginning\n")
    follower = LogFollower(log)
    read(follower)

    log.write_bytes(b"new\n")
    assert read(follower) == b"new\n"


def test_a_follower_may_begin_in_the_middle(log):
    write(log, b"seen\nnew\n")

    assert read(LogFollower(log, start=5)) == b"new\n"


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        (b"", 3, b""),
        (b"one\n", 1, b"one\n"),
        (b"one\ntwo\n", 1, b"two\n"),
        (b"one\ntwo\nthree", 2, b"two\nthree"),
        (b"one\ntwo\n", 5, b"one\ntwo\n"),
        (b"\n\n\n", 2, b"\n\n"),
    ],
)
def test_the_last_lines_are_found_from_the_end(log, text, count, expected):
    write(log, text)

    assert text[last_lines(log, count) :] == expected


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_lines_across_the_edges_of_chunks_are_found(log, chunk, monkeypatch):
    monkeypatch.setattr(log_reader, "CHUNK", chunk)
    text = b"first\n\nthird line\nlast\n"
    write(log, text)

    for count in range(1, 5):
        lines = text.splitlines(keepends=True)[-count:]
        assert text[last_lines(log, count) :] == b"".join(lines)


def test_the_end_of_a_huge_log_is_found_without_reading_it(log):
    with log.open("wb") as stream:
        stream.truncate(4 << 30)  # sparse
        stream.seek(0, os.SEEK_END)
        stream.write(b"\nlast\n")

    start = last_lines(log, 1)
    assert b"".join(chunks(log, start)) == b"last\n"


def test_a_missing_log_has_no_lines(log):
    assert last_lines(log, 3) == 0
    assert list(chunks(log)) == []
    assert list(whole_log(log)) == []


def test_old_logs_come_before_newer_ones(log):
    for name in ("output.log", "output.log.1", "output.log.10", "output.log.2"):
        (log.parent / name).write_text(name)
    (log.parent / "output.log.new").write_text("none of them")

    assert [p.name for p in whole_log(log)] == [
        "output.log.10", "output.log.2", "output.log.1", "output.log",
    ]  # fmt: skip


def test_a_link_in_the_place_of_a_log_is_not_followed(log, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    log.symlink_to(secret)

    with pytest.raises(OSError, match="symbolic"):
        list(chunks(log))
