"""Opens the engines that run jobs."""

import sys
from pathlib import Path

from greenops.executors.local import LocalExecutor
from greenops.sensors.nvml_free import GpuUse

RUNNER = (sys.executable, "-P", "-m", "greenops.cli.run_attempt")
"""`-P`: nothing that lies in the working folder is imported."""


def open_local_executor(state: Path) -> LocalExecutor:
    """Return the executor of this machine.

    Args:
        state: The state folder; it keeps its attempts below it.
    """
    return LocalExecutor(state / "local", runner=RUNNER, gpus=GpuUse())
