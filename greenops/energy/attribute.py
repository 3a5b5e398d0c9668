"""Which share of a device's energy is the job's."""

from collections.abc import Callable, Mapping


def cpu_share(job_cpu_s: float, node_cpu_s: float) -> float:
    """Return the job's share of the processors' energy, 0 to 1.

        share = job CPU time / CPU time of everybody on the node

    Idle energy follows the busy time: who keeps the node awake pays for it. Where
    nobody is busy, nobody is charged. Shares of disjoint jobs sum to at most 1 as long
    as their CPU times sum to at most the node's.

    Args:
        job_cpu_s: CPU time of the job's process tree in the interval, in s.
        node_cpu_s: CPU time of all processes in the same interval, idle excluded, in s.
    """
    if job_cpu_s <= 0 or node_cpu_s <= 0:
        return 0.0
    return min(job_cpu_s / node_cpu_s, 1.0)


def dram_share(job_cpu_s: float, node_cpu_s: float) -> float:
    """Return the job's share of the memory's energy, 0 to 1: its `cpu_share`.

    Not by resident size: pages that processes share count in each of them, so such
    shares can sum to more than 1, and what changes with load is the traffic, which
    the processors cause.
    """
    return cpu_share(job_cpu_s, node_cpu_s)


def node_share(job_cpu_s: float, node_cpu_s: float) -> float:
    """Return the job's share of the rest of the node (fans, disks): its `cpu_share`."""
    return cpu_share(job_cpu_s, node_cpu_s)


def gpu_share(
    processes: Mapping[int, float | None] | None,
    is_ours: Callable[[int], bool],
    *,
    tenants: int = 1,
    assigned: bool = True,
) -> float:
    """Return the job's share of one GPU's energy, 0 to 1, idle energy included.

    * Nobody is listed, or the GPU cannot tell: a GPU `assigned` to the job is split
      evenly among its `tenants`; any other is not the job's.
    * Only the job is listed: 1. Only others are listed: 0.
    * Both are listed: the job's part of the listed busy time; where that is unknown
      for one of them, or all are idle, an even split by process.

    Shares of jobs that see the same list and own disjoint processes sum to at most 1,
    given that each counts the others in `tenants`.

    Args:
        processes: As in `Reading.processes`.
        is_ours: Whether a process id belongs to the job.
        tenants: Measured jobs that could use this GPU, this one included.
        assigned: Whether the job may use this GPU (CUDA_VISIBLE_DEVICES).
    """
    if not processes:
        return 1 / max(tenants, 1) if assigned else 0.0
    ours = [busy for pid, busy in processes.items() if is_ours(pid)]
    if len(ours) in (0, len(processes)):
        return float(bool(ours))
    busy_all = sum(busy or 0.0 for busy in processes.values())
    if busy_all <= 0 or None in processes.values():
        return len(ours) / len(processes)
    return min(sum(busy or 0.0 for busy in ours) / busy_all, 1.0)
