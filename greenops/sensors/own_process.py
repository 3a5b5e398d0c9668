"""CPU time of this very process and its descendants, for tracking from within."""

import os
import resource
import time

from greenops.sensors.process_tree import ProcessTree


class OwnProcess:
    """CPU time of this process to the nanosecond, and of its children as they are.

    Children that were waited for are in the kernel's own sum; the living ones are
    found through /proc. A child adopted by nobody here is lost when its parent dies.
    """

    method = "own process"

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._descendants = ProcessTree(0, adopter_pid=self._pid, reaped_s=self._own_s)

    def cpu_s(self) -> float:
        """Return the CPU time so far, in s. Never falls."""
        return self._descendants.cpu_s()

    def contains(self, pid: int) -> bool:
        """Return whether `pid` is this process or below it."""
        return pid == self._pid or self._descendants.contains(pid)

    def gpu_fraction(self) -> float:
        """Return 1: whatever these processes do on a GPU is the job's."""
        return 1.0

    def close(self) -> None:
        """Hold nothing, so release nothing."""

    def _own_s(self) -> float:
        waited_for = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + waited_for.ru_utime + waited_for.ru_stime
