"""Clock of the CPUs, averaged over a sample of them, from Linux cpufreq."""

import os
from pathlib import Path

ROOT = Path("/")
GHZ_PER_KHZ = 1e-6
SAMPLE = 8
"""Policies read at a time: a read costs 5 to 30 us, and a server has hundreds."""


class CpuClock:
    """Mean clock in GHz, read from a few CPUs at a time in rotation.

    Holds no files and never raises: where there is no cpufreq (virtual machines), the
    clock is None.

    Args:
        root: Where `sys` is.
        sample: How many policies one call reads.

    Attributes:
        min_ghz: Lowest clock the hardware offers, or None.
        max_ghz: Highest clock the hardware offers, or None.
    """

    def __init__(self, root: Path = ROOT, *, sample: int = SAMPLE) -> None:
        folder = root / "sys/devices/system/cpu/cpufreq"
        policies = sorted(folder.glob("policy[0-9]*"), key=_number)
        self._files = [str(p / "scaling_cur_freq") for p in policies]
        self._sample = min(sample, len(self._files))
        self._next = 0
        self.min_ghz = min(filter(None, map(_lowest, policies)), default=None)
        self.max_ghz = max(filter(None, map(_highest, policies)), default=None)
        if self.max_ghz is not None and self.ghz() is None:
            self.min_ghz = self.max_ghz = None  # limits without a clock are no use

    def ghz(self) -> float | None:
        """Return the mean clock in GHz of the CPUs read this time, or None."""
        total_ghz, found = 0.0, 0
        for _ in range(self._sample):
            ghz = _read_ghz(self._files[self._next])
            self._next = (self._next + 1) % len(self._files)
            if ghz is not None:
                total_ghz, found = total_ghz + ghz, found + 1
        return total_ghz / found if found else None


def _number(policy: Path) -> int:
    return int("".join(filter(str.isdigit, policy.name)) or 0)


def _lowest(policy: Path) -> float | None:
    return _read_ghz(str(policy / "cpuinfo_min_freq"))


def _highest(policy: Path) -> float | None:
    return _read_ghz(str(policy / "cpuinfo_max_freq"))


def _read_ghz(path: str) -> float | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        ghz = int(os.read(fd, 32)) * GHZ_PER_KHZ
    except (OSError, ValueError):
        return None
    finally:
        os.close(fd)
    return ghz if ghz > 0 else None
