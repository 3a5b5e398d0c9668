"""The records that flow between stages. Frozen, unit-suffixed, UTC-aware."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DeviceKind(StrEnum):
    """What a device is, as reports group it."""

    GPU = "gpu"
    CPU = "cpu"
    DRAM = "dram"
    NODE = "node"
    OTHER = "other"


class RunStatus(StrEnum):
    """How a run stands. `lost`: its recorder died; closed at its last sample."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"


class Method(StrEnum):
    """How the energy of one interval came about."""

    COUNTER = "counter"  # difference of a cumulative energy counter
    INTEGRAL = "integral"  # power readings integrated over time
    MODEL = "model"  # computed from load, not measured
    BRIDGED = "bridged"  # readings were missing; filled by a stated rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One thing that draws power and is counted once.

    Attributes:
        device_id: Stable on this host, such as `gpu:GPU-8f3a...`, `cpu:package-0`.
        kind: The group it is reported under.
        name: For people, such as `NVIDIA H200`.
        source: Who measures it: `nvml_counter`, `nvml_power`, `rapl`, `perf`,
            `model`, or a plugin's name.
        rel_uncertainty: Half-width of a 95 % interval of the source's systematic
            error, as a fraction (0.05 is 5 %). Shared by all intervals of the source.
        limit_w: Physical ceiling of the power, in W; readings beyond it are dropped.
        counter_period_s: How often the source renews its counter, in s, if known.
    """

    device_id: str
    kind: DeviceKind
    name: str
    source: str
    rel_uncertainty: float
    limit_w: float | None = None
    counter_period_s: float | None = None

    def __post_init__(self) -> None:
        if self.rel_uncertainty < 0:
            raise ValueError(f"negative uncertainty: {self}")
        if self.limit_w is not None and self.limit_w <= 0:
            raise ValueError(f"power limit must be positive: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one device said at one instant.

    A reading holds a cumulative counter, a power, or both; what the device did not
    say is None, never zero.

    Attributes:
        device_id: The device.
        counter_j: Cumulative energy in J; climbs, and starts over at `wraps_at_j`.
        wraps_at_j: Where the counter wraps, in J; None: it only ever restarts.
        counter_at_s: Monotonic time in s when the hardware renewed `counter_j`; None:
            unknown, up to `Device.counter_period_s` before the reading.
        power_w: Power in W.
        averaged_over_s: The power is a mean over this many seconds before the
            reading; None: instantaneous.
        utilization: Busy share of the device, 0 to 1.
        memory_used_bytes: Device memory in use.
        temperature_c: degC.
        processes: Process id to its share of the device's busy time (0 to 1), or to
            None where the share is unknown. None: the device cannot tell.
            Process ids are those of this process's own pid namespace.
    """

    device_id: str
    counter_j: float | None = None
    wraps_at_j: float | None = None
    power_w: float | None = None
    averaged_over_s: float | None = None
    utilization: float | None = None
    memory_used_bytes: int | None = None
    temperature_c: float | None = None
    processes: Mapping[int, float | None] | None = None
    counter_at_s: float | None = None

    def __post_init__(self) -> None:
        if self.counter_j is None and self.power_w is None:
            raise ValueError(f"{self.device_id}: neither counter nor power")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Energy of one whole device over `[start_s, stop_s)`, in monotonic seconds.

    `error_j` is the half-width of a 95 % interval of what is random to this
    interval (sampling, bridging). The source's systematic error is the device's.
    """

    device_id: str
    start_s: float
    stop_s: float
    energy_j: float
    error_j: float
    method: Method
    utilization: float | None = None

    @property
    def duration_s(self) -> float:
        """Length in s."""
        return self.stop_s - self.start_s

    @property
    def power_w(self) -> float:
        """Mean power in W."""
        return self.energy_j / self.duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One interval of one device, as the ledger keeps it: the device's, and the job's.

    `start` is UTC epoch seconds, `duration_s` monotonic. `node_energy_j` is what the
    device used, `job_energy_j` the share attributed to the job.
    """

    device_id: str
    start_epoch_s: float
    duration_s: float
    node_energy_j: float
    job_energy_j: float
    error_j: float
    method: Method
    utilization: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUse:
    """What the job as a whole used during one tick, for its timeline.

    `cpu_s` is the CPU time of its process tree in s; `node_cpu_s` that of the node.
    """

    start_epoch_s: float
    duration_s: float
    cpu_s: float
    node_cpu_s: float | None
    rss_bytes: int | None = None
    processes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Counts of what went wrong while measuring one device, for the data-quality line.

    `gap_s` is time without a good reading; `bridged_j` the energy filled in for it.
    """

    duplicates: int = 0
    outliers: int = 0
    stuck: int = 0
    resets: int = 0
    failed_reads: int = 0
    gaps: int = 0
    gap_s: float = 0.0
    bridged_j: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measured run, as it is known at its start.

    Attributes:
        run_id: Sortable by time; unique.
        name: What the user calls it; the program's name otherwise.
        kind: `wrap` or `track`.
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
class DeviceTotal:
    """What one device used over a run, and the job's share of it, with a 95 % interval.

    `job_low_j` and `job_high_j` already hold both kinds of error: the systematic one
    of the source and the random one of the intervals.
    """

    device: Device
    node_energy_j: float
    job_energy_j: float
    job_low_j: float
    job_high_j: float
    peak_w: float | None
    mean_utilization: float | None
    method: Method
    quality: Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """An estimate with its 95 % interval; the unit is in the field that holds it."""

    central: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.central <= self.high:
            raise ValueError(f"bounds do not hold their estimate: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityPoint:
    """Grid carbon intensity in gCO2e/kWh, constant over `[start, stop)`.

    `low` and `high` bound a 95 % interval. `kind` is `average` or `marginal`;
    `source` says who states it, and for which year.
    """

    start: datetime
    stop: datetime
    intensity_g_per_kwh: float
    low_g_per_kwh: float
    high_g_per_kwh: float
    zone: str
    source: str
    kind: str = "average"

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.stop.tzinfo is None:
            raise ValueError("IntensityPoint needs timezone-aware datetimes")
        if self.start >= self.stop:
            raise ValueError(f"IntensityPoint ends before it starts: {self}")
        if not 0 <= self.low_g_per_kwh <= self.intensity_g_per_kwh:
            raise ValueError(f"IntensityPoint below its bounds: {self}")
        if self.intensity_g_per_kwh > self.high_g_per_kwh:
            raise ValueError(f"IntensityPoint above its bounds: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HourEnergy:
    """Energy of the job by kind of device within one clock hour (UTC)."""

    hour: datetime
    energy_j: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Emissions of one run in gCO2e, each part with its bounds and where it is from.

    `total_g` is operational plus embodied. `factors` names every number that went
    in (intensity, its source and year, PUE, lifetimes) for the auditor.
    """

    energy_j: Bounded
    facility_energy_j: Bounded
    operational_g: Bounded
    embodied_g: Bounded
    total_g: Bounded
    intensity_g_per_kwh: Bounded
    zone: str
    intensity_source: str
    pue: Bounded
    water_l: Bounded | None = None
    factors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One line of a list of runs. Energies and emissions are None until known."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Everything the ledger knows of one run except its samples."""

    run: Run
    status: RunStatus
    end: RunEnd | None
    totals: tuple[DeviceTotal, ...]
    footprint: Footprint | None
    marks: tuple[Mark, ...]
