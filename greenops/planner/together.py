"""Plans for several jobs that compete for what is free.

A priority is planned before the lower ones, which never take anything from it: neither
its room nor its hours. Within a priority the jobs take their turn first. Where that
costs one of them what it could have had alone, they are planned again: with the room of
each kept where a fleet planned as one would put it, and with the plans that stand kept.
The best of these is taken: who is served counts before what it weighs.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from greenops.errors import PlanError
from greenops.model import (
    IntensityPoint,
    Objective,
    Place,
    Plan,
    PlannedJob,
    Refusal,
)
from greenops.planner.committed import has_room
from greenops.planner.in_turn import Asked, Left, Round, in_turn, turn
from greenops.planner.place import NOISE
from greenops.planner.renew import renewing
from greenops.planner.route import SEEN_FOR
from greenops.planner.seats import Open, seats
from greenops.planner.stood import Standing
from greenops.planner.weighing import open_sites


def plan_jobs(
    jobs: Sequence[PlannedJob],
    places: Sequence[Place],
    *,
    now: datetime,
    objective: Objective | None = None,
    paused_at: Mapping[str, str] | None = None,
    seen_for: timedelta = SEEN_FOR,
    standing: Mapping[str, Plan | Standing] | None = None,
    past: Mapping[str, Sequence[IntensityPoint]] | None = None,
) -> tuple[tuple[Plan, ...], tuple[Refusal, ...]]:
    """Return a plan or a refusal for every job, no GPU and no gram promised twice.

    Both are by priority, then by deadline, then as the jobs are given; what they say
    does not depend on how the jobs are given.

    Args:
        jobs: Each of a name of its own.
        places: Each with its forecast, and what is free beside all that is committed.
        now: Nothing is planned before.
        objective: None: carbon alone, without a budget.
        paused_at: Place where a job lies paused, by its name.
        seen_for: How long what monitoring saw of a place stays true.
        standing: The plans so far, by job: each is kept unless another is better by a
            margin, and hours are weighed as those of plans that will be renewed. None:
            the plans are made once.
        past: What came lately by place, about four weeks: where a forecast is too old,
            or missing, plans that are renewed go by the habit of both.

    Raises:
        MixedSignalsError: forecasts of average and marginal intensity, or of two bases.
        PlanError: two jobs or two places bear one name.
        SignalError: two intensities are stated for one moment of a forecast.
    """
    if len({j.name for j in jobs}) < len(jobs):
        raise PlanError("two jobs bear one name; give each a name of its own")
    left = Left(places=tuple(places), objective=objective or Objective())
    asked = Asked(
        now=now,
        paused_at=paused_at or {},
        seen_for=seen_for,
        standing=standing,
        past=past or {},
        untouched={p.name: p for p in places},
    )
    found: dict[str, Plan | Refusal] = {}
    for _, peers in groupby(sorted(jobs, key=turn), key=lambda j: j.priority):
        best = planned_together(tuple(peers), left, asked)
        found |= {name: each.found for name, each in best.answers.items()}
        left = best.left
    given = [
        found[j.name] for j in sorted(jobs, key=lambda j: (-j.priority, j.deadline))
    ]
    return (
        tuple(f for f in given if isinstance(f, Plan)),
        tuple(f for f in given if isinstance(f, Refusal)),
    )


def planned_together(peers: Sequence[PlannedJob], left: Left, asked: Asked) -> Round:
    """Return the best plans of jobs of one priority, as `best_of` has it.

    Args:
        peers: In the order of their turns.
        left: What those of higher priorities have left.
        asked: Under what terms.
    """
    turns = in_turn(peers, left, asked)
    if not any(_costs(job, turns, left, asked) for job in turns.crowded):
        return turns
    best = turns
    if standing := _standing(peers, turns, left, asked):
        # What stands is what the others must be better than, not the other way round.
        best = best_of(in_turn(peers, left, asked, standing), turns, asked)
    if fleet := _fleet(peers, left, asked):
        best = best_of(best, in_turn(peers, left, asked, fleet), asked)
    return best


def best_of(one: Round, other: Round, asked: Asked) -> Round:
    """Return the round that serves more, or weighs less; `one` if they are equal.

    A round serves more if it serves the first job, in the order of their turns, that
    just one of them does. Plans that are renewed must gain what single plans must
    before they are changed: the sum of that over those that change.
    """
    gain_g, least_gain_g = 0.0, 0.0
    for name, old in one.answers.items():
        new = other.answers[name]
        served, serves = (isinstance(a.found, Plan) for a in (old, new))
        if served != serves:
            return other if serves else one
        if isinstance(old.found, Plan) and isinstance(new.found, Plan):
            gain_g += old.weight_g - new.weight_g
            if _differ(old.found, new.found):
                share = NOISE if asked.standing is None else new.least_gain
                least_gain_g += max(share, NOISE) * abs(old.weight_g)
    return other if gain_g > least_gain_g else one


def _costs(job: PlannedJob, turns: Round, left: Left, asked: Asked) -> bool:
    """Say whether a job would be better off if there were no others."""
    alone, given = asked.answer(job, left), turns.answers[job.name]
    if not (isinstance(alone.found, Plan) and isinstance(given.found, Plan)):
        return isinstance(alone.found, Plan)
    return given.weight_g > alone.weight_g + NOISE * abs(alone.weight_g)


def _fleet(
    peers: Sequence[PlannedJob], left: Left, asked: Asked
) -> dict[str, Standing]:
    """Return the room of each job if all are planned as one fleet."""
    opened = []
    for job in peers:
        terms = asked.terms(job, left.objective)
        if asked.standing is not None:
            terms = renewing(job, left.places, terms)
        opened.append(Open(job=job, found=open_sites(job, left.places, terms)))
    return seats(opened, left.places, asked.now, left.objective)


def _standing(
    peers: Sequence[PlannedJob], turns: Round, left: Left, asked: Asked
) -> dict[str, Standing]:
    """Return the room of each job by the plan that stands.

    None is kept in the way of a job that has begun and has no plan that stands: it may
    be running, and is not to be paused for the sake of a plan.
    """
    for job in peers:
        began = turns.answers[job.name].found
        if job.name in asked.paused_at and job.name not in (asked.standing or {}):
            left = left.after(job, began.chosen) if isinstance(began, Plan) else left
    places, found = {p.name: p for p in left.places}, {}
    for job in peers:
        stood = (asked.standing or {}).get(job.name)
        if isinstance(stood, Plan):
            chosen = stood.chosen
            stood = Standing(place=chosen.place, segments=chosen.segments)
        if stood is not None and stood.place in places:
            ahead = tuple(s for s in stood.segments if s.stop > asked.now)
            if has_room(places[stood.place], ahead, asked.now):
                found[job.name] = stood
    return found


def _differ(one: Plan, other: Plan) -> bool:
    a, b = one.chosen, other.chosen
    return (a.place, a.segments) != (b.place, b.segments)
