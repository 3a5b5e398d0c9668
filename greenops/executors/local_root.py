"""The folder below which all attempts of this machine's local places lie."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.local_order import ATTEMPT_ID, Order, checked_id
from greenops.executors.local_status import status_of
from greenops.executors.private_files import executor_error, private_folder
from greenops.model import AttemptState, AttemptStatus
from greenops.units import BYTES_PER_MIB

NEEDED_MIB = 16.0
"""With less space than this nothing is started."""
FINAL = {AttemptState.ENDED, AttemptState.VOID}


class LocalRoot:
    """Finds attempts by their ids, and keeps in mind how those that are over ended.

    Args:
        path: Made, for this user alone, when it is needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._attempts = self._path / "attempts"
        self._final: dict[str, AttemptStatus] = {}

    def folder(self, attempt_id: str) -> AttemptFolder:
        """Return the folder of an attempt, there or not.

        Raises:
            ExecutorRefusedError: the id may not be one.
        """
        return AttemptFolder(self._attempts / checked_id(attempt_id))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the root's lock: room is counted and given away by one at a time.

        Raises:
            ExecutorError: the root is not this user's alone, or cannot be written to.
        """
        private_folder(self._path)
        private_folder(self._attempts)
        lock = self._path / "lock"
        try:
            fd = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except OSError as e:
            raise executor_error(e, f"cannot open {lock}") from e
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def look(self, attempt_id: str) -> AttemptStatus:
        """Return how an attempt stands; one that is over is read once.

        Raises:
            ExecutorError: that cannot be told now.
        """
        if status := self._final.get(attempt_id):
            return status
        try:
            status = status_of(self.folder(attempt_id))
        except OSError as e:  # not to be told now is not to be gone
            raise executor_error(e, f"cannot look at attempt {attempt_id}") from e
        if status.state in FINAL:
            self._final[attempt_id] = status
        return status

    def held(self) -> list[Order]:
        """Return the orders of all attempts that are not over.

        Raises:
            ExecutorError: how one of them stands cannot be told now.
        """
        held = []
        for attempt_id in self.known():
            if self.look(attempt_id).state in FINAL:
                continue
            try:
                order = self.folder(attempt_id).order()
            except ValueError:  # damaged; nothing of it can run
                continue
            held += [order] if order else []
        return held

    def remove(self, attempt_id: str) -> None:
        """Remove the folder of an attempt, and what is known of it.

        Raises:
            ExecutorError: it cannot be removed now.
        """
        with self.alone():
            self.folder(attempt_id).remove()
        self._final.pop(attempt_id, None)

    def problem(self) -> str:
        """Return why nothing can be started here; empty: something can.

        Nothing is made for the look: somebody may only be asking.

        Raises:
            ExecutorRefusedError: the root is not this user's alone.
            OSError: it cannot be looked at.
        """
        there = self._path
        if os.path.lexists(there):
            private_folder(there)
        while not there.exists():  # it will be made below what there is
            there = there.parent
        if not os.access(there, os.W_OK):
            return f"{there} cannot be written to; mount it so"
        free_mib = shutil.disk_usage(there).free / BYTES_PER_MIB
        if free_mib >= NEEDED_MIB:
            return ""
        return f"{free_mib:.0f} MiB are left under {self._path}; free some space"

    def known(self) -> list[str]:
        """Return the ids of all attempts that have a folder here."""
        try:
            names = os.listdir(self._attempts)  # noqa: PTH208 - names, not paths
        except FileNotFoundError:
            return []
        return [name for name in names if ATTEMPT_ID.fullmatch(name)]
