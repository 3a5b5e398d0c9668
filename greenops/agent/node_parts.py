"""What sampling a node is made of, and how often it looks at what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from greenops.agent.found_jobs import Worth
from greenops.agent.found_run import Describe
from greenops.ports import Discovery, NodeBook, NodeCpu, Recorder, Sensor
from greenops.tracking.clock import boottime_s
from greenops.tracking.recording import Assess


@dataclass(slots=True, kw_only=True)
class NodeParts:
    """What sampling a node is made of; put together in `greenops.wire`.

    Attributes:
        host: The name of the node.
        cpus: How many processors it has.
        discovery: Finds its jobs; None: this system cannot tell, and `problems` says
            so; all energy is then idle or unattributed.
        recorder: Keeps the runs of found jobs.
        book: Keeps the balance.
        boottime: Seconds since boot, sleep included, to notice a suspend by.
    """

    host: str
    cpus: float
    sensors: Sequence[Sensor]
    node_cpu: NodeCpu
    discovery: Discovery | None
    recorder: Recorder
    book: NodeBook
    describe: Describe
    assess: Assess
    boottime: Callable[[], float] = boottime_s
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRules:
    """How often is looked at what.

    Attributes:
        interval_s: Time between two ticks, in s.
        scan_s: Time between two looks at the processes, and the length of a sample of a
            found job, in s.
        keep_s: Time between two writings of the balance, in s.
        worth: What makes a found job a run.
    """

    interval_s: float = 1.0
    scan_s: float = 5.0
    keep_s: float = 60.0
    worth: Worth = field(default_factory=Worth)
