"""What the cgroups of this process grant it of the machine, versions 1 and 2."""

import os
from collections.abc import Iterator
from pathlib import Path

from greenops.sensors.node_cpu import count_cpus

ROOT = Path("/")
NO_LIMIT_BYTES = 1 << 60
"""Version 1 writes a number near 2**63 where there is no memory limit."""


def allowed_cpus(root: Path, threads: int) -> float:
    """Return the CPUs this process may use, by affinity, set and quota; a fraction.

    Args:
        root: Where `proc` and `sys` are.
        threads: Logical CPUs of the machine.
    """
    allowed = float(threads)
    if root == ROOT and hasattr(os, "sched_getaffinity"):
        allowed = min(allowed, float(len(os.sched_getaffinity(0))))
    for path in _cgroup_files(root, "cpu", "cpu.max", "cpu.cfs_quota_us"):
        quota = _quota(path)
        if quota is not None:
            allowed = min(allowed, quota)
    for path in _cgroup_files(
        root, "cpuset", "cpuset.cpus.effective", "cpuset.effective_cpus"
    ):
        try:
            allowed = min(allowed, float(count_cpus(file_text(path)) or threads))
        except ValueError:
            continue
    return allowed


def allowed_bytes(root: Path, total_bytes: int) -> int:
    """Return the memory this process may use, at most `total_bytes`."""
    limits = [
        value
        for path in _cgroup_files(root, "memory", "memory.max", "memory.limit_in_bytes")
        if (value := integer(file_text(path))) is not None
        and 0 < value < NO_LIMIT_BYTES
    ]
    return min([total_bytes, *limits])


def _quota(path: Path) -> float | None:
    """Return the CPUs that a quota file grants, None if it grants all."""
    words = file_text(path).split()
    if not words or words[0] in ("max", "-1"):
        return None
    period = (
        words[1] if len(words) > 1 else file_text(path.parent / "cpu.cfs_period_us")
    )
    quota, period_us = integer(words[0]), integer(period)
    return quota / period_us if quota and period_us and quota > 0 else None


def _cgroup_files(root: Path, controller: str, v2: str, v1: str) -> Iterator[Path]:
    """Yield the limit files of this process's cgroup and of every one above it."""
    base = root / "sys/fs/cgroup"
    for line in file_text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            top, name = base, v2
        elif controller in controllers.split(","):
            top = next(
                (t for t in (base / controllers, base / controller) if t.is_dir()), base
            )
            name = v1
        else:
            continue
        # inside a container the path is the host's, and the mount is its own root
        folder = top / path.lstrip("/")
        while folder != top and top in folder.parents:
            yield folder / name
            folder = folder.parent
        yield top / name


def file_text(path: Path, limit: int = 1 << 16) -> str:
    """Return the beginning of a file, empty if it cannot be read."""
    try:
        with path.open("rb") as f:
            return f.read(limit).decode("utf-8", "replace")
    except OSError:
        return ""


def integer(text: str | None) -> int | None:
    """Return the number that a text holds, or None."""
    try:
        return int((text or "").strip())
    except ValueError:
        return None
