"""What is to become of a job that is being submitted, before the daemon has seen it.

Planned with the daemon's own code on what is known here and now, alone: the daemon
plans it again among all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from greenops.agent.estimates import Estimate
from greenops.agent.intent import Intent
from greenops.agent.lifecycle import submitted
from greenops.agent.planning import Candidate, candidate
from greenops.agent.replan import Situation, replan
from greenops.agent.standing import Job
from greenops.errors import JobRefusedError
from greenops.model import Decision, JobEvent, JobSpec, Place, Plan, Refusal

CAUSE = "submission"
FOR_GOOD = frozenset({"allowed places", "residency", "size"})
"""Rules that no waiting changes: nobody should learn of them tomorrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A submission with the plan that its owner is told.

    Attributes:
        first: Its first event.
        who: The job as it was planned.
        intent: What is meant; None: no place can be used now.
        plan: With costs and reason; None: there is none, as `intent` says.
        decisions: To be written down for it; one or none.
    """

    first: JobEvent
    who: Candidate
    intent: Intent | None
    plan: Plan | None
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A job somebody submits.

    Attributes:
        job_id: A new one.
        spec: As asked for.
        by_user: Who.
        held: It waits to be released.
        run_now: It is to run at once, whatever the hours are like.
    """

    job_id: str
    spec: JobSpec
    by_user: str
    held: bool = False
    run_now: bool = False


def foreseen(
    asking: Asking,
    estimate: Estimate,
    places: Sequence[Place],
    *,
    home: str,
    now: datetime,
    version: str,
) -> Foreseen:
    """Return what is meant for a job that is being submitted.

    Args:
        asking: The job.
        estimate: What it takes.
        places: Usable now, with forecasts and what is free.
        home: Where it would run at once.
        now: Aware.
        version: Of greenops.

    Raises:
        JobRefusedError: it can never run as it stands; says what would do.
        MixedSignalsError: forecasts of two kinds of intensity.
    """
    first = submitted(
        asking.job_id,
        now,
        asking.by_user,
        held=asking.held,
        run_now=asking.run_now,
    )
    job = Job(job_id=asking.job_id, spec=asking.spec, last=first)
    who = candidate(job, estimate, submitted_at=now, home=home, now=now)
    check_deadline(asking.spec, who, places)
    situation = Situation(
        now=now, cause=CAUSE, places=tuple(places), standing={}, version=version
    )
    planned = replan([who], situation)
    told = planned.told.get(asking.job_id)
    if isinstance(told, Refusal) and told.binding in FOR_GOOD:
        why = f"no place may ever run it ({told.detail}); what would do: {told.change}"
        raise JobRefusedError(why.replace(asking.job_id, asking.spec.name))
    return Foreseen(
        first=first,
        who=who,
        intent=planned.intents.get(asking.job_id),
        plan=told if isinstance(told, Plan) else None,
        decisions=planned.decisions,
    )


def check_deadline(spec: JobSpec, who: Candidate, places: Sequence[Place]) -> None:
    """Refuse a deadline that even the shortest run, begun at once, would miss.

    Args:
        spec: The job.
        who: The same, as it can be planned now.
        places: Where it may run, as far as its `places` allow.

    Raises:
        JobRefusedError: it would; says the earliest one that can be met.
    """
    planned = who.planned
    allowed = [p.speed for p in places if not spec.places or p.name in spec.places]
    speed = max(allowed, default=1.0)
    soonest = planned.earliest + timedelta(seconds=planned.duration_s.low / speed)
    if spec.deadline is None or not spec.hard or soonest <= spec.deadline:
        return
    sure = planned.earliest + timedelta(seconds=planned.duration_s.high / speed)
    raise JobRefusedError(
        f"the deadline {_said(spec.deadline)} cannot be met: begun at"
        f" {_said(planned.earliest)} it is done at {_said(soonest)} at the soonest; the"
        f" earliest deadline that can be met for sure is {_said(sure)} ({who.said})"
    )


def _said(at: datetime) -> str:
    """Return a moment to the second: deadlines of minutes are deadlines, too."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
