"""How many greenops recorders are alive on this machine, whoever runs them.

Each holds a socket with an abstract name. The kernel lists these for every user and
drops them with the process, so there is no file to leave behind and nobody to ask.

Source: unix(7), "Abstract sockets"; proc(5), /proc/net/unix.
"""

import contextlib
import os
import socket
from pathlib import Path

from greenops.errors import SensorUnavailableError

NAME = "greenops-recorder-"
RECHECK_S = 5.0
"""The list may hold thousands of sockets: read it seldom."""


class LocalNeighbours:
    """Counts recorders that are neither around this one nor within it.

    Nested recordings (a tracked block within a wrapped job) are one tenant, not two:
    those among our ancestors, or started below us, do not count.

    Raises:
        SensorUnavailableError: this kernel has no abstract sockets.
    """

    def __init__(self, unix_table: Path = Path("/proc/net/unix")) -> None:
        self._table = unix_table
        self._name = f"{NAME}{os.getpid()}-{os.urandom(3).hex()}"
        try:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.bind(f"\0{self._name}")
        except (OSError, AttributeError) as e:
            raise SensorUnavailableError(f"cannot be seen by others: {e}") from e

    def count(self) -> int:
        """Return the number of recorders, this one included; at least 1."""
        try:
            names = [
                line.rpartition("@")[2]
                for line in self._table.read_text(errors="replace").splitlines()
                if f"@{NAME}" in line
            ]
        except OSError:
            return 1
        pids = {int(n.split("-")[2]) for n in names if n.split("-")[2].isdigit()}
        here = os.getpid()
        others = [p for p in pids if p != here and not _related(p, here)]
        return 1 + len(others)

    def close(self) -> None:
        """Stop being counted."""
        with contextlib.suppress(OSError):
            self._socket.close()


def _related(a: int, b: int) -> bool:
    return a in _ancestors(b) or b in _ancestors(a)


def _ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    while pid > 1 and pid not in found:
        found.add(pid)
        try:
            text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            break
        pid = int(text.rpartition(")")[2].split()[1])
    return found
