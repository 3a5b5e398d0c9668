"""What it takes to pause a job, with how often and how early that may be."""

from dataclasses import dataclass, replace
from math import inf

from greenops.model import Pausing
from greenops.planner.timing.task import Task
from greenops.units import S_PER_MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """The cost of pausing and going on, and the limits to it.

    Attributes:
        pause_s: Time after the work of a stretch for writing a checkpoint, without
            progress; not after the last.
        resume_s: Time before the work of a stretch for going on from there; not before
            the first, unless `resuming`.
        factor: On the run rate during both.
        min_run_s: Work of every stretch but the last, at least; the overheads do not
            count. The last does what is left.
        max_pauses: None: as many as pay off.
        resuming: The job lies paused: its first stretch begins with a resumption.
    """

    pause_s: float = 0.0
    resume_s: float = 0.0
    factor: float = 1.0
    min_run_s: float = 0.0
    max_pauses: int | None = None
    resuming: bool = False

    def __post_init__(self) -> None:
        costs = (self.pause_s, self.resume_s, self.factor, self.min_run_s)
        if not all(0.0 <= c < inf for c in costs):
            raise ValueError(f"a pause cannot cost less than nothing: {self}")
        if self.max_pauses is not None and self.max_pauses < 0:
            raise ValueError(f"max_pauses must be 0 or more: {self}")

    @classmethod
    def of(
        cls, pausing: Pausing, power_w: float, *, resuming: bool = False
    ) -> "Pauses":
        """Return the same for a job of a mean power.

        The energy on top is drawn evenly over the overheads; where they take no time,
        over one minute of resuming.
        """
        resume_s, overhead_s = pausing.resume_s, pausing.pause_s + pausing.resume_s
        own_s = overhead_s
        if not overhead_s and pausing.energy_j:
            resume_s = overhead_s = S_PER_MINUTE
        drawn_s = own_s + pausing.energy_j / power_w
        return cls(
            pause_s=pausing.pause_s,
            resume_s=resume_s,
            factor=drawn_s / overhead_s if overhead_s else 1.0,
            min_run_s=pausing.min_run_s,
            max_pauses=pausing.max_pauses,
            resuming=resuming,
        )

    @property
    def first_s(self) -> float:
        """Overhead before the work of the first stretch."""
        return self.resume_s if self.resuming else 0.0

    def unbroken(self, task: Task) -> Task:
        """Return the job as one stretch, with the resumption it begins with, if any."""
        if not self.first_s:
            return task
        phases = task.phases or ((task.duration_s, 1.0),)
        return replace(
            task,
            duration_s=task.duration_s + self.first_s,
            phases=((self.first_s, self.factor), *phases),
        )
