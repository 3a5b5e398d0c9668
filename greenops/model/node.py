"""Records of a whole node: jobs found on it, and where its energy went by the hour."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from greenops.model.measured import Device


class IdentityKind(StrEnum):
    """What tells a job on a node from others, the surest first."""

    RUN = "run"  # a greenops recorder measures it
    GREENOPS = "greenops"  # a job of greenops, by its environment
    SLURM = "slurm"
    RAY = "ray"
    POD = "pod"  # Kubernetes
    CONTAINER = "container"
    UNIT = "unit"  # a service or scope of systemd
    PROCESS = "process"  # a process and what it started


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which job a process belongs to.

    Attributes:
        kind: Who knows the job under `id`.
        id: Unique among the jobs of this kind and `uid` on this node while it lives.
        name: For people. Two processes of one job may know different ones.
        uid: Whose job it is, where the id is the user's own word or means something
            among that user's jobs only.
    """

    kind: IdentityKind
    id: str
    name: str = field(compare=False)
    uid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The processes of one job, and what they used between two scans of the node.

    Attributes:
        identity: What makes them one job.
        cpu_s: CPU time since the last scan, in s; children that came and went count.
        processes: How many live now; 0: the last of them is gone.
    """

    identity: Identity
    cpu_s: float
    processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """What is known of a job that was found, for people.

    Attributes:
        name: The job, as its user would call it.
        user: Login name, or `uid N`.
        command: Argument vector of its first process, as it is: not masked.
        cwd: Working folder of that process; empty where it may not be seen.
        pid: That process.
    """

    name: str
    user: str
    command: tuple[str, ...]
    cwd: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEnergy:
    """What one device of a node used within one clock hour, and for whom.

    The four lines add up to `energy_j`. Of one hour there may be several records, that
    do not overlap: each recorder begins one of its own.

    Attributes:
        host: The node.
        device: What is measured.
        hour: Start of the clock hour, UTC.
        since: Start of what this record holds, within the hour (UTC). Together with
            host, device and hour it names the record; a later record of that name
            replaces the earlier one.
        covered_s: Measured time, in s; what is missing of the hour is a gap.
        energy_j: The whole device.
        measured_j: Of jobs that greenops records by itself: `wrap`, `track`.
        found_j: Of jobs found on the node; they are runs of kind `found`.
        idle_j: Drawn while nobody used the device.
        unattributed_j: Used by what belongs to no run: the system, short commands.
        error_j: 95 % half-width of what is random to `energy_j`, without the device's
            `rel_uncertainty`.
    """

    host: str
    device: Device
    hour: datetime
    since: datetime
    covered_s: float
    energy_j: float
    measured_j: float
    found_j: float
    idle_j: float
    unattributed_j: float
    error_j: float

    def __post_init__(self) -> None:
        if self.hour.tzinfo is None or self.since.tzinfo is None:
            raise ValueError("NodeEnergy needs times with a zone")
