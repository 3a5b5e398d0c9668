"""What measuring asks of the outside world: sensors, probes, where runs are kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from greenops.model import (
    Device,
    DeviceTotal,
    Footprint,
    JobUse,
    Mark,
    Reading,
    Run,
    RunEnd,
    Sample,
    Training,
)


class Sensor(Protocol):
    """A source of power or energy readings for one or more devices.

    Constructing one either succeeds, after one good reading, or raises
    SensorUnavailableError with a remedy. Called from one thread at a time.

    Where it has them, these are used as well: `problems()`, sentences about its
    figures; `mig_shares()`, the job's part of partitioned devices; `settle(now)`, a
    read that waits for counters to move; `glance(at_s)`, the power of those devices
    that show nothing but moments of it, cheap enough for twenty calls a second.
    """

    name: str

    def devices(self) -> Sequence[Device]:
        """Return the devices it reads. May grow or shrink between reads (hot-plug)."""

    def read(self, at_s: float) -> Sequence[Reading]:
        """Return one reading per device, taken now.

        Args:
            at_s: The caller's monotonic time in s. Sensors keep no clock of their own.

        A device that could not be read this time is left out: a gap, never a zero.

        Raises:
            SensorReadError: nothing at all could be read this time.
        """

    def close(self) -> None:
        """Release what it holds. Never raises; may be called twice."""


class Recorder(Protocol):
    """Where a run is written while it goes on. Append-only.

    Every call returns at once, whatever the disk does, and never raises: what cannot
    be written is spooled, and what cannot be spooled is counted as lost. Thread-safe.
    """

    def begin(self, run: Run) -> None:
        """Write down that a run has begun."""

    def add_devices(self, run_id: str, devices: Sequence[Device]) -> None:
        """Write down devices the run is measured by. Repeats are harmless."""

    def add(self, run_id: str, samples: Sequence[Sample], use: JobUse | None) -> None:
        """Append one tick. Lies in the ledger within 1 s."""

    def add_training(self, run_id: str, training: Training) -> None:
        """Append what the job's training had counted by now.

        Passes that were told before may be left out of it; what has changed of one
        replaces what was told.
        """

    def mark(self, run_id: str, mark: Mark) -> None:
        """Append a phase mark."""

    def finish(
        self, end: RunEnd, totals: Sequence[DeviceTotal], footprint: Footprint | None
    ) -> None:
        """Close the run with its totals and its footprint."""

    def flush(self, timeout_s: float) -> bool:
        """Wait until all is written, at most `timeout_s`. Return whether it is."""

    def complaints(self) -> Sequence[str]:
        """Return what went wrong, in sentences for the user; empty when all is well."""

    def place(self) -> str:
        """Return where the run is kept, for the user."""

    def close(self) -> None:
        """Flush briefly and release. Never raises."""


class JobProbe(Protocol):
    """What a running job uses of the processor: its whole process tree."""

    method: str

    def cpu_s(self) -> float:
        """Return the CPU time the job has used since it began, in s. Never falls.

        Holds children that have come and gone between two calls.
        """

    def contains(self, pid: int) -> bool:
        """Return whether the process belongs to the job, now."""

    def gpu_fraction(self) -> float:
        """Return the job's part of what its processes do on GPUs, 0 to 1.

        1 unless several things are tracked within one process at once.
        """

    def close(self) -> None:
        """Release what it holds. Never raises."""


class NodeCpu(Protocol):
    """What all processes of this machine together use of the processor."""

    def busy_s(self) -> float:
        """Return CPU seconds used by all tasks since some fixed moment. Never falls."""


class Neighbours(Protocol):
    """Other greenops recorders alive on this machine, of any user.

    `since_s` is the monotonic time in s since when they can know of this one.
    """

    since_s: float

    def others(self, device_ids: Sequence[str]) -> Mapping[str, Sequence[float]]:
        """Return for each GPU the `since_s` of every other job that may use it."""

    def surrounding_run_id(self) -> str | None:
        """Return the run this one lies within, if a process above us records one."""

    def close(self) -> None:
        """Stop being counted."""


class TrainingWatch(Protocol):
    """What the processes of a job count of their training, while they train."""

    def read(
        self, *, epoch_s: Callable[[float], float], at_s: float
    ) -> Training | None:
        """Return what was counted so far; None: nothing trains here. Never raises.

        Args:
            epoch_s: Turns monotonic s into epoch s.
            at_s: Monotonic s of now.
        """

    def notes(self) -> Sequence[str]:
        """Return what processes said when they stopped counting, in sentences."""

    def close(self) -> None:
        """Release what it holds; the job may go on. Never raises."""
