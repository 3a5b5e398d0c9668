"""What the core asks of the outside world. Plugins satisfy these by shape."""

from greenops.ports.grid import (
    CarbonSignal,
    GenerationSource,
    SignalFactory,
)
from greenops.ports.jobs import (
    Executor,
    JobHistory,
    JobStore,
)
from greenops.ports.measuring import (
    JobProbe,
    Neighbours,
    NodeCpu,
    Recorder,
    Sensor,
)

__all__ = [
    "CarbonSignal",
    "Executor",
    "GenerationSource",
    "JobHistory",
    "JobProbe",
    "JobStore",
    "Neighbours",
    "NodeCpu",
    "Recorder",
    "Sensor",
    "SignalFactory",
]
