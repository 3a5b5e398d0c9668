"""How a job is submitted, and what its owner is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from greenops.agent.submission import Foreseen
from greenops.model import JobSpec, Place

Asked = tuple[JobSpec, Mapping[str, str]]
"""A job, and variables of its own beside those it is submitted with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a job is submitted.

    Attributes:
        held: It waits to be released.
        now: It is to run at once, whatever the hours are like.
        dry_run: Nothing is written.
    """

    held: bool = False
    now: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A job that was submitted, or would be.

    Attributes:
        job_id: Its id.
        spec: As asked for.
        foreseen: Its plan, made alone, before the daemon weighs it among others.
        places: Those it was planned over, with their forecasts.
        daemon: Whether one works on the ledger.
        notes: What its owner should know.
    """

    job_id: str
    spec: JobSpec
    foreseen: Foreseen
    places: tuple[Place, ...]
    daemon: bool
    notes: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why it is planned so, in words."""
        intent = self.foreseen.intent
        if intent is None:
            return "no place can be used now: it starts as soon as there is one"
        return intent.why.replace(self.job_id, self.spec.name)

    @property
    def place(self) -> str | None:
        """Where it is to run; None: where there is room first."""
        intent = self.foreseen.intent
        return None if intent is None else intent.place

    @property
    def starts_at(self) -> datetime | None:
        """When it is to start; None: as soon as there is room."""
        intent = self.foreseen.intent
        return None if intent is None else intent.start

    @property
    def latest_start(self) -> datetime:
        """By then it starts, however clean the hours to come are."""
        return self.foreseen.who.latest_start

    @property
    def saved_g(self) -> float | None:
        """Expected emissions below running at once, in g; None: not known."""
        plan = self.foreseen.plan
        return None if plan is None else plan.saved_g
