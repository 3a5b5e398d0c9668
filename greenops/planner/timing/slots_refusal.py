"""Why a job fits nowhere even with pauses, with the smallest change that would do."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from greenops.errors import NoFeasiblePlanError
from greenops.planner.timing.curve import SLIVER_S
from greenops.planner.timing.packing import Spans, most_work_s, usable_spans
from greenops.planner.timing.problem import Problem
from greenops.planner.timing.refusal import deadline_later
from greenops.planner.words import span

PRECISION_S = 1e-4


def no_slots(problem: Problem) -> NoFeasiblePlanError:
    """Return the error for a job that fits nowhere, with pauses or without.

    If there is time enough, a limit to pausing is named where lifting it alone would
    do, or else the horizon or the unknown hours.
    """
    work_s, first_s = problem.task.duration_s, problem.pauses.first_s
    room_s = problem.deadline_s - problem.earliest_s - first_s
    later = _later(problem)
    if room_s < work_s - SLIVER_S:
        lacks = deadline_later(work_s - room_s)
        return NoFeasiblePlanError(
            f"{span(work_s + first_s)} of work and resuming do not fit into the "
            f"{span(max(0.0, room_s + first_s))} before the deadline",
            binding="deadline",
            change=later or f"{lacks}, with a forecast that reaches it",
        )
    spans = usable_spans(problem.curve, problem.earliest_s, problem.deadline_s)
    what, binding, change = _limit(problem, spans) or _not_known(problem, spans)
    if later:
        change = f"{later}, or {change}"
    return NoFeasiblePlanError(what, binding=binding, change=change)


def _limit(problem: Problem, spans: Spans) -> tuple[str, str, str] | None:
    """Return the limit to pausing in the way: words, name, change; None: it is none."""
    pauses, work_s = problem.pauses, problem.task.duration_s
    fewest = (replace(pauses, max_pauses=n) for n in count())
    what = f"{span(work_s)} of work fit into the known hours before the deadline, but "
    if most_work_s(spans, replace(pauses, max_pauses=None)) >= work_s:
        needed = next(p.max_pauses for p in fewest if most_work_s(spans, p) >= work_s)
        return f"{what}not with so few pauses", "max pauses", f"{needed} pauses allowed"
    if most_work_s(spans, replace(pauses, min_run_s=0.0)) >= work_s:
        longest_s = pauses.min_run_s - _least(
            lambda less_s: (
                most_work_s(spans, replace(pauses, min_run_s=pauses.min_run_s - less_s))
                >= work_s
            ),
            pauses.min_run_s,
        )
        change = f"stretches of {span(longest_s, down=True)} allowed"
        return f"{what}not in stretches so long", "min run", change
    if most_work_s(spans, replace(pauses, pause_s=0.0, resume_s=0.0)) >= work_s:
        change = "pausing and resuming that take less time"
        return f"{what}not with its pauses", "pause cost", change
    return None


def _not_known(problem: Problem, spans: Spans) -> tuple[str, str, str]:
    """Return what is not known although it matters: words, name, change."""
    curve, work_s = problem.curve, problem.task.duration_s
    lacks_s = work_s - most_work_s(spans, problem.pauses)
    what = (
        f"{span(work_s)} of work are {span(lacks_s)} more than fit into the known "
        "hours before the deadline"
    )
    beyond_s = problem.deadline_s - max(curve.stop_s, problem.earliest_s)
    if lacks_s <= beyond_s + SLIVER_S:
        return what, "horizon", f"a forecast at least {span(lacks_s)} longer"
    return what, "unknown hours", f"the intensity of {span(lacks_s)} more"


def _later(problem: Problem) -> str:
    """Return the later deadline that would do on this curve; empty: none would."""

    def enough(by_s: float) -> bool:
        spans = usable_spans(
            problem.curve, problem.earliest_s, problem.deadline_s + by_s
        )
        return most_work_s(spans, problem.pauses) >= problem.task.duration_s

    most_s = problem.curve.stop_s - problem.deadline_s
    if most_s <= 0 or not enough(most_s):
        return ""
    return deadline_later(_least(enough, most_s))


def _least(enough: Callable[[float], bool], most: float) -> float:
    """Return the least amount that is enough, given that `most` is one."""
    least = 0.0
    while most - least > PRECISION_S:
        middle = (least + most) / 2
        least, most = (least, middle) if enough(middle) else (middle, most)
    return most
