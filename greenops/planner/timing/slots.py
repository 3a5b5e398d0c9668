"""When a job that may be paused should run."""

from math import isnan

from greenops.errors import NoFeasiblePlanError
from greenops.planner.timing.curve import Curve
from greenops.planner.timing.grid import Grid, laid_out
from greenops.planner.timing.packing import packed, usable_spans
from greenops.planner.timing.pauses import Pauses
from greenops.planner.timing.polish import polished
from greenops.planner.timing.problem import Problem
from greenops.planner.timing.slots_refusal import no_slots
from greenops.planner.timing.starts import noise_g
from greenops.planner.timing.stretches import Draft, SlotPlan, drafted
from greenops.planner.timing.sweep import cheapest
from greenops.planner.timing.task import Task
from greenops.planner.timing.whole_costs import whole_costs
from greenops.planner.timing.window import greenest_window


def greenest_slots(
    curve: Curve, task: Task, pauses: Pauses, earliest_s: float, deadline_s: float
) -> SlotPlan:
    """Return the cheapest way of running a job that may be paused.

    Never dearer than the best single stretch, which it is unless pausing saves more
    than it costs. Where all times have a common step on which the problem is small
    enough (`grid.CELLS`), no plan at all is cheaper. Otherwise it is the best one on a
    round grid, with its bounds moved from there for as long as that helped.

    Args:
        curve: What running and waiting cost. Waiting counts from `earliest_s` to the
            last stretch, where the hardware is held.
        task: Of what run time.
        pauses: What a pause costs, and the limits to it.
        earliest_s: It may start then or later.
        deadline_s: It has to be done by then.

    Raises:
        NoFeasiblePlanError: nothing fits; carries the constraint and the change that
            would do.
        ValueError: a bound is not finite.
    """
    problem = Problem(
        curve=curve,
        task=task,
        pauses=pauses,
        earliest_s=earliest_s,
        deadline_s=deadline_s,
    )
    pausable = pauses.max_pauses != 0 and pauses.min_run_s < task.duration_s
    grid = laid_out(problem) if pausable else None
    exact = grid is None or (grid.exact and _drops_idle_pauses(problem))
    unbroken = _unbroken(problem, exact=exact)
    broken = _broken(problem, grid, exact=exact) if grid else None
    plans = [plan for plan in (unbroken, broken) if plan is not None]
    if not plans:
        raise no_slots(problem)
    least_g = min(plan.cost_g for plan in plans) + noise_g(curve, task)
    return next(plan for plan in plans if plan.cost_g <= least_g)


def _unbroken(problem: Problem, *, exact: bool) -> SlotPlan | None:
    """Return the best single stretch; None: there is none."""
    task, pauses = problem.task, problem.pauses
    try:
        window = greenest_window(
            problem.curve,
            pauses.unbroken(task),
            problem.earliest_s,
            problem.deadline_s,
        ).best
    except NoFeasiblePlanError:
        return None
    draft = drafted([window.start_s + pauses.first_s], [task.duration_s])
    return problem.plan(draft, step_s=0.0, exact=exact)


def _broken(problem: Problem, grid: Grid, *, exact: bool) -> SlotPlan | None:
    """Return the best plan found with pauses allowed; None: there is none."""
    draft = _on_grid(problem, grid) if grid.idle > 0 else None
    if not grid.exact:
        draft = draft or _packed(problem)
        draft = draft and polished(problem, draft)
    if draft is None:
        return None
    plan = problem.plan(draft, step_s=grid.step_s, exact=exact)
    return None if isnan(plan.cost_g) else plan


def _drops_idle_pauses(problem: Problem) -> bool:
    """Return whether no plan gains by a pause and a resumption with no work between.

    Such a plan would be a bound of the problem that is never quite reached.
    """
    curve, pauses = problem.curve, problem.pauses
    if not pauses.pause_s + pauses.resume_s:
        return True
    spared = curve.wait_g_per_s if curve.held else 0.0
    return not (pauses.factor * curve.run_g_per_s < spared).any()


def _packed(problem: Problem) -> Draft | None:
    """Return what fits although it fits on no rounded grid; None: nothing does."""
    spans = usable_spans(problem.curve, problem.earliest_s, problem.deadline_s)
    placed = packed(spans, problem.pauses, problem.task.duration_s)
    return drafted(*zip(*placed, strict=True)) if placed else None


def _on_grid(problem: Problem, grid: Grid) -> Draft | None:
    """Return the cheapest plan on a grid; None: none fits on it."""
    costs = whole_costs(problem, grid)
    most = problem.pauses.max_pauses
    found = cheapest(grid, costs, None)
    # Most jobs pay for few pauses; then the limit is none, and its layers are saved.
    if found is not None and most is not None and len(found) > most + 1:
        found = cheapest(grid, costs, most)
    if found is None:
        return None
    return _cut_to_length(problem, grid, found)


def _cut_to_length(problem: Problem, grid: Grid, found: list[tuple[int, int]]) -> Draft:
    """Return the stretches in s, without the work that rounding has put on top."""
    starts_s = [grid.origin_s + grid.step_s * start for start, _ in found]
    works_s = [grid.step_s * work for _, work in found]
    surplus_s = sum(works_s) - problem.task.duration_s
    while works_s[-1] <= surplus_s:
        surplus_s -= works_s.pop()
        starts_s.pop()
    works_s[-1] -= surplus_s
    return drafted(starts_s, works_s)
