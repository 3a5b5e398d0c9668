"""Which share of a device's energy is the job's."""

from collections.abc import Callable, Mapping, Sequence


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


GRACE_S = 3.0
"""How long a newcomer leaves a GPU that nobody uses to those who were there before.

Longer than the recorders take to notice each other, so that no energy is charged twice
meanwhile.
"""


def idle_share(
    since_s: float, others_s: Sequence[float], *, start_s: float, stop_s: float
) -> float:
    """Return the job's share of a GPU that no job uses, 0 to 1.

    It is split evenly among the eldest of the jobs that may use it and those that have
    been there for `GRACE_S`. A job knows of others with a delay, and two jobs do not
    cut time into the same intervals: it pays from the first interval that begins after
    its grace, and counts on another from the first one that ends after the other's. So
    the shares of all never exceed the GPU at any moment, as long as each job knows of
    all those that have been there for `GRACE_S`, and of all its elders.

    Args:
        since_s: Monotonic time in s since when others can know of the job.
        others_s: The same of every other measured job that may use the GPU.
        start_s: Begin of the interval, on the same clock.
        stop_s: Its end.
    """
    eldest = all(since_s < other_s for other_s in others_s)
    if not eldest and start_s < since_s + GRACE_S:
        return 0.0
    paying = sum(other_s + GRACE_S <= stop_s for other_s in others_s)
    return 1 / (paying + 1)


def gpu_share(
    processes: Mapping[int, float | None] | None,
    is_ours: Callable[[int], bool],
    *,
    idle: float = 1.0,
) -> float:
    """Return the job's share of one GPU's energy, 0 to 1, idle energy included.

    * Nobody is listed, or the GPU cannot tell: `idle`.
    * Only the job is listed: 1. Only others are listed: 0.
    * Both are listed: the job's part of the listed busy time; where that is unknown
      for one of them, or all are idle, an even split by process.

    Shares of jobs that see the same list and own disjoint processes sum to at most 1,
    if their `idle` do.

    Args:
        processes: As in `Reading.processes`.
        is_ours: Whether a process id belongs to the job.
        idle: The job's `idle_share`.
    """
    if not processes:
        return idle
    ours = [busy for pid, busy in processes.items() if is_ours(pid)]
    if len(ours) in (0, len(processes)):
        return float(bool(ours))
    busy_all = sum(busy or 0.0 for busy in processes.values())
    if busy_all <= 0 or None in processes.values():
        return len(ours) / len(processes)
    return min(sum(busy or 0.0 for busy in ours) / busy_all, 1.0)
