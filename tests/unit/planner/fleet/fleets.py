"""Small fleets for tests: drawn, and their plans checked against every rule."""

import numpy as np
from hypothesis import strategies as st

from greenops.planner.fleet.problem import Sites, jobs_at

SLOT_S = 10.0
CLOSE = 1e-6


def sites(rate, free=1.0, slot_s=SLOT_S):
    rate = np.atleast_2d(np.array(rate, dtype=float))
    return Sites(
        slot_s=slot_s,
        rate_g_per_j=rate,
        free_units=np.broadcast_to(np.asarray(free, dtype=float), rate.shape).copy(),
    )


@st.composite
def fleets(draw, most_jobs=5, most_slots=7):
    """Draw places and jobs that often do not all fit."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    crowded = draw(st.booleans())
    places = 1 if crowded else draw(st.integers(1, 3))
    slots = draw(st.integers(1, most_slots))
    jobs = draw(st.integers(1, most_jobs))
    rate = rng.integers(-1, 20, (places, slots)).astype(float)
    rate[rng.random(rate.shape) < 0.1] = np.nan
    where = sites(rate, rng.integers(-1, 3 if crowded else 4, rate.shape))
    return where, jobs_at(
        where,
        units=rng.integers(1, 3, jobs),
        duration_s=rng.integers(1, 21 if crowded else 35, (jobs, places)),
        deadline_s=rng.integers(5, 40 if crowded else 90, jobs),
        power_w=rng.integers(0, 5, jobs),
        fixed_g=rng.integers(0, 50, (jobs, places)),
        earliest_s=rng.integers(0, 8 if crowded else 30, (jobs, places)),
        allowed=rng.random((jobs, places)) < 0.8,
        late_g_per_s=np.where(rng.random(jobs) < 0.3, 2.0, np.inf),
        may_pause=rng.random(jobs) < 0.5,
        priority=rng.integers(0, 3, jobs),
    )


def cost_g(where, jobs, run):
    """Return what a run costs, slot by slot and spell by spell."""
    total_g = jobs.fixed_g[run.job, run.place]
    for start_s, stop_s in run.segments_s:
        for slot in range(where.slots):
            begin_s = max(start_s, slot * where.slot_s)
            end_s = min(stop_s, (slot + 1) * where.slot_s)
            if end_s - begin_s > CLOSE:
                rate = where.rate_g_per_j[run.place, slot]
                total_g += jobs.power_w[run.job, run.place] * rate * (end_s - begin_s)
    late_s = max(run.segments_s[-1][1] - jobs.deadline_s[run.job], 0.0)
    if late_s > CLOSE:
        total_g += jobs.late_g_per_s[run.job] * late_s
    return total_g


def assert_sound(where, jobs, plan):
    """Fail on any broken rule: capacity, bounds, places, unknown hours, length, cost."""
    seen = [run.job for run in plan.runs] + [each.job for each in plan.unserved]
    assert sorted(seen) == list(range(len(jobs))), "a job was dropped, or served twice"
    held = plan.held_units(where, jobs)
    assert (held <= np.maximum(where.free_units, 0.0) + CLOSE).all()
    for run in plan.runs:
        job, place = run.job, run.place
        assert jobs.allowed[job, place]
        assert run.segments_s[0][0] >= jobs.earliest_s[job, place] - CLOSE
        if np.isinf(jobs.late_g_per_s[job]):
            assert run.segments_s[-1][1] <= jobs.deadline_s[job] + CLOSE
            assert run.late_s == 0
        ran_s = sum(stop_s - start_s for start_s, stop_s in run.segments_s)
        assert abs(ran_s - jobs.duration_s[job, place]) < CLOSE
        assert jobs.may_pause[job] or len(run.segments_s) == 1
        assert set(_touched(where, run)) <= set(run.slots.tolist())
        assert abs(run.cost_g - cost_g(where, jobs, run)) < 1e-6 * (1 + abs(run.cost_g))


def _touched(where, run):
    for start_s, stop_s in run.segments_s:
        for slot in range(where.slots):
            begin_s = max(start_s, slot * where.slot_s)
            if min(stop_s, (slot + 1) * where.slot_s) - begin_s > CLOSE:
                yield slot
