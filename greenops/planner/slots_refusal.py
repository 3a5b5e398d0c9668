"""Why a job fits nowhere even with pauses, with the smallest change that would do."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from greenops.errors import NoFeasiblePlanError
from greenops.planner.curve import SLIVER_S
from greenops.planner.packing import Spans, most_work_s, usable_spans
from greenops.planner.problem import Problem
from greenops.planner.refusal import deadline_later
from greenops.planner.words import span


def no_slots(problem: Problem) -> NoFeasiblePlanError:
    """Return the error for a job that fits nowhere, with pauses or without.

    A limit to pausing is named where lifting it alone would do; else it is the
    deadline, the horizon or the unknown hours.
    """
    spans = usable_spans(problem.curve, problem.earliest_s, problem.deadline_s)
    work_s = problem.task.duration_s
    what, binding, change = _limit(problem, spans) or _time(problem, spans)
    later = _later(problem)
    if binding == "deadline":
        lacks_s = work_s + problem.pauses.first_s
        lacks_s -= problem.deadline_s - problem.earliest_s
        change = later or f"{deadline_later(lacks_s)}, with a forecast that reaches it"
    elif later:
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


def _time(problem: Problem, spans: Spans) -> tuple[str, str, str]:
    """Return what time is missing: words, name, change."""
    curve, work_s = problem.curve, problem.task.duration_s
    room_s = problem.deadline_s - problem.earliest_s - problem.pauses.first_s
    needs = f"{span(work_s)} of work"
    if room_s <= 0:
        return f"{needs} may start only after the deadline", "deadline", ""
    if room_s < work_s - SLIVER_S:
        what = f"{needs} do not fit into the {span(room_s)} before the deadline"
        return what, "deadline", ""
    lacks_s = work_s - most_work_s(spans, problem.pauses)
    what = f"{needs} are {span(lacks_s)} more than what is known before the deadline"
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
    """Return the least amount that is enough, to a second, given that `most` is."""
    least = 0.0
    while most - least > 1.0:
        middle = (least + most) / 2
        least, most = (least, middle) if enough(middle) else (middle, most)
    return most
