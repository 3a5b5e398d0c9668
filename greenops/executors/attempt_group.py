"""A control group of an attempt's own: finds every process of it, and may hold it back.

It is made below the group of the runner, which moves into it before it starts the
command. Limits need the controllers `cpu` and `memory` to be handed down to us, as
systemd does for a unit with `Delegate=yes`; they are said where they cannot be had.

Source: Linux, Documentation/admin-guide/cgroup-v2.rst ("Delegation", "Controllers").
"""

import contextlib
import os
from pathlib import Path

from greenops.units import BYTES_PER_GIB

PREFIX = "greenopsjob-"
PERIOD_US = 100_000
"""Over which processor time is limited: the kernel's own default."""


class AttemptGroup:
    """A control group that its runner has moved into.

    Args:
        parent: Folder of the control group the runner is in.
        attempt_id: What to call it by.

    Raises:
        OSError: it cannot be made, or not be moved into.
    """

    def __init__(self, parent: Path, attempt_id: str) -> None:
        self._parent = parent
        # Two users' attempts, or two roots', may be called the same.
        self.path = parent / f"{PREFIX}{os.getpid()}-{attempt_id}"
        self.path.mkdir()
        try:
            _write(self.path / "cgroup.procs", "0")
        except OSError:
            with contextlib.suppress(OSError):
                self.path.rmdir()
            raise

    def hold(self, *, cpus: float, memory_gib: float) -> str:
        """Limit what is in it; return why it is not limited, empty where it is.

        Args:
            cpus: Processors' worth of time; 0: no limit.
            memory_gib: In all; 0: no limit.
        """
        wanted = {}
        if cpus > 0:
            wanted["cpu.max"] = f"{max(1000, round(cpus * PERIOD_US))} {PERIOD_US}"
        if memory_gib > 0:
            wanted["memory.max"] = str(round(memory_gib * BYTES_PER_GIB))
        try:
            for name in wanted:
                if not (self.path / name).exists():
                    controller = name.partition(".")[0]
                    _write(self._parent / "cgroup.subtree_control", f"+{controller}")
            for name, limit in wanted.items():
                _write(self.path / name, limit)
        except OSError as e:
            return (
                f"its limits are not enforced here: {e.strerror or e} "
                f"({self._parent}); a unit with Delegate=yes may"
            )
        return ""

    def leave(self) -> None:
        """Move the runner out of it again, and remove it if it is empty then."""
        with contextlib.suppress(OSError):
            _write(self._parent / "cgroup.procs", "0")
        remove_group(self.path)


def remove_group(path: Path) -> None:
    """Remove a group and those below it, unless something lives in them."""
    if not path.name.startswith(PREFIX):
        return
    with contextlib.suppress(OSError):
        for below in path.iterdir():
            if below.is_dir():
                with contextlib.suppress(OSError):
                    below.rmdir()
        path.rmdir()


def _write(path: Path, text: str) -> None:
    # Not by `write_text`: what is not there must not be made.
    with path.open("r+", encoding="ascii") as stream:
        stream.write(text)
