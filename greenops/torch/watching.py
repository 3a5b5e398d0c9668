"""The measuring side: looks into a run's folder for what its processes counted."""

import os
from collections.abc import Callable
from pathlib import Path

from greenops.model import Training
from greenops.torch.watch_folder import WatchFolder

MOST_NOTES = 5


class FolderWatch:
    """A `TrainingWatch` over the folder of one run.

    Nothing is imported for the reading, nor anything read, before there is a file.
    """

    def __init__(self, folder: WatchFolder) -> None:
        self._folder = folder

    def read(
        self, *, epoch_s: Callable[[float], float], at_s: float
    ) -> Training | None:
        """Return what was counted so far; None: nothing. Never raises."""
        paths = [p for p in self._names() if p.endswith(".cells")]
        if not paths:
            return None
        from greenops.torch.counts import read_counts
        from greenops.torch.one_run import one_run

        found = [counts for p in sorted(paths) if (counts := read_counts(Path(p)))]
        found.sort(key=lambda one: one.first_s)
        return one_run(found, epoch_s=epoch_s, at_s=at_s)

    def notes(self) -> list[str]:
        """Return what processes said before they stepped aside. Never raises."""
        said: list[str] = []
        for path in sorted(p for p in self._names() if p.endswith(".note")):
            try:
                line = Path(path).read_text(errors="replace")[:500].strip()
            except OSError:
                continue
            if line and line not in said:
                said.append(line)
        return said[:MOST_NOTES]

    def close(self) -> None:
        """Remove the folder. Never raises."""
        self._folder.remove()

    def _names(self) -> list[str]:
        try:
            return [entry.path for entry in os.scandir(self._folder.path)]
        except OSError:
            return []
