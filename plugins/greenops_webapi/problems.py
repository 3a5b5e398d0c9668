"""Says in the log what was wrong with answers: once when it begins, once at its end."""

import logging
import threading
from collections.abc import Sequence

log = logging.getLogger(__name__)


class ProblemLog:
    """Remembers, zone by zone, whether the last answer was sound. Thread-safe."""

    def __init__(self, source: str) -> None:
        """Take the name of the source, for the lines."""
        self._source = source
        self._troubled: set[str] = set()
        self._lock = threading.Lock()

    def note(self, zone: str, problems: Sequence[str]) -> None:
        """Log the problems of an answer if the one before had none, or the reverse."""
        with self._lock:
            before = zone in self._troubled
            (self._troubled.add if problems else self._troubled.discard)(zone)
        if problems and not before:
            log.warning(
                "%s, zone %s: gaps where the answer was unusable: %s",
                self._source,
                zone,
                "; ".join(problems),
            )
        elif before and not problems:
            log.info("%s, zone %s: answers are sound again", self._source, zone)
