"""Which greenops recorders are alive on this machine, whoever runs them.

Each holds a socket with an abstract name: its process, its run, and a mark of each GPU
its job may use. The kernel lists
these for every user and drops them with the process, so there is no file to leave
behind and nobody to ask.

Source: unix(7), "Abstract sockets"; proc(5), /proc/net/unix.
"""

import contextlib
import os
import re
import socket
import zlib
from collections.abc import Sequence
from pathlib import Path

from greenops.errors import SensorUnavailableError

NAME = "greenops-"
MOST_DEVICES = 16
"""Of more GPUs the rest is not announced: a socket's name holds 107 bytes."""
_MARK = re.compile("[0-9a-f]{4}")


class LocalNeighbours:
    """The recorders beside this one, and the one around it.

    Nested recordings (a tracked block within a wrapped job) are one tenant, not two:
    those among our ancestors, or started below us, do not count.

    Args:
        run_id: The run this process records; empty: several, or none in particular.
        device_ids: GPUs the job may use.
        unix_table: Where the kernel lists sockets.

    Raises:
        SensorUnavailableError: this kernel has no abstract sockets.
    """

    def __init__(
        self,
        run_id: str = "",
        *,
        device_ids: Sequence[str] = (),
        unix_table: Path = Path("/proc/net/unix"),
    ) -> None:
        self._table = unix_table
        marks = "".join(_mark(d) for d in device_ids[:MOST_DEVICES])
        name = f"{NAME}{os.getpid()}-{run_id or os.urandom(3).hex() + '.none'}+{marks}"
        try:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.bind(f"\0{name}")
        except (OSError, AttributeError) as e:
            raise SensorUnavailableError(f"cannot be seen by others: {e}") from e

    def tenants(self, device_ids: Sequence[str]) -> dict[str, int]:
        """Return for each GPU how many recorded jobs may use it, this one included."""
        here = os.getpid()
        others = [
            marks
            for pid, _, marks in self._announced()
            if pid != here and marks and not _related(pid, here)
        ]
        return {
            device_id: 1 + sum(_mark(device_id) in marks for marks in others)
            for device_id in device_ids
        }

    def surrounding_run_id(self) -> str | None:
        """Return the run that the nearest recorder among our ancestors records."""
        runs = {pid: run_id for pid, run_id, _ in self._announced()}
        above = _ancestors(os.getpid())[1:]
        run_id = next((runs[pid] for pid in above if pid in runs), None)
        return None if run_id is None or run_id.endswith(".none") else run_id

    def _announced(self) -> list[tuple[int, str, set[str]]]:
        """Return process, run and GPU marks of every recorder in the table."""
        try:
            lines = self._table.read_text(errors="replace").splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            _, at, name = line.rpartition(f"@{NAME}")
            pid, _, rest = name.partition("-")
            if at and pid.isdigit():
                run_id, _, text = rest.partition("+")
                found.append((int(pid), run_id, set(_MARK.findall(text))))
        return found

    def close(self) -> None:
        """Stop being counted."""
        with contextlib.suppress(OSError):
            self._socket.close()


def _mark(device_id: str) -> str:
    """Return four characters that tell a GPU from the others of one machine."""
    return f"{zlib.crc32(device_id.encode()) & 0xFFFF:04x}"


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
