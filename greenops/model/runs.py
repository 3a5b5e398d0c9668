"""Records of runs: how one began, how it ended, what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from greenops.model.carbon import Footprint, Statement
from greenops.model.measured import DeviceTotal


class RunStatus(StrEnum):
    """How a run stands. `lost`: its recorder died; closed at its last sample."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measured run, as it is known at its start.

    Attributes:
        run_id: Sortable by time; unique.
        name: What the user calls it; the program's name otherwise.
        kind: `wrap`, `track`, or `found` on the node.
        command: The argument vector, secrets masked.
        started_at: UTC.
        pid: Process that is measured (the child of `wrap`; this process for `track`).
        recorder_pid: Process that writes; a run whose recorder is gone is lost.
        boot_id: Of the kernel, so that a recycled pid after a reboot is not believed.
        interval_s: Sampling period.
        zone: Grid zone as resolved, or None for the world average.
        pue: As given; None: not given.
        parent_run_id: The run this one lies within, if any.
        tags: Free key-value pairs.
        machine: Facts of the host for the report (cpu name, cores, gpus, ...).
    """

    run_id: str
    name: str
    kind: str
    command: tuple[str, ...]
    cwd: str
    host: str
    user: str
    started_at: datetime
    pid: int
    recorder_pid: int
    recorder_started_s: float
    boot_id: str
    interval_s: float
    project: str | None = None
    team: str | None = None
    zone: str | None = None
    pue: float | None = None
    parent_run_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str | int | float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.started_at.tzinfo is None:
            raise ValueError("Run.started_at needs a time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended. `exit_code` and `exit_signal` are those of the child."""

    run_id: str
    status: RunStatus
    stopped_at: datetime
    duration_s: float
    exit_code: int | None = None
    exit_signal: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A named point in a run: phase `name` begins here and ends at the next mark."""

    name: str
    at_epoch_s: float
    offset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One line of a list of runs. Energies and emissions are None until known.

    `restated`: the emissions are those of a later footprint than the first.
    """

    run_id: str
    name: str
    kind: str
    status: RunStatus
    started_at: datetime
    duration_s: float | None
    host: str
    user: str
    project: str | None
    team: str | None
    zone: str | None
    exit_code: int | None
    energy_j: float | None
    total_g: float | None
    parent_run_id: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    restated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Everything the ledger knows of one run except its samples.

    `footprint` is the one that counts: the last of `statements`, the oldest first.
    """

    run: Run
    status: RunStatus
    end: RunEnd | None
    totals: tuple[DeviceTotal, ...]
    footprint: Footprint | None
    marks: tuple[Mark, ...]
    statements: tuple[Statement, ...] = ()
