"""The optimum of the linear relaxation: what no plan that serves all jobs can beat."""

from typing import Any

import numpy as np

from greenops.errors import GreenopsError
from greenops.planner.fleet.columns import Columns, columns
from greenops.planner.fleet.fast import near_best
from greenops.planner.fleet.pauses import windows
from greenops.planner.fleet.prices import Prices
from greenops.planner.fleet.problem import Bools, Floats, Jobs, Sites
from greenops.planner.fleet.program import Program, program

STEPS = 300
"""Steps that prices climb to tell which columns the optimum is likely to use."""
NEAREST = 25
"""Columns per job that the first, smaller program has."""
SLIGHT = 1e-9
"""Share of the largest cost by which a column must promise to lower it to count."""


def relaxed_g(sites: Sites, jobs: Jobs) -> float:
    """Return the optimum, in g, over the jobs that have any choice.

    Most columns are of no use in it. It is solved with those that prices find nearly
    the cheapest; as long as others would lower the cost, these come in and it is solved
    again. So the optimum is that of the whole program.

    Source: Luebbecke and Desrosiers 2005 (doi:10.1287/opre.1050.0234).

    Raises:
        GreenopsError: these jobs cannot all be served, even in parts.
    """
    runs, rows = columns(sites, jobs), windows(sites, jobs)
    model = program(sites, jobs, runs, rows)
    prices = Prices.none(sites)
    known_g = near_best(sites, jobs).cost_g
    prices.climb(sites, runs, rows, cost_g=known_g, steps=STEPS)
    used = np.ones(len(model.cost_g), dtype=bool)
    used[: len(runs)] = _nearest(runs, runs.guided_g(prices.price_g))
    while True:
        optimum_g, reduced_g = _solved(model, used)
        wanted = reduced_g < -SLIGHT * np.abs(model.cost_g).max(initial=0.0)
        if not (wanted & ~used).any():
            return optimum_g
        used |= wanted


def _nearest(runs: Columns, guided_g: Floats) -> Bools:
    """Return the columns of each job that are among its `NEAREST` cheapest."""
    order = np.lexsort((guided_g, runs.job))
    position = np.arange(len(runs)) - runs.begins[:-1][runs.job[order]]
    near = np.zeros(len(runs), dtype=bool)
    near[order[position < NEAREST]] = True
    return near


def _solved(model: Program, used: Bools) -> tuple[float, Floats]:
    """Return the optimum with `used` variables only, and all reduced costs."""
    from scipy.optimize import linprog

    if not used.any():
        return 0.0, np.zeros(0)
    equal = model.low == model.high
    left: Any = model.matrix[:, np.flatnonzero(used)]
    found = linprog(
        model.cost_g[used],
        A_ub=left[~equal],
        b_ub=model.high[~equal],
        A_eq=left[equal],
        b_eq=model.high[equal],
        method="highs-ipm",
    )
    if found.x is None:
        raise GreenopsError(f"the relaxation has no optimum: {found.message}")
    worth = np.zeros(len(equal))
    worth[~equal], worth[equal] = found.ineqlin.marginals, found.eqlin.marginals
    return float(found.fun), np.asarray(model.cost_g - model.matrix.T @ worth)
