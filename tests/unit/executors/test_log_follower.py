"""A log is followed while it is written to and rotated: nothing twice, or left out."""

import os
import random

import pytest

from greenops.executors import local_logs
from greenops.executors.local_logs import rotate
from greenops.executors.log_follower import LogFollower
from greenops.executors.log_reader import chunks

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
    """Read until nothing is under way: a rotation is looked at twice."""
    found = read(follower)
    for _ in range(5):
        if not follower.behind:
            break
        found += read(follower)
    return found


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


@pytest.mark.parametrize("kept", [1, 2, 3])
@pytest.mark.parametrize("rotations", [1, 2, 3])
def test_many_rotations_between_two_looks_lose_only_what_is_deleted(
    log, rotations, kept
):
    write(log, b"seen\n")
    follower = LogFollower(log)
    assert read(follower) == b"seen\n"
    parts = [bytes([65 + i]) * (2 * MIB) for i in range(rotations)]
    for part in parts:
        write(log, part)
        assert rotate(log, limit_mib=1.0, kept=kept)
    write(log, b"after\n")

    found = settled(follower)
    assert found.endswith(b"after\n")
    if rotations <= kept:
        assert found == b"".join(parts) + b"after\n"
    else:
        assert len(found) <= 2 * MIB * kept + 2 * MIB


def test_an_old_rotation_is_no_reason_to_wait(log):
    """It was there before, and has not changed for long."""
    log.with_name("output.log.1").write_bytes(b"old\n")
    os.utime(log.with_name("output.log.1"), (1.0, 1.0))
    write(log, b"new\n")

    follower = LogFollower.at_lines(log, None)
    assert read(follower) == b"old\nnew\n"
    assert not follower.behind


def test_nothing_is_read_while_a_rotation_copies(log, monkeypatch):
    """Between the copy and the cut both hold the same."""
    text = b"a" * MIB + b"\n"
    write(log, text)
    follower, found = LogFollower(log), []
    cut = local_logs._collapse

    def look_and_cut(fd, length):
        found.append((read(follower), follower.behind))
        return cut(fd, length)

    monkeypatch.setattr(local_logs, "_collapse", look_and_cut)
    assert rotate(log, limit_mib=1.0, kept=1)

    assert found == [(b"", True)]
    assert settled(follower) == text
    assert not follower.behind


def test_what_is_cut_off_while_it_is_read_is_read_once(log):
    """The rotation falls between two chunks."""
    text = b"".join(b"%07d\n" % i for i in range(MIB // 4))
    write(log, text)
    follower = LogFollower(log)
    reading = follower.read()
    found = next(reading)
    assert rotate(log, limit_mib=1.0, kept=1)

    found += b"".join(reading)
    assert follower.behind
    assert found + settled(follower) == text


def test_old_parts_that_somebody_removes_are_not_waited_for(log):
    log.with_name("output.log.1").write_bytes(b"old\n")
    write(log, b"new\n")
    follower = LogFollower(log)
    log.with_name("output.log.1").unlink()

    assert settled(follower) == b"new\n"
    write(log, b"more\n")
    assert read(follower) == b"more\n"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 9, None])
def test_one_begins_with_the_last_lines_and_goes_on(log, count):
    log.with_name("output.log.2").write_bytes(b"one\ntw")
    log.with_name("output.log.1").write_bytes(b"o\nthree\n")
    write(log, b"four\n")
    lines = b"one\ntwo\nthree\nfour\n".splitlines(keepends=True)
    wanted = lines if count is None else lines[-count:] if count else []

    follower = LogFollower.at_lines(log, count)
    assert settled(follower) == b"".join(wanted)
    write(log, b"five\n")
    assert read(follower) == b"five\n"


def test_one_may_begin_before_there_is_a_log(log):
    follower = LogFollower.at_lines(log, 10)
    assert read(follower) == b""

    write(log, b"begun\n")
    assert read(follower) == b"begun\n"


def test_a_link_in_the_place_of_a_log_is_not_followed(log, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    log.symlink_to(secret)

    with pytest.raises(OSError, match="symbolic"):
        LogFollower.at_lines(log, 10)
    with pytest.raises(OSError, match="symbolic"):
        list(chunks(log))


@pytest.mark.parametrize("seed", range(5))
def test_writing_rotating_and_reading_in_any_order_lose_and_repeat_nothing(log, seed):
    dice, number = random.Random(seed), 0
    log.touch()
    follower, found = LogFollower(log), b""
    for _ in range(200):
        match dice.choice("wwrl"):
            case "w":
                lines = range(number, number + dice.randint(1, 3000))
                write(log, b"".join(b"%08d\n" % i for i in lines))
                number = lines.stop
            case "r":
                rotate(log, limit_mib=0.01, kept=200)
            case _:
                found += read(follower)
    found += settled(follower)

    assert [int(line) for line in found.splitlines()] == list(range(number))
