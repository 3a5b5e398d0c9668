"""Who uses a GPU, and how much of it."""

from collections.abc import Iterable, Mapping
from pathlib import Path

INITIAL_PID_NAMESPACE = "pid:[4026531836]"
"""Source: Linux, include/linux/proc_ns.h, PROC_PID_INIT_INO = 0xEFFFFFFC."""

Shares = Mapping[int, float | None]


def shares(
    listed: Iterable[int],
    busy: Iterable[tuple[int, float]] | None,
    *,
    utilization: float | None,
) -> dict[int, float | None]:
    """Return each process's share of the GPU's busy time, 0 to 1, summing to 1.

    All shares are 0 where nothing ran, and None where the GPU does not say who did.

    Args:
        listed: Processes that hold a context on the GPU.
        busy: Samples of process id and SM utilisation since the last time; None: the
            GPU has no such samples (MIG, before Maxwell, no permission).
        utilization: Of the whole GPU. If it was busy while no process was sampled,
            the samples are late, not zero.
    """
    # The driver fills slots it does not use with process id 0.
    sampled: dict[int, float] = {}
    for pid, sm in busy or ():
        if pid > 0:
            sampled[pid] = sampled.get(pid, 0.0) + sm
    pids = sorted({pid for pid in listed if pid > 0} | sampled.keys())
    total = sum(sampled.values())
    if busy is None or (total <= 0 and (utilization or 0.0) > 0):
        return dict.fromkeys(pids)
    if total <= 0:
        return dict.fromkeys(pids, 0.0)
    return {pid: sampled.get(pid, 0.0) / total for pid in pids}


class PidView:
    """Whether the driver's process ids are this process's own.

    In the initial pid namespace they are. Within another one (a container), drivers
    list ids of the host, translated ids, or nothing: a list is believed when each of
    its processes exists here and, as far as one may look, holds an NVIDIA device.
    """

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        try:
            self.nested = (
                str((proc / "self/ns/pid").readlink()) != INITIAL_PID_NAMESPACE
            )
        except OSError:
            self.nested = False  # no namespaces in this kernel

    def own(self, found: Shares, *, utilization: float | None) -> Shares | None:
        """Return `found` if its process ids can be believed here, else None."""
        if not self.nested:
            return found
        if not found and (utilization or 0.0) > 0:
            return None  # somebody runs whom we may not see
        return found if all(self._holds_gpu(pid) for pid in found) else None

    def _holds_gpu(self, pid: int) -> bool:
        folder = self._proc / str(pid)
        if not folder.is_dir():
            return False
        try:
            return any(
                str(fd.readlink()).startswith("/dev/nvidia")
                for fd in (folder / "fd").iterdir()
            )
        except OSError:
            return True  # another user's: it exists, more cannot be known
