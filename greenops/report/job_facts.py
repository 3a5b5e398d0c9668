"""What is known of one submitted job, and what its events say of its attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from greenops.model import (
    AttemptRun,
    Decision,
    IntensityKind,
    JobEvent,
    JobSpec,
    JobState,
    Realised,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFacts:
    """One go at a job, as its events tell it.

    Attributes:
        place: Where.
        handed_over_at: When it was given to an executor.
        began_at: When it was first seen running; None: never.
        ended_at: When it was seen to be over; None: it is not.
        exit_code, exit_signal: How the command ended; None: nobody knows, or it has
            not.
        run_id: Its measured run; None: there is none that is known.
        handle: What the engine calls it: a process, a Slurm job.
    """

    attempt_id: str
    place: str | None
    handed_over_at: datetime
    began_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    run_id: str | None = None
    handle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeJob:
    """All that is known of a job.

    Attributes:
        spec: As submitted; what looks like a secret is masked.
        events: The oldest first; never empty.
        decisions: The oldest first.
        runs: Measured; the oldest first.
        outcomes: By kind of intensity, which never mix.
        log: Where what it writes lies, where it runs on this machine.
    """

    job_id: str
    spec: JobSpec
    events: Sequence[JobEvent]
    decisions: Sequence[Decision]
    runs: Sequence[AttemptRun]
    outcomes: Mapping[IntensityKind, Realised]
    log: str

    @property
    def last(self) -> JobEvent:
        """The event that says how it stands."""
        return self.events[-1]

    def run_of(self, attempt: AttemptFacts) -> AttemptRun | None:
        """Return the measured run of an attempt; None: there is none."""
        return next((r for r in self.runs if r.run_id == attempt.run_id), None)


def attempts_of(events: Sequence[JobEvent]) -> list[AttemptFacts]:
    """Return the attempts at a job in their order.

    Args:
        events: All of its events, the oldest first.
    """
    found: dict[str, AttemptFacts] = {}
    for event in events:
        if event.attempt_id is None:
            continue
        known = found.get(event.attempt_id) or AttemptFacts(
            attempt_id=event.attempt_id, place=event.place, handed_over_at=event.at
        )
        found[event.attempt_id] = _told(known, event)
    return [*found.values()]


def _told(known: AttemptFacts, event: JobEvent) -> AttemptFacts:
    """Return an attempt with what one event says of it; a first word stays."""
    if known.ended_at is not None:  # events of waiting between two attempts name it
        return known
    runs = event.state is JobState.RUNNING
    return replace(
        known,
        began_at=known.began_at or (event.at if runs else None),
        ended_at=None if event.facts.get("live") else event.at,
        exit_code=_whole(event, "exit_code"),
        exit_signal=_whole(event, "exit_signal"),
        run_id=_text(event, "run_id") or known.run_id,
        handle=_text(event, "handle") or known.handle,
    )


def _whole(event: JobEvent, name: str) -> int | None:
    value = event.facts.get(name)
    return value if isinstance(value, int) else None


def _text(event: JobEvent, name: str) -> str | None:
    value = event.facts.get(name)
    return value if isinstance(value, str) else None
