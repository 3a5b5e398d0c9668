"""The one seat of a ledger's daemon: who sits there, and what it says of itself.

A lock of the kernel's: it is free again the moment that its holder is dead, however it
died, so that no stale owner has to be found out. What the daemon says of itself lies
beside it, for everybody who may read the ledger.
"""

import os
import time
from pathlib import Path

from greenops.errors import LedgerUnavailableError
from greenops.ledger.locking import try_lock

LOCK = ".daemon-lock"
SAID = ".daemon.json"
MOST_BYTES = 1 << 16
LOOKS = 10
LOOK_EVERY_S = 0.02
"""Who only looks whether the seat is held sits on it for some microseconds."""


class DaemonSeat:
    """The seat of the ledger at `ledger`.

    Args:
        ledger: Its file, which need not exist yet.
    """

    def __init__(self, ledger: Path) -> None:
        self._lock = ledger.with_name(ledger.name + LOCK)
        self._said = ledger.with_name(ledger.name + SAID)
        self._fd: int | None = None

    def take(self) -> bool:
        """Sit down, until `leave` or death; return whether the seat was free.

        Raises:
            LedgerUnavailableError: there is no folder to lock anything in.
        """
        if self._fd is not None:
            return True
        fd = self._opened()
        for _ in range(LOOKS):
            if try_lock(fd):
                self._fd = fd
                return True
            time.sleep(LOOK_EVERY_S)
        os.close(fd)
        return False

    def leave(self) -> None:
        """Stand up, and take along what was said. May be called twice."""
        if self._fd is not None:
            self._said.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None

    def held(self) -> bool:
        """Return whether anybody sits there."""
        if self._fd is not None:
            return True
        if not self._lock.exists():
            return False
        fd = self._opened()
        try:
            return not try_lock(fd)
        finally:
            os.close(fd)

    def say(self, text: str) -> None:
        """Write down what the daemon says of itself, whole or not at all (0600).

        Raises:
            OSError: it cannot be written.
        """
        beside = self._said.with_name(f".{self._said.name}.{os.getpid()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        fd = os.open(beside, flags, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as stream:
            stream.write(text)
        beside.replace(self._said)

    def said(self) -> str:
        """Return what was last said; empty: nothing."""
        try:
            with self._said.open("rb") as stream:
                return stream.read(MOST_BYTES).decode(errors="replace")
        except OSError:
            return ""

    def _opened(self) -> int:
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._lock, flags, 0o600)
        except OSError as e:
            raise LedgerUnavailableError(
                f"cannot lock {self._lock}: {e.strerror or e}; the daemon needs a"
                " folder that it may write to"
            ) from e
