"""What one process has seen of its training, and how it steps aside."""

from __future__ import annotations

import os
import sys
import time

from .cells import Cells
from .passes import PassBook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Observer:
    """The counts of this process, opened at the first thing there is to count.

    A process forked from one that counts begins anew: the file is its parent's.

    Args:
        folder: The run's, where each process has a file of its own.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.counts: Cells | None = None
        self.passes: PassBook | None = None
        self.off = False
        self.facts: dict[str, object] = {}
        self._undo: list[Callable[[], object]] = []
        self._at_fork: list[Callable[[], object]] = [self._forget]
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def ready(self) -> Cells:
        """Return this process's counts.

        Raises:
            OSError: there is no place for them.
        """
        if self.off:
            raise RuntimeError("given up before")
        if self.counts is None:
            from . import cells

            self.counts = Cells(self.folder)
            self.passes = PassBook(self.counts)
            self.counts.times[cells.FIRST_SEEN_S] = time.monotonic()
            self.tell(
                pid=os.getpid(),
                parent_pid=os.getppid(),
                python=sys.version.split()[0],
                torch=str(getattr(sys.modules.get("torch"), "__version__", "")),
            )
        return self.counts

    def on_undo(self, undo: Callable[[], object]) -> None:
        """Remember how a hook is taken out again."""
        self._undo.append(undo)

    def on_fork(self, forget: Callable[[], object]) -> None:
        """Remember what a forked process has to forget."""
        self._at_fork.append(forget)

    def give_up(self, error: BaseException) -> None:
        """Take every hook out, for good, with one line for the notes. Never raises."""
        if self.off:
            return
        self.off, self.counts = True, None
        for undo in self._undo:
            try:
                undo()
            except Exception:  # noqa: S112 - there is nobody to tell
                continue
        self._note(error)

    def tell(self, **facts: object) -> None:
        """Write down what has become known of this process, replacing what was.

        Raises:
            OSError: it could not be written.
        """
        import json

        self.facts.update(facts)
        if self.counts is None:
            return
        path = self.counts.path.replace(".cells", ".json")
        fd = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as stream:
            json.dump(self.facts, stream, default=str)
        os.replace(f"{path}.new", path)

    def _forked(self) -> None:
        for forget in self._at_fork:
            forget()

    def _forget(self) -> None:
        self.counts = self.passes = None
        self.facts = {}

    def _note(self, error: BaseException) -> None:
        path = os.path.join(self.folder, f"{os.getpid()}.note")
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError:  # the folder is gone, and with it whoever would read it
            return
        with os.fdopen(fd, "w") as stream:
            stream.write(f"training not watched to its end: {error!r}\n")
