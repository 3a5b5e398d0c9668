"""What is free at places since somebody last looked."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from greenops.model import JobSpec, PlaceHealth

LOOK_EVERY = timedelta(seconds=30)


@dataclass(slots=True)
class _Taken:
    """What was started at a place since it was looked at."""

    gpus: int = 0
    cpus: float = 0.0
    memory_gib: float = 0.0


@dataclass(slots=True)
class Rooms:
    """How places were found, and what was given away since.

    Attributes:
        found: By name of the place.
        changes: How often what is free has changed.
    """

    found: dict[str, PlaceHealth] = field(default_factory=dict)
    changes: int = 0
    _taken: dict[str, _Taken] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)

    def due(self, place: str, now: datetime) -> bool:
        """Return whether a place is to be looked at."""
        found = self.found.get(place)
        if found is None or place in self._stale:
            return True
        return not timedelta(0) <= now - found.at < LOOK_EVERY

    def doubt(self, place: str | None) -> None:
        """Have a place looked at anew: something there has begun, ended or failed."""
        if place is not None:
            self._stale.add(place)

    def saw(self, place: str, health: PlaceHealth) -> bool:
        """Note how a place was found; return whether that is news to a plan."""
        before = self.found.get(place)
        taken = self._taken.pop(place, _Taken())
        self._stale.discard(place)
        if (
            before is None
            or taken != _Taken()
            or replace(before, at=health.at) != health
        ):
            self.changes += 1
        self.found[place] = health
        if before is None:
            return True
        expected = None if before.free_gpus is None else before.free_gpus - taken.gpus
        return (before.usable, before.gpus, before.cpus, expected) != (
            health.usable,
            health.gpus,
            health.cpus,
            health.free_gpus,
        )

    def usable(self, place: str) -> bool:
        """Return whether jobs can be handed over there, as far as is known."""
        found = self.found.get(place)
        return found is not None and found.usable

    def fits(self, place: str, spec: JobSpec) -> bool:
        """Return whether a job finds room at a place now, as far as is known."""
        found = self.found.get(place)
        if found is None or not found.usable:
            return False
        taken = self._taken.get(place, _Taken())
        return all(
            free is None or needed <= free - given
            for needed, free, given in (
                (spec.gpus, found.free_gpus, taken.gpus),
                (spec.cpus, found.free_cpus, taken.cpus),
                (spec.memory_gib, found.free_memory_gib, taken.memory_gib),
            )
        )

    def take(self, place: str, spec: JobSpec) -> None:
        """Note that a job was started at a place."""
        taken = self._taken.setdefault(place, _Taken())
        taken.gpus += spec.gpus
        taken.cpus += spec.cpus
        taken.memory_gib += spec.memory_gib
