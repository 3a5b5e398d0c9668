"""What is meant to become of a job, until something is known that changes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from greenops.agent.planning import Candidate
from greenops.model import Place
from greenops.planner.robust import MARGINS, Margins

Spell = tuple[datetime, datetime]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What a joule of a job emits at a place, up to a factor that all places share.

    Attributes:
        factor: Of its buildings and machines.
        g_per_kwh: By hour, as forecast.
    """

    factor: float
    g_per_kwh: Mapping[datetime, float]

    @classmethod
    def of(cls, place: Place) -> "Grid":
        """Return that of a place, which may have no forecast."""
        hours = place.forecast.hours if place.forecast else ()
        return cls(
            factor=place.pue.central * place.power_factor / place.speed,
            g_per_kwh={h.start: h.intensity_g_per_kwh for h in hours},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Where and when a job is to run.

    Attributes:
        place: None: anywhere that may have it and has room.
        spells: When, in order; empty: as soon as there is room.
        why: In one sentence.
        cost_g, saved_g: Expected, and below running at once; None: not known.
        alone: It was planned when the job was submitted, beside no other that waits.
    """

    place: str | None
    spells: tuple[Spell, ...]
    why: str
    cost_g: float | None = None
    saved_g: float | None = None
    alone: bool = False

    @property
    def start(self) -> datetime | None:
        """When it is to start; None: as soon as there is room."""
        return self.spells[0][0] if self.spells else None

    @property
    def gains(self) -> bool:
        """Whether it waits for what it saves; a place without room saves nothing."""
        if self.saved_g is None or self.cost_g is None:
            return True
        return self.saved_g >= MARGINS.wait * (self.cost_g + self.saved_g)

    def runs_at(self, now: datetime) -> bool:
        """Return whether it is to run at a moment; one that is behind is."""
        if not self.spells or now >= self.spells[-1][1]:
            return True
        return any(start <= now < stop for start, stop in self.spells)

    def runs_on_at(self, now: datetime, pause_s: float) -> bool:
        """Return whether one that runs is not to be paused at a moment.

        A plan may leave what it does not need of an hour at its beginning. Within an
        hour nothing is gained by a pause, nor by one that takes longer itself.

        Args:
            now: Aware.
            pause_s: What a pause and going on take.
        """
        if self.runs_at(now):
            return True
        ahead = min(start for start, _ in self.spells if start > now)
        return _hour(ahead) == _hour(now) or (ahead - now).total_seconds() <= pause_s

    def same_as(self, other: "Intent | None") -> bool:
        """Return whether people would call it the same."""
        if other is None or self.place != other.place:
            return False
        if self.start is None or other.start is None:
            return self.start is other.start
        return abs(self.start - other.start) < timedelta(minutes=1)


def settled(
    planned: Intent,
    standing: Intent | None,
    who: Candidate,
    grids: Mapping[str, Grid],
    now: datetime,
    *,
    margins: Margins = MARGINS,
) -> Intent:
    """Return what is meant from now on: nothing changes for next to nothing.

    A plan that stands gives way only to one that is expected to save enough more, and
    waiting or pausing begins only where it saves enough (`docs/decisions/0142-*`).

    Args:
        planned: By what is known now.
        standing: What was meant before; None: nothing.
        who: The job.
        grids: Of the usable places, by name.
        now: Aware.
        margins: What is enough.
    """
    if _worth_nothing(planned, standing, who, margins):
        return Intent(
            place=who.planned.home,
            spells=(),
            why=f"waiting would save less than {100 * margins.wait:g} %",
            cost_g=planned.cost_g,
            saved_g=0.0,
        )
    if standing is None or not _stands(standing, who, grids, now):
        return planned
    if planned.same_as(standing):
        return planned
    before_g, after_g = (_mean(i, grids) for i in (standing, planned))
    if before_g is None or after_g is None:
        return planned
    return planned if after_g < before_g * (1.0 - margins.change) else standing


def _worth_nothing(
    planned: Intent, standing: Intent | None, who: Candidate, margins: Margins
) -> bool:
    if planned.saved_g is None or planned.cost_g is None or not planned.spells:
        return False
    waits = planned.spells[0][0] > who.planned.earliest or len(planned.spells) > 1
    fresh = standing is None or who.running
    at_once_g = planned.cost_g + planned.saved_g
    return waits and fresh and planned.saved_g < margins.wait * at_once_g


def _stands(
    standing: Intent, who: Candidate, grids: Mapping[str, Grid], now: datetime
) -> bool:
    """Return whether a plan can still be kept to."""
    if who.running or standing.place not in grids or standing.start is None:
        return False
    late = who.planned.duration_s.high - who.planned.duration_s.central
    done = standing.spells[-1][1] + timedelta(seconds=late)
    return standing.start > now and (done <= who.planned.deadline)


def _mean(intent: Intent, grids: Mapping[str, Grid]) -> float | None:
    """Return what a joule of it emits on average; None: not known."""
    grid = grids.get(intent.place or "")
    if grid is None or not intent.spells:
        return None
    weighed_g = seconds = 0.0
    for hour, held_s in _by_hour(intent.spells):
        g_per_kwh = grid.g_per_kwh.get(hour)
        if g_per_kwh is None:
            return None
        weighed_g, seconds = weighed_g + g_per_kwh * held_s, seconds + held_s
    return grid.factor * weighed_g / seconds if seconds else None


def _by_hour(spells: Sequence[Spell]) -> list[tuple[datetime, float]]:
    found = []
    for start, stop in spells:
        hour = _hour(start)
        while hour < stop:
            held = min(stop, hour + HOUR) - max(start, hour)
            found.append((hour, held.total_seconds()))
            hour += HOUR
    return found


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
