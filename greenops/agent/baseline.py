"""What a job is compared with once it has ended: read off its own events and decisions.

Where it would have run at once was written down when it was first decided about, so
that a configuration that was changed since changes no past.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from greenops.agent.planning import Site
from greenops.footprint.operational import PUE_UNKNOWN
from greenops.footprint.realised import NOTHING_G, AtOnce, Measured
from greenops.model import (
    Bounded,
    Decision,
    IntensityKind,
    JobEvent,
    JobSpec,
    JobState,
    Place,
)
from greenops.model.bounds import sum_of_one_source

EARLY = timedelta(minutes=1)
"""A plan counts as the same within so much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A job that has ended, with all that was written of it.

    Attributes:
        events, decisions: The oldest first.
    """

    spec: JobSpec
    events: Sequence[JobEvent]
    decisions: Sequence[Decision]


def at_once(
    course: Course, runs: Sequence[Measured], sites: Sequence[Site]
) -> AtOnce | None:
    """Return where and when a job would have run, had it not waited.

    None: nobody knows where that would have been.

    Args:
        course: The job.
        runs: All its measured attempts, at least one.
        sites: As configured now; for jobs that nothing was decided about.
    """
    home = _home(course, sites)
    return home and AtOnce(
        zone=home[0],
        start=_could_begin(course),
        pue=home[1],
        overhead_j=_overhead_j(course, runs),
    )


def promised_g(course: Course, kind: IntensityKind) -> float | None:
    """Return what the decision that a job began by expected to save, in g.

    None: that is not known, it was made on intensities of another kind, or the job did
    not begin by it but sooner: because somebody asked for that, or time was up.
    """
    begun = next((e for e in course.events if e.state is JobState.STARTING), None)
    made = None if begun is None else _in_force(course, begun.at)
    if begun is None or made is None or _kinds(made) != {kind.value}:
        return None
    return made.predicted_saved_g if _began_by(begun, made) else None


def transfer_g(course: Course) -> Bounded:
    """Return what moving the job's data emitted, as planned, over all its attempts."""
    moved = []
    seen: set[str] = set()
    for event in course.events:
        if event.state is not JobState.STARTING or event.attempt_id in seen:
            continue
        seen.add(event.attempt_id or "")
        made = _in_force(course, event.at)
        chosen: Mapping[str, Any] = (made.chosen if made else None) or {}
        if chosen.get("place") == event.place and "transfer_g" in chosen:
            central, low, high = chosen["transfer_g"]
            moved.append(Bounded(central=central, low=low, high=high))
    return sum_of_one_source(moved) if moved else NOTHING_G


def stated_pue(place: Place) -> float | None:
    """Return the PUE of a place; None: nobody stated one."""
    return None if place.pue == PUE_UNKNOWN else place.pue.central


def _could_begin(course: Course) -> datetime:
    """Return from when on a job could have run: submitted, or released at last."""
    events = course.events
    first = next((e for e in events if e.state is not JobState.HELD), events[0])
    return max(first.at, course.spec.earliest or first.at)


def _home(course: Course, sites: Sequence[Site]) -> tuple[str, float | None] | None:
    """Return the zone and the PUE of where a job would have run at once."""
    for made in course.decisions:
        name = made.job.get("home")
        places: Any = made.inputs.get("places", ())
        for place in places:
            if name and place.get("place") == name:
                return str(place["zone"]), _pue_of(place)
    allowed = [
        s.place
        for s in sites
        if not course.spec.places or s.place.name in course.spec.places
    ]
    return (allowed[0].zone, stated_pue(allowed[0])) if allowed else None


def _pue_of(place: Mapping[str, Any]) -> float | None:
    unknown = {"central": PUE_UNKNOWN.central, "low": PUE_UNKNOWN.low}
    unknown |= {"high": PUE_UNKNOWN.high}
    if place.get("configured", {}).get("pue") == unknown:
        return None
    return float(place["pue"])


def _overhead_j(course: Course, runs: Sequence[Measured]) -> float:
    """Return the energy that only pausing and going on took, as its owner stated it."""
    pausing = course.spec.pausing
    pauses = sum(
        e.facts.get("resume") is True
        if e.state is JobState.STARTING
        else e.state is JobState.RUNNING and e.facts.get("thawing") is True
        for e in course.events
    )
    lasted_s = sum(run.duration_s for run in runs)
    energy_j = sum(run.energy_j.central for run in runs)
    power_w = energy_j / lasted_s if lasted_s > 0.0 else 0.0
    each_j = (pausing.pause_s + pausing.resume_s) * power_w + pausing.energy_j
    return min(energy_j, pauses * each_j)


def _in_force(course: Course, at: datetime) -> Decision | None:
    """Return the last decision made up to a moment."""
    return next((d for d in reversed(course.decisions) if d.at <= at), None)


def _began_by(begun: JobEvent, made: Decision) -> bool:
    """Return whether a job began as was decided: there, and not before its time."""
    if begun.facts.get("run_now") is True:
        return False
    chosen: Mapping[str, Any] = made.chosen or {}
    if chosen.get("place") not in (None, begun.place):
        return False
    first = next(iter(chosen.get("segments", ())), None)
    return first is None or begun.at >= datetime.fromisoformat(first[0]) - EARLY


def _kinds(decision: Decision) -> set[str]:
    places: Any = decision.inputs.get("places", ())
    forecasts = [p["forecast"] for p in places if p.get("forecast")]
    return {str(f.get("kind", "")) for f in forecasts}
