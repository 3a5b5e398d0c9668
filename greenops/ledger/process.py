"""Tells whether the process that recorded a run is still there."""

import os
import sys
from pathlib import Path

PROC = Path("/proc")
EPOCH_FROM_S = 1e9
"""Above this a start time is counted from 1970, below it from the boot of the host."""
TOLERANCE_S = 0.02
"""Start times since boot are kept in ticks of 0.01 s."""
EPOCH_TOLERANCE_S = 2.0
"""The boot's own time, and with it every start in epoch seconds, follows the clock."""


def namespace() -> str:
    """Return the name of this process's pid namespace; empty where there is none."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - no Path needed for it
    except OSError:
        return ""


def boot_id(*, proc: Path = PROC) -> str:
    """Return the kernel's boot id; empty where there is none."""
    try:
        return (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def is_running(pid: int, started_s: float, *, proc: Path = PROC) -> bool:
    """Return whether `pid` runs and is the process that started at `started_s`.

    Args:
        pid: In this process's own pid namespace.
        started_s: Seconds since boot, as in `/proc/<pid>/stat`, or epoch seconds; not
            positive: unknown, then any process of that id will do.
        proc: The mounted procfs.
    """
    if pid <= 0:
        return False
    if sys.platform != "linux":
        return _is_running_elsewhere(pid, started_s)
    try:
        fields = (proc / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        state, start_ticks = fields[0], int(fields[19])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, IndexError):
        return True  # hidden from us, so not known to be gone
    if state in (b"Z", b"X"):
        return False  # dead, and only not yet waited for
    return _is_same(start_ticks / os.sysconf("SC_CLK_TCK"), started_s, proc)


def _is_same(since_boot_s: float, started_s: float, proc: Path) -> bool:
    if started_s <= 0:
        return True
    if started_s < EPOCH_FROM_S:
        return abs(since_boot_s - started_s) <= TOLERANCE_S
    booted_s = _booted_epoch_s(proc)
    return booted_s is None or (
        abs(booted_s + since_boot_s - started_s) <= EPOCH_TOLERANCE_S
    )


def _booted_epoch_s(proc: Path) -> float | None:
    try:
        for line in (proc / "stat").read_text(encoding="ascii").splitlines():
            if line.startswith("btime "):
                return float(line.split()[1])
    except (OSError, ValueError):
        pass
    return None


def _is_running_elsewhere(pid: int, started_s: float) -> bool:
    import psutil

    try:
        created_s = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
    return started_s <= 0 or abs(created_s - started_s) <= EPOCH_TOLERANCE_S
