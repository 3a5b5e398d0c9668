"""Why the work of an elastic job fits nowhere, with the smallest change that would."""

import numpy as np
from numpy.typing import ArrayLike

from greenops.errors import NoFeasiblePlanError
from greenops.planner.timing.curve import Curve
from greenops.planner.timing.elastic_job import Elastic
from greenops.planner.timing.openings import Openings, openings
from greenops.planner.timing.refusal import deadline_later
from greenops.planner.words import span


def most_work(job: Elastic, slots: Openings) -> float:
    """Return how much of a job's work slots hold, on the fastest number of GPUs."""
    return sum(job.fastest(gpus) * length_s for _, gpus, length_s in slots.rows())


def no_shares(
    curve: Curve,
    job: Elastic,
    earliest_s: float,
    deadline_s: float,
    free_gpus: ArrayLike | None,
) -> NoFeasiblePlanError:
    """Return the error for an elastic job whose work does not fit between two times.

    Args:
        curve: On which it does not fit.
        job: Its work, and how that scales.
        earliest_s: It may start then or later.
        deadline_s: It has to be done by then.
        free_gpus: In each slot of the curve; None: enough.
    """
    fastest = job.fastest(job.most_gpus)
    least_s = job.work / fastest
    room_s = max(0.0, deadline_s - earliest_s)
    known_s = most_work(job, openings(curve, earliest_s, deadline_s)) / fastest
    later = _later(curve, job, earliest_s, deadline_s, free_gpus)
    what = f"the work takes {span(least_s)} on the fastest number of GPUs, "
    if room_s < least_s:
        what += f"and there are {span(room_s)} before the deadline"
        reach = f"{deadline_later(least_s - room_s)}, with a forecast that reaches it"
        return NoFeasiblePlanError(what, binding="deadline", change=later or reach)
    if free_gpus is not None and known_s >= least_s:
        binding = "capacity"
        more = _more_gpus(curve, job, earliest_s, deadline_s, free_gpus)
        what += "which are not free for long enough"
        change = f"{more} more GPUs free throughout"
    else:
        lacks_s = least_s - known_s
        what += f"{span(lacks_s)} more than the known hours before the deadline"
        beyond_s = deadline_s - max(curve.stop_s, earliest_s)
        binding, change = "unknown hours", f"the intensity of {span(lacks_s)} more"
        if lacks_s <= beyond_s:
            binding, change = "horizon", f"a forecast at least {span(lacks_s)} longer"
    return NoFeasiblePlanError(
        what, binding=binding, change=f"{later}, or {change}" if later else change
    )


def _more_gpus(
    curve: Curve,
    job: Elastic,
    earliest_s: float,
    deadline_s: float,
    free_gpus: ArrayLike | None,
) -> int:
    """Return how many more GPUs in every slot would do; with the most, it fits."""
    for more in range(1, job.most_gpus):
        raised = np.asarray(free_gpus) + more
        if most_work(job, openings(curve, earliest_s, deadline_s, raised)) >= job.work:
            return more
    return job.most_gpus


def _later(
    curve: Curve,
    job: Elastic,
    earliest_s: float,
    deadline_s: float,
    free_gpus: ArrayLike | None,
) -> str:
    """Return the later deadline that would do on this curve; empty: none would."""
    slots = openings(curve, earliest_s, max(curve.stop_s, deadline_s), free_gpus)
    work = job.work
    for (_, gpus, length_s), start_s in zip(slots.rows(), slots.start_s, strict=True):
        per_s = job.fastest(gpus)
        if per_s * length_s >= work:
            return deadline_later(float(start_s) + work / per_s - deadline_s)
        work -= per_s * length_s
    return ""
