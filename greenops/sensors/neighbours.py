"""Which greenops recorders are alive on this machine, whoever runs them.

Each holds a socket with an abstract name: its process, its run, since when, and a mark
of each GPU its job may use. The kernel lists these for every user and drops them with
the process, so there is no file to leave behind and nobody to ask.

Source: unix(7), "Abstract sockets"; proc(5), /proc/net/unix.
"""

import contextlib
import os
import re
import socket
import time
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from greenops.errors import SensorUnavailableError

NAME = "greenops-"
MOST_DEVICES = 16
"""Of more GPUs the rest is not announced: a socket's name holds 107 bytes."""
_MARK_CHARS = 3
_MARK = re.compile(f"[A-Za-z0-9_-]{{{_MARK_CHARS}}}")
_NO_RUN = ".none"
_TICKS_PER_S = 1e6
"""Two recorders that announce themselves at once are told apart by this."""


class Announced(NamedTuple):
    """What one recorder says of itself; `since_s` on the monotonic clock.

    `run_id` is empty where it records several runs, or none in particular.
    """

    pid: int
    run_id: str
    since_s: float
    marks: frozenset[str]

    def may_use(self, device_id: str) -> bool:
        """Return whether its job may use that GPU."""
        return _mark(device_id) in self.marks


def announced(unix_table: Path = Path("/proc/net/unix")) -> list[Announced]:
    """Return every recorder alive on this machine, of any user; none where unknown."""
    try:
        lines = unix_table.read_text(errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, at, name = line.rpartition(f"@{NAME}")
        pid, _, rest = name.partition("-")
        run_id, _, rest = rest.partition("+")
        since, _, marks = rest.partition("+")
        with contextlib.suppress(ValueError):  # somebody else's name
            if at:
                since_s = int(since, 16) / _TICKS_PER_S
                run_id = "" if run_id.endswith(_NO_RUN) else run_id
                marked = frozenset(_MARK.findall(marks))
                found.append(Announced(int(pid), run_id, since_s, marked))
    return found


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
        since = int(time.monotonic() * _TICKS_PER_S)
        self.since_s = since / _TICKS_PER_S
        marks = "".join(_mark(d) for d in device_ids[:MOST_DEVICES])
        run_id = run_id or f"{os.urandom(3).hex()}{_NO_RUN}"
        name = f"{NAME}{os.getpid()}-{run_id}+{since:x}+{marks}"
        try:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.bind(f"\0{name}")
        except (OSError, AttributeError) as e:
            raise SensorUnavailableError(f"cannot be seen by others: {e}") from e

    def others(self, device_ids: Sequence[str]) -> dict[str, list[float]]:
        """Return for each GPU since when every other recorder of it is there, in s."""
        here = os.getpid()
        others = [
            other
            for other in announced(self._table)
            if other.pid != here and other.marks and not _related(other.pid, here)
        ]
        return {
            device_id: [o.since_s for o in others if o.may_use(device_id)]
            for device_id in device_ids
        }

    def surrounding_run_id(self) -> str | None:
        """Return the run that the nearest recorder among our ancestors records."""
        runs = {other.pid: other.run_id for other in announced(self._table)}
        above = _ancestors(os.getpid())[1:]
        return next((runs[pid] for pid in above if pid in runs), None) or None

    def close(self) -> None:
        """Stop being counted."""
        with contextlib.suppress(OSError):
            self._socket.close()


def _mark(device_id: str) -> str:
    """Return three characters that tell a GPU from the others of one machine."""
    digest = zlib.crc32(device_id.encode()).to_bytes(4, "big")
    return urlsafe_b64encode(digest)[:_MARK_CHARS].decode()


def _related(a: int, b: int) -> bool:
    return a in _ancestors(b) or b in _ancestors(a)


def _ancestors(pid: int) -> list[int]:
    """Return `pid`, its parent, and so on up to the first process.

    That one, too: in a container it is often the recorder itself.
    """
    found: list[int] = []
    while pid > 0 and pid not in found:
        found.append(pid)
        try:
            text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            break
        pid = int(text.rpartition(")")[2].split()[1])
    return found
