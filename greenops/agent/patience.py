"""How long what failed is left alone: each failure in a row doubles it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_S = 5.0
LONGEST_S = 300.0


@dataclass(frozen=True, slots=True)
class _Failing:
    times: int
    since: datetime
    why: str


class Patience:
    """What failed lately, by name."""

    def __init__(self) -> None:
        self._failing: dict[str, _Failing] = {}

    def failed(self, name: str, why: str, now: datetime) -> bool:
        """Note a failure; return whether it is the first in a row."""
        before = self._failing.get(name)
        times = 1 if before is None else before.times + 1
        self._failing[name] = _Failing(times, now, why)
        return before is None

    def worked(self, name: str) -> bool:
        """Note a success; return whether it had failed before."""
        return self._failing.pop(name, None) is not None

    def resting(self, name: str, now: datetime) -> bool:
        """Return whether it is to be left alone at a moment."""
        found = self._failing.get(name)
        if found is None:
            return False
        rest_s = min(FIRST_S * 2.0 ** min(found.times - 1, 30), LONGEST_S)
        # A clock that was set back must not make it wait for the old time again.
        return found.since <= now < found.since + timedelta(seconds=rest_s)

    def times(self, name: str) -> int:
        """Return how often in a row it failed."""
        found = self._failing.get(name)
        return 0 if found is None else found.times

    def why(self, name: str) -> str:
        """Return what it last failed with; empty: it works."""
        found = self._failing.get(name)
        return "" if found is None else found.why
