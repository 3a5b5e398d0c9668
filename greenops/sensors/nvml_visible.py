"""Which GPUs a job sees through CUDA_VISIBLE_DEVICES.

Source: NVIDIA, "CUDA C++ Programming Guide", CUDA environment variables; "NVIDIA
Multi-Instance GPU User Guide", device names.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One MIG instance of a board and its number of compute slices."""

    uuid: str
    gpu_instance: int
    compute_instance: int
    slices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardName:
    """What a board can be called by. `index` is NVML's: PCI bus order."""

    index: int
    uuid: str
    product: str
    instances: tuple[Instance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a job sees: NVML indices, the MIG instances named, and what is doubtful."""

    indices: tuple[int, ...]
    instances: tuple[Instance, ...] = ()
    doubts: tuple[str, ...] = ()


def choose(
    visible: str | None, boards: Sequence[BoardName], *, order: str | None = None
) -> Choice:
    """Return the boards that a job with this environment can use.

    As CUDA reads it: entries count up to the first one that names nothing; a UUID may
    be cut short as long as it is unique; a MIG instance stands for its board.

    Args:
        visible: The job's CUDA_VISIBLE_DEVICES; None: not set, so all of them.
        boards: All boards of the machine.
        order: The job's CUDA_DEVICE_ORDER. Unless it is PCI_BUS_ID, CUDA numbers the
            fastest board first, which NVML cannot tell when products differ.
    """
    everything = tuple(b.index for b in boards)
    if visible is None:
        return Choice(indices=everything)
    entries = [entry.strip() for entry in visible.split(",")]
    mixed = len({b.product for b in boards}) > 1
    if mixed and order != "PCI_BUS_ID" and any(e.isdecimal() for e in entries):
        doubt = (
            f"CUDA_VISIBLE_DEVICES={visible} counts the fastest GPU first, and these"
            " GPUs differ: all are measured; set CUDA_DEVICE_ORDER=PCI_BUS_ID"
        )
        return Choice(indices=everything, doubts=(doubt,))
    return _read(entries, boards)


def _read(entries: Sequence[str], boards: Sequence[BoardName]) -> Choice:
    indices: list[int] = []
    instances: list[Instance] = []
    doubts: list[str] = []
    for entry in entries:
        found = _find(entry, boards)
        if found is None:
            if entry not in ("", "-1", "NoDevFiles"):
                doubts.append(
                    f"CUDA_VISIBLE_DEVICES: {entry!r} names no GPU here;"
                    " CUDA ignores it and all entries after it"
                )
            break
        board, instance = found
        if board.index not in indices:
            indices.append(board.index)
        if instance is not None and instance not in instances:
            instances.append(instance)
    return Choice(
        indices=tuple(indices), instances=tuple(instances), doubts=tuple(doubts)
    )


def _find(
    entry: str, boards: Sequence[BoardName]
) -> tuple[BoardName, Instance | None] | None:
    if entry.isdecimal():
        return next(((b, None) for b in boards if b.index == int(entry)), None)
    if entry.startswith("GPU-"):
        matches = [(b, None) for b in boards if b.uuid.startswith(entry)]
        return matches[0] if len(matches) == 1 else None
    if entry.startswith("MIG-"):
        parts = [
            (b, i)
            for b in boards
            for i in b.instances
            if entry in _instance_names(b, i)
        ]
        parts = parts or [
            (b, i) for b in boards for i in b.instances if i.uuid.startswith(entry)
        ]
        return parts[0] if len(parts) == 1 else None
    return None


def _instance_names(board: BoardName, part: Instance) -> tuple[str, str]:
    """Return today's name and that of drivers before R470."""
    old = f"MIG-{board.uuid}/{part.gpu_instance}/{part.compute_instance}"
    return part.uuid, old


def instance_share(board: BoardName, seen: Sequence[Instance]) -> float:
    """Return the part of a board that the seen instances make up, 0 to 1.

    By compute slices, of those that are given out as instances: so jobs that fill
    all instances share out all of the board's power, which NVML states as a whole.
    """
    total = sum(i.slices for i in board.instances)
    return sum(i.slices for i in seen if i in board.instances) / total if total else 0.0
