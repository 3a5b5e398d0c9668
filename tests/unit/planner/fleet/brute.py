"""The best plan of a tiny fleet by trying everything, second by second."""

from itertools import combinations
from math import ceil, inf

import numpy as np


def best(where, jobs):
    """Return who is served, in order of serving, and the least cost of all served."""
    order = jobs.order().tolist()
    choices = [_choices(where, jobs, job) for job in order]
    free = np.maximum(where.free_units, 0.0)
    return _best(choices, [jobs.units[job] for job in order], free)


def _best(choices, units, free):
    if not choices:
        return (), 0.0
    found = [
        ((False, *served), cost_g)
        for served, cost_g in [_best(choices[1:], units[1:], free)]
    ]
    for (place, slots), cost_g in choices[0].items():
        at = list(slots)
        if (free[place, at] >= units[0]).all():
            free[place, at] -= units[0]
            served, rest_g = _best(choices[1:], units[1:], free)
            free[place, at] += units[0]
            found.append(((True, *served), cost_g + rest_g))
    return max(found, key=lambda each: (each[0], -each[1]))


def _choices(where, jobs, job):
    """Return the least cost for each place and set of slots that would be held."""
    found: dict[tuple[int, tuple[int, ...]], float] = {}
    for place in np.flatnonzero(jobs.allowed[job]).tolist():
        runs = [*_stretches(where, jobs, job, place), *_paused(where, jobs, job, place)]
        for slots, cost_g in runs:
            key = (place, tuple(slots))
            found[key] = min(found.get(key, inf), cost_g)
    return found


def _stretches(where, jobs, job, place):
    duration_s = int(jobs.duration_s[job, place])
    hard = np.isinf(jobs.late_g_per_s[job])
    horizon_s = int(where.horizon_s)
    last_s = min(jobs.deadline_s[job], horizon_s) if hard else horizon_s
    for start_s in range(
        int(jobs.earliest_s[job, place]), int(last_s) - duration_s + 1
    ):
        seconds = range(start_s, start_s + duration_s)
        slot_of = [int(second // where.slot_s) for second in seconds]
        rates = where.rate_g_per_j[place, slot_of]
        if not np.isnan(rates).any():
            late_s = max(start_s + duration_s - jobs.deadline_s[job], 0.0)
            cost_g = jobs.fixed_g[job, place] + jobs.power_w[job, place] * rates.sum()
            cost_g += late_s * jobs.late_g_per_s[job] if late_s else 0.0
            yield sorted(set(slot_of)), cost_g


def _paused(where, jobs, job, place):
    h = where.slot_s
    first = ceil(jobs.earliest_s[job, place] / h)
    stop = int(min(jobs.deadline_s[job], where.horizon_s) // h)
    count = ceil(jobs.duration_s[job, place] / h)
    if not jobs.may_pause[job] or count < 2:
        return
    for slots in combinations(range(first, stop), count):
        rates = where.rate_g_per_j[place, list(slots)]
        if not np.isnan(rates).any():
            spare_s = count * h - jobs.duration_s[job, place]
            power_w = jobs.power_w[job, place]
            run_g = power_w * (rates.sum() * h - rates.max() * spare_s)
            yield slots, jobs.fixed_g[job, place] + run_g
