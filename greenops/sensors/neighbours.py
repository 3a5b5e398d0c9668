"""Which greenops recorders are alive on this machine, whoever runs them.

Each holds a socket with an abstract name: its process and its run. The kernel lists
these for every user and drops them with the process, so there is no file to leave
behind and nobody to ask.

Source: unix(7), "Abstract sockets"; proc(5), /proc/net/unix.
"""

import contextlib
import os
import socket
from pathlib import Path

from greenops.errors import SensorUnavailableError

NAME = "greenops-recorder-"


class LocalNeighbours:
    """The recorders beside this one, and the one around it.

    Nested recordings (a tracked block within a wrapped job) are one tenant, not two:
    those among our ancestors, or started below us, do not count.

    Args:
        run_id: The run this process records; empty: several, or none in particular.
        unix_table: Where the kernel lists sockets.

    Raises:
        SensorUnavailableError: this kernel has no abstract sockets.
    """

    def __init__(
        self, run_id: str = "", *, unix_table: Path = Path("/proc/net/unix")
    ) -> None:
        self._table = unix_table
        name = f"{NAME}{os.getpid()}-{run_id or os.urandom(3).hex() + '.none'}"
        try:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.bind(f"\0{name}")
        except (OSError, AttributeError) as e:
            raise SensorUnavailableError(f"cannot be seen by others: {e}") from e

    def count(self) -> int:
        """Return the number of recorders, this one included; at least 1."""
        here = os.getpid()
        others = {pid for pid, _ in self._announced()} - {here}
        return 1 + sum(not _related(pid, here) for pid in others)

    def surrounding_run_id(self) -> str | None:
        """Return the run that the nearest recorder among our ancestors records."""
        runs = dict(self._announced())
        above = _ancestors(os.getpid())[1:]
        run_id = next((runs[pid] for pid in above if pid in runs), None)
        return None if run_id is None or run_id.endswith(".none") else run_id

    def _announced(self) -> list[tuple[int, str]]:
        try:
            lines = self._table.read_text(errors="replace").splitlines()
        except OSError:
            return []
        names = [x.rpartition("@")[2] for x in lines if f"@{NAME}" in x]
        parts = [name.removeprefix(NAME).partition("-") for name in names]
        return [(int(pid), run_id) for pid, _, run_id in parts if pid.isdigit()]

    def close(self) -> None:
        """Stop being counted."""
        with contextlib.suppress(OSError):
            self._socket.close()


def _related(a: int, b: int) -> bool:
    return a in _ancestors(b) or b in _ancestors(a)


def _ancestors(pid: int) -> list[int]:
    """Return `pid`, its parent, and so on up to the first process."""
    found: list[int] = []
    while pid > 1 and pid not in found:
        found.append(pid)
        try:
            text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            break
        pid = int(text.rpartition(")")[2].split()[1])
    return found
