"""What the core asks of the outside world. Plugins satisfy these by shape."""

from greenops.ports.grid import (
    CarbonSignal,
    GenerationSource,
    SignalFactory,
)
from greenops.ports.jobs import (
    Executor,
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
    "JobProbe",
    "JobStore",
    "Neighbours",
    "NodeCpu",
    "Recorder",
    "Sensor",
    "SignalFactory",
]
