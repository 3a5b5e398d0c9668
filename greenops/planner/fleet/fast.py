"""A plan near the best one for thousands of jobs, and how near it is at most.

Prices on capacity say what a slot is worth to all jobs together (`prices`). Jobs are
seated under these prices, the hardest first, and then moved to the cheapest stay that
is free (`fill`); whoever finds no room is helped (`mend`). Prices climb in rounds, and
the best plan is kept. What was measured against it: `docs/decisions/0146-*`.
"""

import numpy as np

from greenops.planner.fleet.board import TIE, Board
from greenops.planner.fleet.columns import columns
from greenops.planner.fleet.fill import hardest_first, seat, settle
from greenops.planner.fleet.mend import mend
from greenops.planner.fleet.pauses import windows
from greenops.planner.fleet.plan import Binding, FleetPlan
from greenops.planner.fleet.prices import Prices, bound_g
from greenops.planner.fleet.problem import Jobs, Sites
from greenops.planner.fleet.reasons import reasons
from greenops.planner.fleet.spells import runs_of

STEPS = (30, 30)
"""Steps that prices climb before each round; a first one knows no prices."""
STEPS_PAUSED = (10, 10)
"""The same with pauses, from prices that know none: a step costs four times as much."""


def near_best(sites: Sites, jobs: Jobs) -> FleetPlan:
    """Return a plan that serves as many jobs as it finds room for, in their order.

    Capacity, deadlines and allowed places are never broken. No job goes without while
    jobs served after it (`Jobs.order`) hold what it could use.
    """
    runs, rows = columns(sites, jobs), windows(sites, jobs)
    prices = Prices.none(sites)
    best = _filled(Board(sites, jobs, runs, rows), prices, settled=False)
    if len(rows):
        known_g = best.cost_g()
        prices.climb(sites, runs, rows.none(), cost_g=known_g, steps=sum(STEPS))
        prices = Prices.at(prices.price_g)
    for steps in STEPS_PAUSED if len(rows) else STEPS:
        prices.climb(sites, runs, rows, cost_g=best.cost_g(), steps=steps)
        best = min(best, _filled(Board(sites, jobs, runs, rows), prices), key=_merit)
    return _plan(best, prices)


def _filled(board: Board, prices: Prices, *, settled: bool = True) -> Board:
    """Return the board with all jobs seated that can be, under these prices."""
    order = hardest_first(board.jobs, board.sites.slot_s).tolist()
    board.guide(prices.price_g)
    left = mend(board, seat(board, order))
    if settled:
        settle(board, order)
        mend(board, left)
    return board


def _merit(board: Board) -> tuple[bytes, float]:
    """Return what orders plans: who is served first of all, then the cost."""
    without = np.array([stay is None for stay in board.stays], dtype=np.uint8)
    return without[board.jobs.order()].tobytes(), board.cost_g()


def _plan(board: Board, prices: Prices) -> FleetPlan:
    served = np.array([stay is not None for stay in board.stays], dtype=bool)
    unserved = reasons(
        board.sites,
        board.jobs,
        board.free,
        without=np.flatnonzero(~served).tolist(),
        runs=board.runs,
        rows=board.rows,
    )
    least_g = max(
        bound_g(board.sites, board.runs, board.rows, price_g, served)
        for price_g in (prices.price_g, np.zeros_like(prices.price_g))
    )
    cost_g = board.cost_g()
    return FleetPlan(
        runs=runs_of(board),
        unserved=unserved,
        bound_g=least_g,
        exact=cost_g - least_g <= TIE * abs(cost_g)
        and all(each.binding != Binding.CAPACITY for each in unserved),
    )
