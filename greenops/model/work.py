"""Records of submitted jobs: what was asked for, how it stands, every attempt at it.

A job is submitted once and may be attempted several times: each resumption from a
checkpoint is a further attempt. An attempt runs once at most, whatever is killed when.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import inf, isfinite

from greenops.model.carbon import Bounded
from greenops.model.jobs import Dataset, Pausing, Workload, aware

CHECKPOINTED = 75
"""Exit status of an attempt that wants to be run again from its checkpoint.

Source: EX_TEMPFAIL of sysexits.h (4.3BSD)."""


class PauseBy(StrEnum):
    """How a job is paused."""

    CHECKPOINT = "checkpoint"  # signal, grace period, stop; later a further attempt
    FREEZE = "freeze"  # SIGSTOP; keeps its memory, and its GPUs' idle watts


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """A job as it was submitted.

    Attributes:
        argv: As a list, never through a shell.
        environment_names: What was set when it was submitted, names only; the values
            lie in a file of the job's own folder (0600) until it has ended.
        duration_s, power_w: As estimated by who submitted it; None: from past runs of
            that name, else assumed, said so.
        deadline: None: `max_delay_s` after the earliest start.
        checkpoint_signal: Name without SIG, such as `USR1`; empty: none is understood.
        grace_s: Between that signal and being stopped.
        places: Names; None: any.
    """

    name: str
    argv: tuple[str, ...]
    cwd: str
    user: str
    workload: Workload = Workload.TRAIN
    environment_names: tuple[str, ...] = ()
    duration_s: Bounded | None = None
    power_w: float | None = None
    gpus: int = 0
    cpus: float = 1.0
    memory_gib: float = 0.0
    earliest: datetime | None = None
    deadline: datetime | None = None
    max_delay_s: float | None = None
    hard: bool = True
    interruptible: bool = False
    pause_by: PauseBy = PauseBy.CHECKPOINT
    pausing: Pausing = field(default_factory=Pausing)
    checkpoint_signal: str = "USR1"
    grace_s: float = 60.0
    datasets: tuple[Dataset, ...] = ()
    checkpoint_gb: float = 0.0
    places: frozenset[str] | None = None
    needs_tags: frozenset[str] = frozenset()
    shuns_tags: frozenset[str] = frozenset()
    private: bool | None = None
    priority: int = 0
    project: str | None = None
    team: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.argv or not self.argv[0]:
            raise ValueError(f"{self.name}: a job needs a command")
        aware(self.name, *(m for m in (self.earliest, self.deadline) if m is not None))
        sizes = (self.cpus, self.memory_gib, self.grace_s, self.checkpoint_gb)
        if not all(0.0 <= s < inf for s in (self.gpus, *sizes)):
            raise ValueError(f"{self.name}: a size must be 0 or more")
        if self.max_delay_s is not None and not 0.0 <= self.max_delay_s < inf:
            raise ValueError(f"{self.name}: a delay must be 0 s or more")
        if self.power_w is not None and not (
            isfinite(self.power_w) and self.power_w > 0.0
        ):
            raise ValueError(f"{self.name}: power must be above 0 W")


class JobState(StrEnum):
    """How a job stands. An arrow is written down before what it stands for is done."""

    WAITING = "waiting"  # for its time, or for somebody to plan it
    HELD = "held"  # by a person; nothing happens until it is released
    STARTING = "starting"  # an attempt is being handed over
    RUNNING = "running"
    PAUSING = "pausing"  # it was signalled, and has not ended yet
    PAUSED = "paused"  # frozen, or checkpointed and waiting for its next attempt
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing can come after it."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """One step of a job's life, appended and never changed.

    Attributes:
        seq: 0 for its submission, then without gaps.
        attempt_id: The attempt it is about; None: none yet.
        why: One sentence for people.
        facts: Plain values: exit status, signal, request, ...
    """

    job_id: str
    seq: int
    at: datetime
    state: JobState
    why: str
    attempt_id: str | None = None
    place: str | None = None
    facts: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


class RequestKind(StrEnum):
    """What a person asks of a job."""

    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"
    RUN_NOW = "run-now"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What a person asked of a job, and when; taken once, by the daemon."""

    request_id: int
    job_id: str
    kind: RequestKind
    by_user: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One go at a job, as an executor is handed it.

    Attributes:
        attempt_id: Unique; an executor runs it once at most.
        place: As configured.
        options: Of the place, for its executor, as configured.
        gpu_ids: What it may see; empty with `gpus` above 0: the executor picks.
        folder: Of the job: environment, logs, checkpoints. The user's own, 0700.
        resume: Whether a checkpoint is to be gone on from.
    """

    attempt_id: str
    job_id: str
    spec: JobSpec
    place: str
    zone: str | None
    folder: str
    resume: bool = False
    pue: float | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    gpu_ids: tuple[str, ...] = ()


class AttemptState(StrEnum):
    """How an attempt stands with its executor."""

    UNKNOWN = "unknown"  # the executor has never accepted it, or has forgotten it
    QUEUED = "queued"
    RUNNING = "running"
    FROZEN = "frozen"
    ENDED = "ended"
    VOID = "void"  # it never began, and never will


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStatus:
    """How an attempt stands, as its executor said when it was asked.

    Attributes:
        exit_code, exit_signal: Of one that has ended; both None: nobody knows.
        handle: What the engine calls it: a process, a Slurm job.
        run_id: The measured run it is recorded as.
    """

    state: AttemptState
    exit_code: int | None = None
    exit_signal: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    handle: str = ""
    run_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHealth:
    """What an executor found at a place when it was asked.

    Attributes:
        usable: Whether jobs can be handed over now.
        detail: Why not, for people.
        gpus, cpus, memory_gib: Of the place in all; None: it cannot tell.
        free_gpus, free_cpus, free_memory_gib: Not taken by anything, now.
    """

    usable: bool
    at: datetime
    detail: str = ""
    gpus: int | None = None
    cpus: float | None = None
    memory_gib: float | None = None
    free_gpus: int | None = None
    free_cpus: float | None = None
    free_memory_gib: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided for a job at one moment, on what, and why: the audit trail.

    Attributes:
        inputs_sha256: Of `inputs` and `job`, canonically written (docs/daemon.md).
        inputs: The places it was decided on, their forecasts by time of issue and hash;
            all decisions of one planning share it.
        candidates: What was weighed, as plain data.
        chosen: Place, segments and cost, as plain data.
        predicted_saved_g: Against running at once; None: not known.
        job: What of the job it was decided on: estimates, limits, what stood before.
    """

    job_id: str
    at: datetime
    cause: str
    inputs_sha256: str
    inputs: Mapping[str, object]
    candidates: tuple[Mapping[str, object], ...]
    chosen: Mapping[str, object] | None
    reason: str
    predicted_saved_g: float | None
    greenops_version: str
    job: Mapping[str, object] = field(default_factory=dict)
