import os
import time

import pytest

from greenops.errors import SensorUnavailableError
from greenops.sensors.job_cgroup import JobCgroup, own_group, remove_empty_groups

MOUNTS = """\
22 1 254:0 / / rw - ext4 /dev/vda rw
30 22 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""


@pytest.mark.parametrize(
    ("mounts", "membership", "folder"),
    [
        (MOUNTS, "9:cpu:/\n0::/\n", "/sys/fs/cgroup/unified"),
        (
            MOUNTS,
            "0::/user.slice/x.scope\n",
            "/sys/fs/cgroup/unified/user.slice/x.scope",
        ),
        (
            "30 22 0:27 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
            "0::/docker/abc/job\n",
            "/sys/fs/cgroup/job",
        ),
    ],
    ids=["root", "systemd", "container"],
)
def test_finds_the_group_this_process_is_in(mounts, membership, folder):
    assert str(own_group(mounts, membership)) == folder


@pytest.mark.parametrize(
    ("mounts", "membership"),
    [("22 1 254:0 / / rw - ext4 /dev/vda rw\n", "0::/\n"), (MOUNTS, "9:cpu:/\n")],
    ids=["no-mount", "old-hierarchy-only"],
)
def test_no_unified_hierarchy_is_said(mounts, membership):
    with pytest.raises(SensorUnavailableError, match="control group"):
        JobCgroup("1-x", mountinfo=mounts, membership=membership)


@pytest.fixture
def group():
    try:
        made = JobCgroup(f"{os.getpid()}-test")
    except SensorUnavailableError as e:
        pytest.skip(str(e))
    yield made
    made.close()


def test_counts_a_process_that_joined_and_is_gone(group):
    pid = os.fork()
    if pid == 0:
        group.join()
        stop = time.process_time() + 0.2
        while time.process_time() < stop:
            pass
        os._exit(0)
    os.waitpid(pid, 0)

    assert group.cpu_s() == pytest.approx(0.2, abs=0.03)
    assert not group.contains(os.getpid())


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_kept(group):
    try:
        dead = JobCgroup("4194305-dead")
    except SensorUnavailableError as e:
        pytest.skip(str(e))

    remove_empty_groups()

    assert not dead._folder.exists()
    assert group._folder.exists()
