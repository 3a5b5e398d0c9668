"""Who else may use this job's GPUs, and what is left of an idle one for the job."""

from collections.abc import Mapping, Sequence

from greenops.energy.attribute import idle_share
from greenops.model import Interval
from greenops.ports import Neighbours

LOOK_EVERY_S = 2.0
"""The list may hold thousands of sockets; a newcomer is seen this late at most, well
within the grace of `attribute.GRACE_S`."""


class Tenancy:
    """What this job knows of the others beside it.

    Args:
        neighbours: How it knows of them; None: not at all.
    """

    def __init__(self, neighbours: Neighbours | None) -> None:
        self._neighbours = neighbours
        self._others_s: Mapping[str, Sequence[float]] = {}
        self._looked_s = float("-inf")

    def look(self, device_ids: Sequence[str], now_s: float) -> None:
        """Look who is there, if the last look was long ago.

        Args:
            device_ids: The job's GPUs.
            now_s: Monotonic time in s.
        """
        if self._neighbours is None or now_s - self._looked_s < LOOK_EVERY_S:
            return
        self._others_s = self._neighbours.others(device_ids) if device_ids else {}
        self._looked_s = now_s

    def idle_share(self, interval: Interval) -> float:
        """Return the job's share of the interval of a GPU that no job used, 0 to 1."""
        if self._neighbours is None:
            return 1.0
        return idle_share(
            self._neighbours.since_s,
            self._others_s.get(interval.device_id, ()),
            start_s=interval.start_s,
            stop_s=interval.stop_s,
        )
