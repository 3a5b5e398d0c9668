"""The folder of one attempt: everything its executor and its runner tell each other.

| file           | written by     | says                                              |
|----------------|----------------|---------------------------------------------------|
| `attempt.json` | the executor   | what to run: from here on it is accepted          |
| `claim`        | whoever first  | the runner that runs it, or that it is void       |
| `job`          | the runner     | it is about to start the command; then, its pid   |
| `cancel`       | the executor   | when what still lives of it is to be killed       |
| `ended`        | the runner     | how the command ended                             |
| `bell`         | the runner     | a pipe that wakes it up: look at `cancel`         |

Each appears whole and in this order. What decides is made by one system call that
only one can win (link), so that no two processes ever believe they own an attempt.
"""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenops.executors.local_order import Order
from greenops.executors.private_files import (
    executor_error,
    private_folder,
    read,
    write_new,
    write_over,
)
from greenops.executors.processes import ProcessName

Record = dict[str, Any]


class AttemptFolder:
    """The folder of one attempt, there or not.

    Args:
        path: Its last part is the attempt's id, checked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.attempt_id = path.name

    def make(self) -> None:
        """Make the folder; one that is there may be used.

        Raises:
            ExecutorError: it cannot be made, or is not this user's alone.
        """
        private_folder(self.path)

    def accept(self, order: Order) -> None:
        """Write down what to run, to outlive a power cut.

        Raises:
            ExecutorError: it cannot be written; it is not accepted then.
        """
        try:
            write_new(self.path / "attempt.json", order.as_record(), durable=True)
        except OSError as e:
            with contextlib.suppress(OSError):
                self.path.rmdir()
            raise executor_error(e, f"cannot write {self.path / 'attempt.json'}") from e

    def order(self) -> Order | None:
        """Return what to run; None: it was never accepted.

        Raises:
            ValueError: the file is damaged.
        """
        record = read(self.path / "attempt.json")
        return None if record is None else Order.read(record)

    def claim(self, runner: ProcessName) -> bool:
        """Make the attempt this runner's; return whether it is.

        Raises:
            OSError: it cannot be written down; it is nobody's then.
        """
        return write_new(self.path / "claim", runner.as_record(), durable=False)

    def void(self) -> bool:
        """Keep any runner from claiming it; return False where one has.

        Raises:
            ExecutorError: it cannot be written down.
        """
        try:
            won = write_new(self.path / "claim", {"void": True}, durable=True)
        except OSError as e:
            raise executor_error(e, f"cannot write {self.path / 'claim'}") from e
        return won or self.is_void()

    def claimed(self) -> Record | None:
        """Return the claim; None: anybody may claim it."""
        return read(self.path / "claim")

    def is_void(self) -> bool:
        """Return whether it never began, and never will."""
        return bool(
            (self.claimed() or {}).get("void") or (self.ended() or {}).get("void")
        )

    def runner(self) -> ProcessName | None:
        """Return the process that claimed it; None: none has."""
        return ProcessName.of(self.claimed() or {})

    def about_to_start(self, record: Mapping[str, object]) -> None:
        """Write down that from now on the command may have been started, and in what.

        Raises:
            OSError: it cannot be written; nothing may be started then.
        """
        write_new(self.path / "job", record, durable=False)

    def started(self, record: Mapping[str, object]) -> None:
        """Write down the command's process, its control group, its run.

        Raises:
            OSError: it cannot be written.
        """
        write_over(self.path / "job", record, durable=False)

    def job(self) -> Record | None:
        """Return what is known of the command; None: it was never started."""
        return read(self.path / "job")

    def end(self, record: Mapping[str, object]) -> None:
        """Write down how it ended, to outlive a power cut.

        Raises:
            OSError: it cannot be written.
        """
        write_over(self.path / "ended", record, durable=True)

    def judge(self, record: Mapping[str, object]) -> Record:
        """Write down what was found of one whose runner is gone; return what holds.

        The first verdict stays. A disk that takes none leaves it to the next look.
        """
        with contextlib.suppress(OSError):
            write_new(self.path / "ended", record, durable=True)
        return self.ended() or dict(record)

    def ended(self) -> Record | None:
        """Return how it ended; None: it has not, or nobody has looked."""
        return read(self.path / "ended")

    def cancelled(self) -> Record | None:
        """Return when what lives of it is to be killed; None: nobody cancelled it."""
        return read(self.path / "cancel")

    def cancel(self, record: Mapping[str, object]) -> None:
        """Write down that it is cancelled.

        Raises:
            ExecutorError: it cannot be written.
        """
        try:
            write_over(self.path / "cancel", record, durable=False)
        except OSError as e:
            raise executor_error(e, f"cannot write {self.path / 'cancel'}") from e

    def make_bell(self) -> int:
        """Make the pipe that wakes the runner; return its descriptor, for both ends.

        Raises:
            OSError: it cannot be made.
        """
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self.path / "bell", 0o600)
        return os.open(self.path / "bell", os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)

    def ring(self) -> None:
        """Wake the runner, if it listens."""
        with contextlib.suppress(OSError):
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW
            fd = os.open(self.path / "bell", flags)
            try:
                os.write(fd, b"!")
            finally:
                os.close(fd)

    def remove(self) -> None:
        """Remove the folder, if it is there, and what is left of others.

        Raises:
            ExecutorError: something of it is still there.
        """
        import shutil  # dear for a runner, which removes nothing

        try:
            # Renamed first: what is cut off here is no attempt any more.
            self.path.rename(
                self.path.with_name(f".gone-{self.attempt_id}-{os.urandom(4).hex()}")
            )
            for gone in self.path.parent.glob(".gone-*"):
                shutil.rmtree(gone)
        except FileNotFoundError:
            return
        except OSError as e:
            raise executor_error(e, f"cannot remove {self.path}") from e
