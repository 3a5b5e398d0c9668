"""What a place on this machine offers, and what of it its attempts hold."""

import difflib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf, isfinite
from pathlib import Path

from greenops.errors import ExecutorBusyError, ExecutorRefusedError
from greenops.executors.local_order import Order
from greenops.units import BYTES_PER_GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is in this machine, and how much memory nobody uses at this moment."""

    cpus: float
    memory_gib: float
    free_memory_gib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOptions:
    """The options of a local place, each None where it was not configured.

    What is configured belongs to the place alone. What is not, it shares with all
    other local places that do not say either: the machine is given away once.

    Attributes:
        gpus: Ids, as NVML numbers them or UUIDs, or how many of the machine's.
        cpus, memory_gib: Its size.
        jobs: How many may run at once.
        enforce: Whether jobs are held to what they asked for.
        log_mib, logs_kept: When a job's log is rotated, and how many are kept.
    """

    gpus: tuple[str, ...] | int | None = None
    cpus: float | None = None
    memory_gib: float | None = None
    jobs: int | None = None
    enforce: bool = False
    log_mib: float = 64.0
    logs_kept: int = 4

    @classmethod
    def of(cls, options: Mapping[str, object]) -> "PlaceOptions":
        """Return the options of a place, checked.

        Raises:
            ExecutorRefusedError: one does not exist, or has a value that is none.
        """
        known = [f.name for f in fields(cls)]
        for name in options:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=2)
                hint = f"did you mean {' or '.join(near)}?" if near else "there are "
                hint += "" if near else ", ".join(known)
                raise ExecutorRefusedError(
                    f"a local place has no option {name!r}; {hint}"
                )
        given: dict[str, object] = {k: _checked(k, v) for k, v in options.items()}
        return cls(**given)  # type: ignore[arg-type]  # told apart by `_checked`


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a place has in all, and what of it is free.

    Attributes:
        gpus: How many it may give out in all.
        gpu_ids, free_gpu_ids: Those it may choose from, in the order they are given
            out.
        free_jobs: How many more may run; inf where nobody set a limit.
    """

    gpus: int
    gpu_ids: tuple[str, ...]
    free_gpu_ids: tuple[str, ...]
    cpus: float
    free_cpus: float
    memory_gib: float
    free_memory_gib: float
    free_jobs: float


def this_machine() -> Machine:
    """Return what this process may use of the machine, as the kernel says now."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = os.sysconf("SC_PHYS_PAGES") * page / BYTES_PER_GIB
    free = total
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024 / BYTES_PER_GIB
    return Machine(
        cpus=float(len(os.sched_getaffinity(0))), memory_gib=total, free_memory_gib=free
    )


def room(
    place: str,
    options: PlaceOptions,
    held: Sequence[Order],
    machine: Machine,
    gpus: Mapping[str, bool],
) -> Room:
    """Return what a place has, and what is free of it.

    Args:
        place: Its name.
        options: As configured.
        held: Orders of all attempts of all local places that have not ended.
        machine: What is there.
        gpus: Ids of this machine's GPUs, and whether anything runs on each, now.
    """
    own = [o for o in held if o.place == place]
    cpus = options.cpus if options.cpus is not None else machine.cpus
    memory = (
        options.memory_gib if options.memory_gib is not None else machine.memory_gib
    )
    cpus_of = own if options.cpus is not None else held
    memory_of = own if options.memory_gib is not None else held
    ids, free = _gpus(place, options, held, gpus)
    free_memory = memory - sum(o.memory_gib for o in memory_of)
    return Room(
        gpus=min(len(ids), options.gpus) if isinstance(options.gpus, int) else len(ids),
        gpu_ids=ids,
        free_gpu_ids=free,
        cpus=cpus,
        free_cpus=max(0.0, cpus - sum(o.cpus for o in cpus_of)),
        memory_gib=memory,
        free_memory_gib=max(0.0, min(free_memory, machine.free_memory_gib)),
        free_jobs=inf if options.jobs is None else max(0, options.jobs - len(own)),
    )


def assign(order: Order, wanted: Sequence[str], there: Room) -> tuple[str, ...] | None:
    """Return the GPUs an attempt is to see; None: the place knows of none.

    Args:
        order: What it asks for.
        wanted: GPUs it was assigned before; empty: any.
        there: What the place has.

    Raises:
        ExecutorRefusedError: it is larger than the place.
        ExecutorBusyError: it does not fit now.
    """
    number = max(order.gpus, len(wanted))
    _fits(order, number, there)
    unknown = [g for g in wanted if g not in there.gpu_ids]
    if unknown:
        raise ExecutorRefusedError(
            f"{order.place} has no GPU {', '.join(unknown)}; it has "
            f"{', '.join(there.gpu_ids) or 'none'}"
        )
    taken = [g for g in wanted if g not in there.free_gpu_ids]
    if taken:
        raise ExecutorBusyError(f"{order.place}: GPU {', '.join(taken)} is in use")
    if not there.gpu_ids:
        return None
    return tuple(wanted) or there.free_gpu_ids[:number]


def _fits(order: Order, gpus: int, there: Room) -> None:
    sizes = [
        ("GPUs", gpus, there.gpus, len(there.free_gpu_ids)),
        ("CPUs", order.cpus, there.cpus, there.free_cpus),
        ("GiB of memory", order.memory_gib, there.memory_gib, there.free_memory_gib),
    ]
    for what, wanted, total, _ in sizes:
        if wanted > total:
            raise ExecutorRefusedError(
                f"{order.name} asks for {wanted:g} {what}, {order.place} has "
                f"{total:g}; ask for less, or give the place more in its options"
            )
    for what, wanted, _, free in sizes:
        if wanted > free:
            raise ExecutorBusyError(
                f"{order.place} has {free:g} {what} free, {order.name} asks for "
                f"{wanted:g}"
            )
    if there.free_jobs < 1:
        raise ExecutorBusyError(f"{order.place} runs as many jobs as it may")


def _gpus(
    place: str,
    options: PlaceOptions,
    held: Iterable[Order],
    gpus: Mapping[str, bool],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    ids = tuple(gpus)
    if isinstance(options.gpus, tuple):
        ids = tuple(g for g in options.gpus if g in gpus)
    # One GPU is never two attempts', whatever places they are of.
    taken = {g: order.place for order in held for g in order.gpu_ids or ()}
    free = tuple(g for g in ids if g not in taken and not gpus[g])
    if isinstance(options.gpus, int):
        own = sum(holder == place for holder in taken.values())
        free = free[: max(0, options.gpus - own)]
    return ids, free


def _checked(name: str, value: object) -> object:
    for fits, turned in _KINDS[name]:
        if fits(value):
            return turned(value)
    raise ExecutorRefusedError(
        f"option {name} = {value!r} of a local place: {_MEANT[name]}"
    )


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _size(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and isfinite(value) and value > 0  # type: ignore[operator,arg-type]


def _ids(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(v, str | int) and "," not in str(v) and str(v) for v in value
    )


_Kind = tuple[Callable[[object], bool], Callable[..., object]]
_KINDS: dict[str, list[_Kind]] = {
    "gpus": [(_whole, int), (_ids, lambda v: tuple(map(str, v)))],
    "cpus": [(_size, float)],
    "memory_gib": [(_size, float)],
    "jobs": [(lambda v: _whole(v) and v != 0, int)],
    "enforce": [(lambda v: isinstance(v, bool), bool)],
    "log_mib": [(_size, float)],
    "logs_kept": [(lambda v: _whole(v) and v <= 99, int)],  # type: ignore[operator]
}
_MEANT = {
    "gpus": "a number of GPUs, or a list of ids such as [0, 1]",
    "cpus": "processors, above 0",
    "memory_gib": "GiB of memory, above 0",
    "jobs": "how many may run at once, 1 or more",
    "enforce": "true or false",
    "log_mib": "MiB at which a log is rotated, above 0",
    "logs_kept": "how many old logs are kept, 0 to 99",
}
