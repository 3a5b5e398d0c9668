"""CPU time that all tasks of this machine have used, from the best source here.

In order: the root cgroup of version 1 (`cpuacct.usage`, exact to the nanosecond), the
root cgroup of version 2 (`cpu.stat`), `/proc/stat` (ticks), psutil where there is no
`/proc`. A container's own cgroup looks like a root from inside; it is told apart by the
files that only the true root has, or lacks.
"""

import os
from collections.abc import Callable
from pathlib import Path

from greenops.errors import SensorReadError, SensorUnavailableError

ROOT = Path("/")
S_PER_NS = 1e-9
S_PER_US = 1e-6
READ_BYTES = 4096

_V1_MOUNTS = ("cpuacct", "cpu,cpuacct", "cpuacct,cpu")
_BUSY_FIELDS = (1, 2, 3, 6, 7)
"""user, nice, system, irq, softirq. Idle, iowait and steal are not work done here;
guest and guest_nice already lie within user and nice."""


class NodeCpu:
    """Busy CPU seconds of the machine, as far as this process can see it.

    Args:
        root: Where `proc` and `sys` are.

    Raises:
        SensorUnavailableError: nothing here tells CPU time.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._fd, self.source, self._parse = _open_source(root)
        self._online_fd = _open(root / "sys/devices/system/cpu/online")
        self._highest_s = 0.0
        try:
            self.busy_s()
        except SensorReadError as e:
            self.close()
            raise SensorUnavailableError(f"CPU time cannot be read: {e}") from e

    @property
    def capacity(self) -> int:
        """Return how many logical CPUs are online."""
        if self._online_fd < 0:
            return os.cpu_count() or 1
        try:
            return max(1, count_cpus(os.pread(self._online_fd, READ_BYTES, 0).decode()))
        except (OSError, ValueError):
            return os.cpu_count() or 1

    def busy_s(self) -> float:
        """Return CPU seconds used by all tasks since boot, idle left out. Never falls.

        Raises:
            SensorReadError: it could not be read this time.
        """
        try:
            text = os.pread(self._fd, READ_BYTES, 0) if self._fd >= 0 else b""
            now_s = self._parse(text)
        except (OSError, ValueError, LookupError) as e:
            raise SensorReadError(
                f"cannot read CPU time from {self.source}: {e}"
            ) from e
        # /proc/stat may step back by a tick when a CPU goes offline
        self._highest_s = max(self._highest_s, now_s)
        return self._highest_s

    def close(self) -> None:
        """Release the file. May be called twice."""
        for fd in (self._fd, self._online_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self._online_fd = -1
        self._parse = _closed


def open_node_cpu(root: Path = ROOT) -> NodeCpu:
    """Return the machine's CPU time.

    Raises:
        SensorUnavailableError: nothing here tells CPU time.
    """
    return NodeCpu(root)


def count_cpus(ranges: str) -> int:
    """Return how many CPUs a kernel list such as `0-3,8` names.

    Raises:
        ValueError: it is no such list.
    """
    count = 0
    for part in ranges.strip().split(","):
        if part:
            first, _, last = part.partition("-")
            count += int(last or first) - int(first) + 1
    return count


_Source = tuple[int, str, Callable[[bytes], float]]


def _open_source(root: Path) -> _Source:
    for path, parse in _candidates(root):
        fd = _open(path)
        if fd >= 0:
            return fd, str(path), parse
    return -1, "psutil", _portable_source()


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return -1


def _candidates(root: Path) -> list[tuple[Path, Callable[[bytes], float]]]:
    cgroup = root / "sys/fs/cgroup"
    found: list[tuple[Path, Callable[[bytes], float]]] = [
        (cgroup / mount / "cpuacct.usage", _parse_nanoseconds)
        for mount in _V1_MOUNTS
        # the kernel shows this file in the true root of a version 1 tree only
        if (cgroup / mount / "cgroup.sane_behavior").exists()
    ]
    # a container's root has cgroup.type, the true root of version 2 has not
    if (cgroup / "cgroup.controllers").exists() and not (
        cgroup / "cgroup.type"
    ).exists():
        found.append((cgroup / "cpu.stat", _parse_cpu_stat))
    return [*found, (root / "proc/stat", _parse_proc_stat)]


def _parse_nanoseconds(text: bytes) -> float:
    return int(text) * S_PER_NS


def _parse_cpu_stat(text: bytes) -> float:
    """Add user and system: `usage_usec` of the root also holds stolen time."""
    fields = dict(line.split() for line in text.splitlines()[:8])
    return (int(fields[b"user_usec"]) + int(fields[b"system_usec"])) * S_PER_US


def _parse_proc_stat(text: bytes) -> float:
    fields = text.split(b"\n", 1)[0].split()
    if fields[0] != b"cpu":
        raise ValueError("the first line is not the sum over all CPUs")
    ticks = sum(int(fields[i]) for i in _BUSY_FIELDS)
    return ticks / os.sysconf("SC_CLK_TCK")


def _portable_source() -> Callable[[bytes], float]:
    try:
        import psutil
    except ImportError as e:
        raise SensorUnavailableError(
            "there is no /proc/stat here", remedy="pip install psutil"
        ) from e

    def parse(_: bytes) -> float:
        # irq and softirq exist on Linux only; Windows has interrupt within system
        times = psutil.cpu_times()
        names = ("user", "nice", "system", "irq", "softirq")
        return float(sum(getattr(times, name, 0.0) for name in names))

    return parse


def _closed(_: bytes) -> float:
    raise ValueError("it was closed")
