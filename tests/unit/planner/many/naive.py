"""One job after the other, place by place, start by start; and drawn jobs for it."""

import numpy as np
from hypothesis import strategies as st

from greenops.planner.many.problem import ManyJobs, Rates

CLOSE = 1e-6


@st.composite
def many(draw, jobs=6):
    """Draw places, some of them alike, and jobs whose bounds lie within slots."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    places, slots = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    rate = rng.integers(-3, 10, (places, slots)).astype(float)
    rate[rng.random(rate.shape) < 0.15] = np.nan
    if draw(st.booleans()):
        rate[-1] = rate[0]
    fixed_g = rng.integers(0, 30, (jobs, places)).astype(float)
    unit_s = draw(st.sampled_from([1.0, 0.1, 1 / 3, 2.5]))
    return Rates(slot_s=10.0, rate_g_per_j=rate), ManyJobs(
        duration_s=rng.integers(1, 60, jobs) * unit_s,
        power_w=rng.integers(0, 4, jobs).astype(float),
        earliest_s=rng.integers(0, 40, jobs).astype(float),
        deadline_s=rng.integers(-5, 110, jobs).astype(float),
        may_pause=rng.random(jobs) < 0.5,
        allowed=rng.random((jobs, places)) < 0.8,
        fixed_g=fixed_g if draw(st.booleans()) else None,
    )


def least_g(rates, jobs, job):
    """Return the least cost of one job; infinite if it fits nowhere."""
    search = _paused_g if jobs.may_pause[job] else _stretch_g
    costs = [np.inf]
    for place in np.flatnonzero(jobs.allowed[job]):
        fixed_g = 0.0 if jobs.fixed_g is None else jobs.fixed_g[job, place]
        costs.append(fixed_g + search(rates, jobs, job, rates.rate_g_per_j[place]))
    return min(costs)


def used_g(rates, jobs, job, rate, spells):
    """Return what running in these spells costs; infinite in unknown hours."""
    edges = np.arange(rates.slots + 1) * rates.slot_s
    total_g = 0.0
    for start_s, stop_s in spells:
        ran_s = np.minimum(edges[1:], stop_s) - np.maximum(edges[:-1], start_s)
        touched = ran_s > CLOSE
        if np.isnan(rate[touched]).any():
            return np.inf
        total_g += jobs.power_w[job] * (rate[touched] * ran_s[touched]).sum()
    return total_g


def _stretch_g(rates, jobs, job, rate):
    first_s, duration_s = jobs.earliest_s[job], jobs.duration_s[job]
    last_s = min(jobs.deadline_s[job], rates.horizon_s) - duration_s
    edges = np.arange(rates.slots + 1) * rates.slot_s
    starts = [first_s, last_s, *edges, *(edges - duration_s)]
    return min(
        (
            used_g(rates, jobs, job, rate, [(start_s, start_s + duration_s)])
            for start_s in starts
            if first_s - CLOSE <= start_s <= last_s + CLOSE
        ),
        default=np.inf,
    )


def _paused_g(rates, jobs, job, rate):
    edges = np.arange(rates.slots + 1) * rates.slot_s
    stop_s = min(jobs.deadline_s[job], rates.horizon_s)
    left_s = np.minimum(edges[1:], stop_s) - np.maximum(
        edges[:-1], jobs.earliest_s[job]
    )
    needed_s, total_g = jobs.duration_s[job], 0.0
    for slot in np.argsort(rate):
        if left_s[slot] > 0 and np.isfinite(rate[slot]):
            ran_s = min(needed_s, left_s[slot])
            needed_s -= ran_s
            total_g += jobs.power_w[job] * ran_s * rate[slot]
    return total_g if needed_s < CLOSE else np.inf
