"""The best plan of a small fleet, by mixed-integer programming (HiGHS).

Source: Huangfu and Hall 2018 (doi:10.1007/s12532-017-0130-5) for the solver; Dyer and
Wolsey 1990 (doi:10.1016/0166-218X(90)90104-K) for programs with a variable per start.
"""

import numpy as np

from greenops.errors import GreenopsError
from greenops.planner.fleet.board import Board, Stay
from greenops.planner.fleet.columns import columns
from greenops.planner.fleet.pauses import cost_g, windows
from greenops.planner.fleet.plan import FleetPlan
from greenops.planner.fleet.problem import Bools, Floats, Jobs, Sites
from greenops.planner.fleet.program import Program, program
from greenops.planner.fleet.reasons import reasons
from greenops.planner.fleet.spells import runs_of

INFEASIBLE = 2
"""HiGHS's word, through scipy, for a program without any solution."""


def exact(sites: Sites, jobs: Jobs) -> FleetPlan:
    """Return the cheapest plan among those that serve the most.

    A plan serves more than another if it serves the first job, in their order
    (`Jobs.order`), that just one of them does. For fleets of some ten thousand possible
    runs; time grows fast beyond.
    """
    board = Board(sites, jobs, columns(sites, jobs), windows(sites, jobs))
    model = program(sites, jobs, board.runs, board.rows)
    served = _served(model, jobs, board)
    solution = _solve(model, served, model.cost_g)
    if solution is None:
        raise GreenopsError("HiGHS found no plan for a fleet that it had one for")
    for job in np.flatnonzero(served):
        board.put(int(job), _stay(board, model, int(job), solution))
    return FleetPlan(
        runs=runs_of(board),
        unserved=reasons(
            sites,
            jobs,
            board.free,
            without=np.flatnonzero(~served).tolist(),
            runs=board.runs,
            rows=board.rows,
        ),
        bound_g=board.cost_g(),
        exact=True,
    )


def _served(model: Program, jobs: Jobs, board: Board) -> Bools:
    """Return the jobs that are served, found by bisection along their order."""
    choices = np.diff(board.runs.begins) + np.diff(board.rows.begins)
    order = [int(job) for job in jobs.order() if choices[job]]
    served = np.zeros(len(jobs), dtype=bool)
    while order:
        fits, fails = 0, len(order) + 1
        while fails - fits > 1:
            tried = served.copy()
            middle = len(order) if fails > len(order) else (fits + fails) // 2
            tried[order[:middle]] = True
            if _solve(model, tried, np.zeros_like(model.cost_g)) is None:
                fails = middle
            else:
                fits = middle
        served[order[:fits]] = True
        order = order[fits + 1 :]
    return served


def _solve(model: Program, served: Bools, cost_g: Floats) -> Floats | None:
    """Return the variables of the best plan that serves just these; None: none does."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    if not served.any():
        return np.zeros(len(cost_g))
    jobs = slice(model.capacity, model.capacity + len(served))
    low, high = model.low.copy(), model.high.copy()
    low[jobs] = high[jobs] = served
    scale = np.abs(cost_g).max(initial=0.0) or 1.0
    found = milp(
        cost_g / scale,
        integrality=np.ones(len(cost_g)),
        bounds=Bounds(0, served[model.owner].astype(float)),
        constraints=LinearConstraint(model.matrix, low, high),
        options={"mip_rel_gap": 0.0},
    )
    if found.status == INFEASIBLE:
        return None
    if found.x is None:
        raise GreenopsError(f"HiGHS gave up: {found.message}")
    return np.asarray(found.x)


def _stay(board: Board, model: Program, job: int, solution: Floats) -> Stay:
    runs, rows = board.runs, board.rows
    owned = runs.of(job)
    if (solution[owned] > 0.5).any():
        return board.column(owned.start + int(solution[owned].argmax()))
    own = rows.of(job)
    row = own.start + int(solution[len(runs) :][own].argmax())
    taken, short = np.split(solution[len(runs) + len(rows) :], 2)
    mine = model.slot_row == row
    slots = model.slot_column[mine][taken[mine] > 0.5]
    left = int(model.slot_column[mine][short[mine].argmax()])
    return Stay(
        place=int(rows.place[row]),
        slots=rows.first[row] + slots,
        cost_g=cost_g(rows, row, slots, left),
        index=row,
        short=left,
    )
