"""What has to be known of a job beside its state, carried along in its events.

So the last event alone says what comes next, to whichever daemon reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from greenops.agent.arrows import checked
from greenops.model import JobEvent, JobSpec, JobState

Facts = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the events of a job carry along.

    Attributes:
        attempts: Handed over so far; the last one's number.
        live: Its last attempt may be with an executor.
        began: That attempt was seen running.
        resume: A checkpoint may be there to go on from.
        frozen: That attempt is stopped (SIGSTOP), and keeps its memory.
        thawing: It was frozen, and is to go on.
        hold: Once it has stopped it is to be held.
        run_now: A person wants it run at once, and it is not paused for the plan.
        signalled_s: When it was told to write a checkpoint; epoch seconds.
        not_before_s: It is not attempted before; epoch seconds.
        loops: How often in a row it asked at once to be run again.
        refusals: How often in a row an executor refused it.
        ran_s: How long its attempts ran so far, all together, frozen or not.
    """

    attempts: int = 0
    live: bool = False
    began: bool = False
    resume: bool = False
    frozen: bool = False
    thawing: bool = False
    hold: bool = False
    run_now: bool = False
    signalled_s: float | None = None
    not_before_s: float | None = None
    loops: int = 0
    refusals: int = 0
    ran_s: float = 0.0

    def facts(self) -> dict[str, Any]:
        """Return what is not at its default, as facts of an event."""
        values = {name: getattr(self, name) for name in _CARRIED}
        return {name: v for name, v in values.items() if v != _CARRIED[name]}

    def ended(self, **changed: Any) -> "Standing":  # noqa: ANN401 - fields of this
        """Return it once its attempt is over, with other changes."""
        over = replace(
            self,
            live=False,
            began=False,
            frozen=False,
            thawing=False,
            signalled_s=None,
        )
        return replace(over, **changed)


_CARRIED = {f.name: f.default for f in fields(Standing)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as its last event left it."""

    job_id: str
    spec: JobSpec
    last: JobEvent

    @property
    def state(self) -> JobState:
        """How it stands."""
        return self.last.state

    @property
    def standing(self) -> Standing:
        """What its last event carries; facts of another kind are left out."""
        facts = self.last.facts
        return Standing(**{k: v for k, v in facts.items() if k in _CARRIED})  # type: ignore[arg-type]

    def then(
        self,
        state: JobState,
        why: str,
        now: datetime,
        standing: Standing,
        *,
        attempt_id: str | None = None,
        place: str | None = None,
        facts: Facts | None = None,
    ) -> JobEvent:
        """Return the event that comes next.

        Args:
            state: How it stands then.
            why: In one sentence.
            now: Aware.
            standing: Carried on.
            attempt_id: None: as before.
            place: None: as before.
            facts: Of this event alone.

        Raises:
            IllegalArrowError: no arrow leads to that state.
        """
        return JobEvent(
            job_id=self.job_id,
            seq=self.last.seq + 1,
            at=now,
            state=checked(self.state, state),
            why=why,
            attempt_id=attempt_id or self.last.attempt_id,
            place=place or self.last.place,
            facts={**standing.facts(), **(facts or {})},
        )
