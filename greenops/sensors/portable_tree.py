"""CPU time of a process tree by psutil, for systems without /proc.

Children that come and go between two calls are missed where the system does not add
their time to the parent's; the run's notes say so.
"""

import psutil


class PortableTree:
    """CPU time of `root_pid` and its living descendants, with what was once seen."""

    method = "psutil"

    def __init__(self, root_pid: int) -> None:
        self._root_pid = root_pid
        self._seen_s: dict[tuple[int, float], float] = {}

    def cpu_s(self) -> float:
        """Return the CPU time seen so far, in s. Never falls."""
        for process in self._members():
            try:
                times = process.cpu_times()
                key = (process.pid, process.create_time())
            except psutil.Error:
                continue
            self._seen_s[key] = max(
                self._seen_s.get(key, 0.0), times.user + times.system
            )
        return sum(self._seen_s.values())

    def contains(self, pid: int) -> bool:
        """Return whether `pid` is in the tree now."""
        return pid in {p.pid for p in self._members()}

    def gpu_fraction(self) -> float:
        """Return 1: whatever these processes do on a GPU is the job's."""
        return 1.0

    def close(self) -> None:
        """Hold nothing, so release nothing."""

    def _members(self) -> list[psutil.Process]:
        try:
            root = psutil.Process(self._root_pid)
            return [root, *root.children(recursive=True)]
        except psutil.Error:
            return []
