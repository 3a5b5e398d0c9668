"""What the core asks of the outside world. Plugins satisfy these by shape."""

from greenops.ports.changes import Risk, TrainingChange
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
    TrainingWatch,
)
from greenops.ports.node import (
    Discovery,
    NodeBook,
)
from greenops.ports.trials import EnergyMeter

__all__ = [
    "CarbonSignal",
    "Discovery",
    "EnergyMeter",
    "Executor",
    "GenerationSource",
    "JobHistory",
    "JobProbe",
    "JobStore",
    "Neighbours",
    "NodeBook",
    "NodeCpu",
    "Recorder",
    "Risk",
    "Sensor",
    "SignalFactory",
    "TrainingChange",
    "TrainingWatch",
]
