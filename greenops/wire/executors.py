"""Opens the engines that run jobs."""

import sys
from collections.abc import Collection
from pathlib import Path

from greenops.executors.local import LocalExecutor
from greenops.plugins import EXECUTORS, Plugins, find_plugins
from greenops.ports import Executor
from greenops.sensors.nvml_free import GpuUse

OWN = "local"
RUNNER = (sys.executable, "-P", "-m", "greenops.cli.run_attempt")
"""`-P`: nothing that lies in the working folder is imported."""


def open_local_executor(state: Path) -> LocalExecutor:
    """Return the executor of this machine.

    Args:
        state: The state folder; it keeps its attempts below it.
    """
    return LocalExecutor(state / "local", runner=RUNNER, gpus=GpuUse())


def open_executors(
    names: Collection[str], state: Path, problems: list[str]
) -> dict[str, Executor]:
    """Return executors by name; one that cannot be had is left out, and said.

    An entry point of `greenops.executors` names what is called with the state folder
    and returns a `ports.Executor`.

    Args:
        names: Those that places are configured for.
        state: The state folder.
        problems: Gets a sentence for each that is missing.
    """
    # greenops' own needs no search of what is installed, which takes 20 ms.
    others = [name for name in names if name != OWN]
    found = find_plugins(EXECUTORS, only=others) if others else Plugins()
    opened: dict[str, Executor] = {}
    for name in sorted(names):
        make = open_local_executor if name == OWN else found.loaded.get(name)
        if make is None:
            why = found.failed.get(name, "none of that name is installed")
            problems.append(f"executor {name}: {why}; its places cannot be used")
            continue
        try:
            opened[name] = make(state)
        except Exception as e:  # noqa: BLE001 - a plugin may do anything
            problems.append(f"executor {name}: {e}; its places cannot be used")
    return opened
