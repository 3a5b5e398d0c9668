import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenops.sensors.neighbours import LocalNeighbours

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets")

ANOTHER = """
from greenops.sensors.neighbours import LocalNeighbours
n = LocalNeighbours()
print("here", flush=True)
input()
"""


@pytest.fixture
def neighbours():
    opened = []

    def _open(unix_table=Path("/proc/net/unix"), run_id=""):
        opened.append(LocalNeighbours(run_id, unix_table=unix_table))
        return opened[-1]

    yield _open
    for each in opened:
        each.close()


def table(tmp_path, *pids):
    text = "Num RefCount Protocol Flags Type St Inode Path\n"
    for pid in pids:
        text += (
            f"0000: 00000002 00000000 00010000 0001 01 99 @greenops-recorder-{pid}-ab\n"
        )
    (tmp_path / "unix").write_text(text)
    return tmp_path / "unix"


def test_alone_counts_one(neighbours, tmp_path):
    assert neighbours(table(tmp_path)).count() == 1


def test_strangers_count_and_nonsense_does_not(neighbours, tmp_path):
    unix = table(tmp_path, 999_991, 999_992, "notapid")

    assert neighbours(unix).count() == 3


def test_a_recorder_below_us_is_the_same_tenant(neighbours):
    here = neighbours()
    before = here.count()

    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        assert here.count() == before
        process.kill()


def test_a_table_that_cannot_be_read_means_alone(neighbours, tmp_path):
    assert neighbours(tmp_path / "none").count() == 1


def test_the_nearest_recorder_above_us_is_the_surrounding_run(neighbours, tmp_path):
    text = f"x: 2 0 0 1 1 9 @greenops-recorder-{os.getppid()}-20260101-000000-abcdef\n"
    (tmp_path / "unix").write_text(text)

    assert (
        neighbours(tmp_path / "unix").surrounding_run_id() == "20260101-000000-abcdef"
    )


def test_without_a_recorder_above_us_there_is_no_surrounding_run(neighbours, tmp_path):
    assert neighbours(table(tmp_path, 999_991)).surrounding_run_id() is None
