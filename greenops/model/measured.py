"""Records of measuring: devices, their readings, energy over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class DeviceKind(StrEnum):
    """What a device is, as reports group it."""

    GPU = "gpu"
    CPU = "cpu"
    DRAM = "dram"
    NODE = "node"
    OTHER = "other"


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
class Stretch:
    """The samples of one device that begin within one stretch of a run, summed up.

    `duration_s` reaches from the start of the first to the end of the last; of it
    `covered_s` were measured. `job_energy_j` is the job's share, as in `Sample`.
    """

    device_id: str
    start_epoch_s: float
    duration_s: float
    covered_s: float
    job_energy_j: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a run went, coarsely enough to be drawn, however long it was.

    `peak_power_w` is the job's highest power over one tick, all devices together;
    `cpu_s` its CPU seconds; None: no sample, or no tick, says.
    """

    stretches: tuple[Stretch, ...]
    peak_power_w: float | None
    cpu_s: float | None
    peak_rss_bytes: int | None


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
