import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenops.sensors.neighbours import LocalNeighbours, _mark

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets")

ANOTHER = """
from greenops.sensors.neighbours import LocalNeighbours
n = LocalNeighbours(device_ids=["gpu:a"])
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


def table(tmp_path, *names):
    text = "Num RefCount Protocol Flags Type St Inode Path\n"
    for name in names:
        text += f"0000: 00000002 00000000 00010000 0001 01 99 @greenops-{name}\n"
    (tmp_path / "unix").write_text(text)
    return tmp_path / "unix"


def test_alone_there_is_one_tenant(neighbours, tmp_path):
    assert neighbours(table(tmp_path)).tenants(["gpu:a"]) == {"gpu:a": 1}


def test_recorders_of_the_same_gpu_count_and_others_do_not(neighbours, tmp_path):
    a, b = _mark("gpu:a"), _mark("gpu:b")
    unix = table(
        tmp_path, f"999991-run+{a}{b}", f"999992-run+{b}", "999993-run+", "x-run+", "9"
    )

    assert neighbours(unix).tenants(["gpu:a", "gpu:b"]) == {"gpu:a": 2, "gpu:b": 3}


def test_a_recorder_below_us_is_the_same_tenant(neighbours):
    here = neighbours()

    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        assert here.tenants(["gpu:a"]) == {"gpu:a": 1}
        process.kill()


def test_a_table_that_cannot_be_read_means_alone(neighbours, tmp_path):
    assert neighbours(tmp_path / "none").tenants(["gpu:a"]) == {"gpu:a": 1}


def test_the_nearest_recorder_above_us_is_the_surrounding_run(neighbours, tmp_path):
    unix = table(tmp_path, f"{os.getppid()}-20260101-000000-abcdef+")

    assert neighbours(unix).surrounding_run_id() == "20260101-000000-abcdef"


def test_without_a_recorder_above_us_there_is_no_surrounding_run(neighbours, tmp_path):
    assert neighbours(table(tmp_path, "999991-run+")).surrounding_run_id() is None
