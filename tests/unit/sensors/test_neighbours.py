import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenops.sensors.neighbours import LocalNeighbours, _mark, announced

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


def test_alone_there_is_nobody_else(neighbours, tmp_path):
    assert neighbours(table(tmp_path)).others(["gpu:a"]) == {"gpu:a": []}


def test_recorders_of_the_same_gpu_count_and_others_do_not(neighbours, tmp_path):
    a, b = _mark("gpu:a"), _mark("gpu:b")
    one_s, two_s = f"{1_000_000:x}", f"{2_000_000:x}"
    unix = table(
        tmp_path,
        f"999991-run+{one_s}+{a}{b}",
        f"999992-run+{two_s}+{b}",
        f"999993-run+{one_s}+",
        f"x-run+{one_s}+{a}",
        f"999994-run+later+{a}",
        "9",
    )

    assert neighbours(unix).others(["gpu:a", "gpu:b"]) == {
        "gpu:a": [1.0],
        "gpu:b": [1.0, 2.0],
    }


def test_of_two_recorders_the_one_that_came_first_is_the_elder(neighbours):
    before_s = time.monotonic()
    first, second = neighbours(), neighbours()

    assert before_s - 1e-6 <= first.since_s < second.since_s <= time.monotonic()


def test_another_recorder_says_since_when_it_is_there(neighbours):
    here = neighbours()
    # With a parent of its own it is nobody below us.
    apart = f"import os\nif os.fork(): os._exit(0)\nos.setsid()\n{ANOTHER}"

    with subprocess.Popen(
        [sys.executable, "-c", apart],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        (since_s,) = here.others(["gpu:a"])["gpu:a"]
        assert here.since_s < since_s <= time.monotonic()


def test_a_name_holds_sixteen_gpus(tmp_path):
    gpus = [f"gpu:{i}" for i in range(20)]
    long = LocalNeighbours("20260101-000000-abcdef", device_ids=gpus)
    other = table(tmp_path, f"999991-run+1+{''.join(map(_mark, gpus[:16]))}")

    long.close()
    seen = LocalNeighbours(unix_table=other)
    assert [len(s) for s in seen.others(gpus).values()] == [1] * 16 + [0] * 4
    seen.close()


def test_a_recorder_below_us_is_the_same_tenant(neighbours):
    here = neighbours()

    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "here\n"
        assert here.others(["gpu:a"]) == {"gpu:a": []}
        process.kill()


def test_a_table_that_cannot_be_read_means_alone(neighbours, tmp_path):
    assert neighbours(tmp_path / "none").others(["gpu:a"]) == {"gpu:a": []}


def test_the_nearest_recorder_above_us_is_the_surrounding_run(neighbours, tmp_path):
    unix = table(tmp_path, f"{os.getppid()}-20260101-000000-abcdef+1+")

    assert neighbours(unix).surrounding_run_id() == "20260101-000000-abcdef"


def test_the_first_process_of_a_container_may_be_that_recorder(neighbours, tmp_path):
    unix = table(tmp_path, f"1-20260101-000000-abcdef+1+{_mark('gpu:a')}")
    here = neighbours(unix)

    assert here.surrounding_run_id() == "20260101-000000-abcdef"
    assert here.others(["gpu:a"]) == {"gpu:a": []}


def test_without_a_recorder_above_us_there_is_no_surrounding_run(neighbours, tmp_path):
    assert neighbours(table(tmp_path, "999991-run+1+")).surrounding_run_id() is None


def test_whoever_looks_sees_every_recorder_and_which_gpus_are_theirs(tmp_path):
    unix = table(
        tmp_path,
        f"12-20260101-000000-abcdef+1+{_mark('gpu:a')}",
        "13-0af3d2.none+2+",
        "junk",
    )

    one, other = announced(unix)

    assert (one.pid, one.run_id, other.pid, other.run_id) == (
        12, "20260101-000000-abcdef", 13, "",
    )  # fmt: skip
    assert (one.may_use("gpu:a"), one.may_use("gpu:b"), other.may_use("gpu:a")) == (
        True, False, False,
    )  # fmt: skip


def test_where_the_kernel_lists_no_sockets_nobody_is_seen(tmp_path):
    assert announced(tmp_path / "none") == []
