"""Divides the energy of one device among all who use it, at once.

The shares are those that each job would be given alone by `attribute`: a job that is
measured by itself, and the account of the node it runs on, agree.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

Owner = TypeVar("Owner")


def cpu_shares(used_s: Mapping[Owner, float], node_s: float) -> dict[Owner, float]:
    """Return each owner's share of the processors' energy, 0 to 1.

    As `attribute.cpu_share`. What is missing to 1 is the system's, and short commands'.
    Where the owners together used more than the node (CPU times are kept in ticks),
    they share all of it.

    Args:
        used_s: CPU time of each in the interval, in s.
        node_s: CPU time of everybody in the same interval, in s.
    """
    whole_s = max(node_s, sum(used_s.values()))
    if whole_s <= 0:
        return {}
    return {owner: s / whole_s for owner, s in used_s.items() if s > 0}


def gpu_shares(
    processes: Mapping[int, float | None] | None,
    owner_of: Callable[[int], Owner | None],
) -> dict[Owner | None, float]:
    """Return each owner's share of one GPU's energy, idle energy included.

    As `attribute.gpu_share`. They add up to 1, or are none where nobody is listed;
    that of None is the share of processes without an owner.

    Args:
        processes: As in `Reading.processes`.
        owner_of: Returns the job of a process.
    """
    if not processes:
        return {}
    parts: dict[Owner | None, list[float]] = {}
    for pid, busy in processes.items():
        parts.setdefault(owner_of(pid), []).append(busy or 0.0)
    if len(parts) == 1:
        return dict.fromkeys(parts, 1.0)
    busy_all = sum(sum(busy) for busy in parts.values())
    if busy_all <= 0 or None in processes.values():
        return {owner: len(busy) / len(processes) for owner, busy in parts.items()}
    return {owner: sum(busy) / busy_all for owner, busy in parts.items()}
