"""What is executed for a command: a script runs under this very Python."""

import os
import shutil
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from greenops.agent.planning import Site
from greenops.errors import ConfigError

LONGEST_SHOWN = 80
MOST_NEAR = 1000
"""Files of a folder that are looked through for a name that is near."""


def runnable(
    command: Sequence[str], cwd: str, *, path: str | None, here: bool
) -> list[str]:
    """Return the argument vector of a command.

    Args:
        command: A script with its arguments, or a program with its own.
        cwd: The folder it will run in.
        path: Where programs are looked for, as `PATH` has it; None: the default.
        here: It runs on this machine, so that its program has to be there.

    Raises:
        ConfigError: there is no command, no such script, no such program.
    """
    if not command or not command[0]:
        raise ConfigError(
            "no command given; try `greenops submit train.py` or"
            " `greenops submit -- make train`"
        )
    first = command[0]
    if "\0" in first:
        raise ConfigError("the command holds a NUL character, which no command takes")
    if first.startswith("-"):
        raise ConfigError(
            f"{first[:LONGEST_SHOWN]} is no option of this command, and no program is"
            " called so; `greenops submit --help` lists the options"
        )
    _check_folder(cwd)
    in_folder = Path(cwd) / first
    found = shutil.which(first if os.sep not in first else str(in_folder), path=path)
    if first.endswith(".py") and not (os.sep not in first and found):
        if not _exists(in_folder):
            raise ConfigError(
                f"{first[:LONGEST_SHOWN]}: no such script in {cwd}{_near(in_folder)}"
            )
        return [sys.executable, *command]
    if here and found is None:
        raise ConfigError(
            f"{first[:LONGEST_SHOWN]}: no such program on the PATH, or it may not be"
            " executed; name it in full, such as ./train.sh"
        )
    return list(command)


def runs_here(places: frozenset[str] | None, sites: Sequence[Site]) -> bool:
    """Return whether a job can run on this machine only."""
    allowed = [s for s in sites if places is None or s.place.name in places]
    return all(site.executor == "local" for site in allowed)


def working_folder() -> str:
    """Return the working folder.

    Raises:
        ConfigError: it is gone.
    """
    try:
        return str(Path.cwd())
    except OSError as e:
        raise ConfigError(
            "the working folder is gone; change to one that is there, for the job to"
            " run in"
        ) from e


def _check_folder(cwd: str) -> None:
    if not Path(cwd).is_dir():
        raise ConfigError(f"there is no folder {cwd} for the job to run in")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long
        return False


def _near(script: Path) -> str:
    try:
        names = [p.name for p in islice(script.parent.iterdir(), MOST_NEAR)]
    except OSError:
        return ""
    near = get_close_matches(script.name[:LONGEST_SHOWN], names, n=2)
    return f"; did you mean {' or '.join(near)}?" if near else ""
