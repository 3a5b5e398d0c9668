"""What executors say of their places, for those who cannot wait long."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from greenops.agent.planning import Site
from greenops.model import PlaceHealth
from greenops.ports import Executor


def healths_of(
    sites: Sequence[Site],
    executors: Mapping[str, Executor],
    now: datetime,
    *,
    within_s: float,
) -> dict[str, PlaceHealth]:
    """Return how places were found, by name; one that does not answer in time is left.

    Args:
        sites: The places to ask after.
        executors: By name; a place of one that is missing is not usable.
        now: Aware; stands for the time of the answers.
        within_s: For all answers together; each executor is asked beside the others.
    """
    found: dict[str, PlaceHealth] = {}
    asking = []
    for name in dict.fromkeys(site.executor for site in sites):
        here = [site for site in sites if site.executor == name]
        executor = executors.get(name)
        if executor is None:
            why = f"the executor {name} cannot be had; `greenops doctor` lists them"
            gone = PlaceHealth(usable=False, at=now, detail=why)
            found |= {site.place.name: gone for site in here}
            continue
        asked = _Asked(executor, here, now)
        # One that hangs is left behind when this process ends.
        thread = threading.Thread(target=asked.ask, daemon=True)
        thread.start()
        asking.append((thread, asked))
    left_s = within_s
    for thread, asked in asking:
        thread.join(left_s)
        left_s = left_s if not thread.is_alive() else 0.0
        found |= dict(asked.found)
    return found


class _Asked:
    """One executor, asked after its places one by one."""

    def __init__(
        self, executor: Executor, sites: Sequence[Site], now: datetime
    ) -> None:
        self.found: dict[str, PlaceHealth] = {}
        self._executor = executor
        self._sites = sites
        self._now = now

    def ask(self) -> None:
        for site in self._sites:
            name = site.place.name
            try:
                health = self._executor.health(name, site.options)
            except Exception as e:  # noqa: BLE001 - anybody's code, which never raises
                health = PlaceHealth(usable=False, at=self._now, detail=str(e))
            self.found[name] = replace(health, at=self._now)
