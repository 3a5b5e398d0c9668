"""Parts that stand in for hardware, clocks and disk, for tests of greenops and plugins.

They follow the contracts of `greenops.ports` and run the same contract tests as the
real ones.
"""

from greenops.testing.clock import FixedClock
from greenops.testing.executor import FakeExecutor
from greenops.testing.jobs import MemoryJobs
from greenops.testing.ledger import MemoryLedger, MemoryRecorder
from greenops.testing.sensor import ReplaySensor, power_steps

__all__ = [
    "FakeExecutor",
    "FixedClock",
    "MemoryJobs",
    "MemoryLedger",
    "MemoryRecorder",
    "ReplaySensor",
    "power_steps",
]
