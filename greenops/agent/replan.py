"""Plans all jobs anew on what is known now, and says why: the audit trail.

The head of the queue is planned with everything that the planner weighs: pauses,
transfers, capacity, reasons. What comes behind is planned in arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from greenops.agent.intent import Grid, Intent, settled
from greenops.agent.planning import Candidate
from greenops.agent.trail import (
    canonical,
    chosen,
    considered,
    fingerprint_of_parts,
    inputs_of,
    job_inputs,
)
from greenops.agent.words import BLIND
from greenops.model import Decision, Place, Plan, Refusal, Segment
from greenops.planner.committed import without
from greenops.planner.plan import Standing, plan_jobs

AFFORDED = 32.0
"""How much planning is done with everything at once, about a second of it."""
PLAIN, WITH_PAUSES = 1.0, 8.0
"""What planning a job costs; measured, one with pauses takes about nine times a plain
one."""
SEEN_FOR = timedelta(minutes=15)
AT_ONCE_IF = frozenset({"unknown hours", "horizon", "deadline"})
"""Rules that make waiting senseless: nothing is known of it, or no time is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is planned on.

    Attributes:
        now: Aware.
        cause: Why it is planned.
        places: Usable ones, with forecasts and what is free beside what is committed.
        standing: What was meant before, by job.
        version: Of greenops.
    """

    now: datetime
    cause: str
    places: tuple[Place, ...]
    standing: Mapping[str, Intent]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """What is meant from now on, and the decisions to be written down for it.

    `told` has the plan or the refusal of each job that was planned with everything.
    """

    intents: Mapping[str, Intent]
    decisions: tuple[Decision, ...]
    told: Mapping[str, Plan | Refusal] = field(default_factory=dict)


def replan(candidates: Sequence[Candidate], situation: Situation) -> Replanned:
    """Return what is meant for each job; a decision where that is news.

    Args:
        candidates: All that can be planned now.
        situation: What is known.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases.
    """
    if not situation.places:
        return Replanned(intents={}, decisions=())
    head, tail = _split(candidates)
    plans, refusals = plan_jobs(
        [c.planned for c in head],
        situation.places,
        now=situation.now,
        paused_at={c.job.job_id: c.paused_at for c in head if c.paused_at},
        seen_for=SEEN_FOR,
        standing={c.job.job_id: s for c in head if (s := _standing(c, situation))},
    )
    intents = {p.job: _of_plan(p) for p in plans}
    intents |= {r.job: _of_refusal(r) for r in refusals}
    left = _less(situation.places, plans)
    grids = {p.name: Grid.of(p) for p in situation.places}
    meant = _queued(tail, left, situation.now)
    for each in tail:
        job_id = each.job.job_id
        before = _waited_by(job_id, situation)
        if before is not None and before.alone:
            before = None  # what it left of the room for others, nobody asked
        intents[job_id] = settled(meant[job_id], before, each, grids, situation.now)
    told: dict[str, Plan | Refusal] = {p.job: p for p in plans}
    told |= {r.job: r for r in refusals}
    decisions = _decisions(candidates, intents, told, situation)
    return Replanned(intents=intents, decisions=decisions, told=told)


def _queued(
    tail: Sequence[Candidate], places: Sequence[Place], now: datetime
) -> dict[str, Intent]:
    if not tail:
        return {}
    # Loaded where there is a queue: a single job is told sooner.
    from greenops.agent.queue import queue_intents

    return queue_intents(tail, places, now)


def _split(
    candidates: Sequence[Candidate],
) -> tuple[list[Candidate], list[Candidate]]:
    """Return those that are planned with everything, and those in arrays."""
    head: list[Candidate] = []
    tail: list[Candidate] = []
    spent = 0.0
    for each in sorted(candidates, key=lambda c: (not c.running, c.latest_start)):
        spent += WITH_PAUSES if each.planned.interruptible else PLAIN
        if spent <= AFFORDED:
            head.append(each)
        elif not each.running:  # one that runs on is no harm
            tail.append(each)
    return head, tail


def _standing(who: Candidate, situation: Situation) -> Standing | None:
    """Return the plan that a job waits by; None: it has none, or it runs."""
    meant = _waited_by(who.job.job_id, situation)
    if who.running or meant is None or meant.place is None or not meant.spells:
        return None
    gpus = who.planned.gpus
    spells = [Segment(start=a, stop=b, gpus=gpus) for a, b in meant.spells]
    return Standing(place=meant.place, segments=tuple(spells))


def _waited_by(job_id: str, situation: Situation) -> Intent | None:
    """Return the plan that a job keeps to; one that only waits for room is none.

    It would go on waiting for its hour, as clean as this one, when there is room again.
    """
    meant = situation.standing.get(job_id)
    return meant if meant is not None and meant.gains else None


def _of_plan(plan: Plan) -> Intent:
    chosen = plan.chosen
    return Intent(
        place=chosen.place,
        spells=tuple((s.start, s.stop) for s in chosen.segments),
        why=plan.reason.words,
        cost_g=chosen.cost.total_g.central,
        saved_g=plan.saved_g,
    )


def _of_refusal(refusal: Refusal) -> Intent:
    if refusal.binding in AT_ONCE_IF:
        blind = refusal.binding != "deadline"
        why = f"{BLIND if blind else 'no time is left to wait'} ({refusal.detail})"
        return Intent(place=None, spells=(), why=why)
    why = f"no place may have it now: {refusal.detail}; what would do: {refusal.change}"
    return Intent(place=None, spells=(), why=why)


def _less(places: Sequence[Place], plans: Sequence[Plan]) -> tuple[Place, ...]:
    left = list(places)
    for plan in plans:
        left = [
            without(p, plan.chosen.segments) if p.name == plan.chosen.place else p
            for p in left
        ]
    return tuple(left)


def _decisions(
    candidates: Sequence[Candidate],
    intents: Mapping[str, Intent],
    told: Mapping[str, Plan | Refusal],
    situation: Situation,
) -> tuple[Decision, ...]:
    inputs = inputs_of(situation.places)
    shared = canonical(inputs)
    found = []
    for each in candidates:
        job_id = each.job.job_id
        intent, before = intents.get(job_id), situation.standing.get(job_id)
        if intent is None or intent.same_as(before):
            continue
        job, by = job_inputs(each, before), told.get(job_id)
        found.append(
            Decision(
                job_id=job_id,
                at=situation.now,
                cause=situation.cause,
                inputs_sha256=fingerprint_of_parts(shared, job),
                inputs=inputs,
                candidates=considered(each, intent, by),
                chosen=chosen(intent, by if isinstance(by, Plan) else None),
                reason=f"{intent.why} ({each.said})" if each.said else intent.why,
                predicted_saved_g=intent.saved_g,
                greenops_version=situation.version,
                job=job,
            )
        )
    return tuple(found)
