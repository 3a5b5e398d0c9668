"""CPU time of a job from a control group of its own: exact, for any process tree.

The group is made below the one this process is in, so every limit that holds for us
holds for the job. The kernel keeps `cpu.stat` for each group of the unified hierarchy
even where no controller is enabled.

Source: Linux, Documentation/admin-guide/cgroup-v2.rst ("cpu.stat").
"""

import contextlib
import os
from pathlib import Path

from greenops.errors import SensorUnavailableError

PREFIX = "greenops-"
_US = 1e-6


class JobCgroup:
    """A control group that a job joins before it starts.

    Args:
        name: Unique among the jobs of this host; starts with the recorder's pid.
        mountinfo: Text of /proc/self/mountinfo.
        membership: Text of /proc/self/cgroup.

    Raises:
        SensorUnavailableError: there is no unified hierarchy, or it is not ours to use.
    """

    method = "cgroup"

    def __init__(
        self, name: str, *, mountinfo: str | None = None, membership: str | None = None
    ) -> None:
        if not hasattr(os, "fork"):
            raise SensorUnavailableError("control groups exist on Linux only")
        try:
            here = own_group(
                mountinfo or Path("/proc/self/mountinfo").read_text(),
                membership or Path("/proc/self/cgroup").read_text(),
            )
            self._folder = here / f"{PREFIX}{name}"
            self._folder.mkdir()
        except OSError as e:
            raise SensorUnavailableError(
                f"cannot make a control group for the job: {e}",
                remedy="none needed: the process tree is followed through /proc",
            ) from e
        self._open_files()

    def _open_files(self) -> None:
        try:
            self._stat_fd = os.open(self._folder / "cpu.stat", os.O_RDONLY)
            try:
                # A probe: opening for writing succeeds where writing would not.
                self._procs_fd = os.open(self._folder / "cgroup.procs", os.O_WRONLY)
            except OSError:
                os.close(self._stat_fd)
                raise
        except OSError as e:
            self._folder.rmdir()
            raise SensorUnavailableError(f"control group not usable: {e}") from e

    def join(self) -> bool:
        """Move the calling process into the group. Return whether that worked.

        Meant for the forked child, before it executes the job; nothing but one
        system call happens here.
        """
        try:
            os.write(self._procs_fd, b"0")
        except OSError:
            return False
        return True

    def cpu_s(self) -> float:
        """Return the CPU time used in the group so far, in s."""
        text = os.pread(self._stat_fd, 256, 0)
        return int(text.split(None, 2)[1]) * _US

    def contains(self, pid: int) -> bool:
        """Return whether `pid` is in the group or in one below it."""
        try:
            lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except OSError:
            return False
        path = next((line[3:] for line in lines if line.startswith("0::")), "")
        return self._folder.name in path.split("/")

    def gpu_fraction(self) -> float:
        """Return 1: whatever these processes do on a GPU is the job's."""
        return 1.0

    def close(self) -> None:
        """Remove the group unless something still lives in it."""
        for fd in (self._stat_fd, self._procs_fd):
            with contextlib.suppress(OSError):
                os.close(fd)
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def own_group(mountinfo: str, membership: str) -> Path:
    """Return the folder of the unified control group this process is in.

    Raises:
        FileNotFoundError: no unified hierarchy is mounted, or it is out of sight.
    """
    path = next((x[3:] for x in membership.splitlines() if x.startswith("0::")), None)
    if path is None:
        raise FileNotFoundError("this process is in no unified control group")
    for line in mountinfo.splitlines():
        # Fields: id, parent, major:minor, root, mount point, ..., "-", type, ...
        fields = line.split(" ")
        if fields[fields.index("-") + 1] != "cgroup2":
            continue
        root = fields[3]
        if path == root or path.startswith(root.rstrip("/") + "/"):
            return Path(fields[4]) / path[len(root.rstrip("/")) :].lstrip("/")
    raise FileNotFoundError("no unified control-group hierarchy is mounted")


def remove_empty_groups() -> None:
    """Remove groups of jobs whose recorder was killed, where nothing lives any more.

    A group's name starts with the pid of its recorder: one whose recorder lives may be
    empty because its job is just about to join.
    """
    try:
        here = own_group(
            Path("/proc/self/mountinfo").read_text(),
            Path("/proc/self/cgroup").read_text(),
        )
        leftovers = list(here.glob(f"{PREFIX}*"))
    except OSError:
        return
    for folder in leftovers:
        recorder_pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if not Path("/proc", recorder_pid).exists():
            with contextlib.suppress(OSError):  # busy: somebody lives in it
                folder.rmdir()
