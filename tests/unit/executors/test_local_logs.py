import os
import subprocess
import sys
import threading

import pytest

from greenops.executors import local_logs
from greenops.executors.local_logs import rotate
from greenops.units import BYTES_PER_MIB

COUNTS = """
import os, sys
for i in range(int(sys.argv[1])):
    os.write(1, b"line %07d\\n" % i)
"""


@pytest.fixture
def log(tmp_path):
    return tmp_path / "output.log"


def old(log, number):
    return log.with_name(f"{log.name}.{number}")


def everything(log):
    """Return what was ever written, oldest first."""
    numbers = sorted(
        (int(p.suffix[1:]) for p in log.parent.glob("output.log.*")), reverse=True
    )
    return b"".join([*(old(log, n).read_bytes() for n in numbers), log.read_bytes()])


def test_a_short_log_stays_as_it_is(log):
    log.write_bytes(b"x" * 100)

    assert not rotate(log, limit_mib=1.0, kept=2)
    assert log.stat().st_size == 100
    assert list(log.parent.iterdir()) == [log]


def test_no_log_is_no_error(log):
    assert not rotate(log, limit_mib=1.0, kept=2)


@pytest.fixture(params=["as the disk can", "without collapsing"])
def way(request, monkeypatch):
    if request.param == "without collapsing":
        monkeypatch.setattr(local_logs, "_collapse", lambda *_: False)


@pytest.mark.usefixtures("way")
def test_all_of_a_long_log_is_kept_in_order(log):
    text = os.urandom(3 * 4096 + 17)
    log.write_bytes(text)

    assert rotate(log, limit_mib=2 * 4096 / BYTES_PER_MIB, kept=2)

    assert everything(log) == text
    assert old(log, 1).stat().st_size >= 2 * 4096
    assert old(log, 1).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("way")
def test_the_oldest_goes(log):
    for letter in b"abcd":
        with log.open("ab") as stream:
            stream.write(bytes([letter]) * 4096 * 2)
        rotate(log, limit_mib=4096 / BYTES_PER_MIB, kept=2)

    assert sorted(p.name for p in log.parent.glob("output.log.*")) == [
        "output.log.1",
        "output.log.2",
    ]
    assert b"a" not in everything(log)
    assert everything(log).endswith(b"d")


@pytest.mark.usefixtures("way")
def test_with_none_kept_it_is_only_shortened(log):
    log.write_bytes(b"x" * 4096 * 3)

    assert rotate(log, limit_mib=4096 / BYTES_PER_MIB, kept=0)

    assert log.stat().st_size <= 4096
    assert list(log.parent.iterdir()) == [log]


@pytest.mark.usefixtures("way")
def test_a_writer_goes_on_at_the_end_of_what_is_left(log):
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, b"x" * 4096 * 3)
    rotate(log, limit_mib=4096 / BYTES_PER_MIB, kept=1)
    os.write(fd, b"and on")
    os.close(fd)

    assert log.read_bytes().strip(b"x") == b"and on"
    assert b"\0" not in log.read_bytes()


def test_what_is_written_meanwhile_is_not_lost(log):
    """On a file system that can take a range out of a file, to the last line."""
    log.write_bytes(b"x" * 8192)
    fd = os.open(log, os.O_RDWR)
    collapses = local_logs._collapse(fd, 4096)
    os.close(fd)
    if not collapses:
        pytest.skip("this file system cannot")
    log.unlink()
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    writer = subprocess.Popen([sys.executable, "-S", "-c", COUNTS, "60000"], stdout=fd)
    os.close(fd)
    rotations = 0
    while writer.poll() is None:
        rotations += rotate(log, limit_mib=0.02, kept=99)

    lines = everything(log).split(b"\n")[:-1]
    assert rotations > 5
    assert lines == [b"line %07d" % i for i in range(60000)]


def test_a_disk_that_takes_no_copy_leaves_the_log_alone(log, monkeypatch):
    log.write_bytes(b"x" * 8192)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local_logs, "_append", full)
    with pytest.raises(OSError, match="No space"):
        rotate(log, limit_mib=4096 / BYTES_PER_MIB, kept=2)

    assert log.stat().st_size == 8192
    assert list(log.parent.iterdir()) == [log]


def test_a_link_in_its_place_is_not_followed(log, tmp_path):
    (tmp_path / "precious").write_bytes(b"x" * 8192)
    log.symlink_to(tmp_path / "precious")

    with pytest.raises(OSError, match=r"[Ll]ink|levels"):
        rotate(log, limit_mib=4096 / BYTES_PER_MIB, kept=2)
    assert (tmp_path / "precious").stat().st_size == 8192


def test_two_that_rotate_at_once_leave_a_sound_log(log):
    log.write_bytes(b"x" * 4096 * 4)
    errors = []

    def turn():
        try:
            rotate(log, limit_mib=4096 / BYTES_PER_MIB, kept=3)
        except FileExistsError as e:
            errors.append(e)

    threads = [threading.Thread(target=turn) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(everything(log)) == {ord("x")}
