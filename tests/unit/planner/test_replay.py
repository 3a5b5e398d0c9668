from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import NoFeasiblePlanError, PlanError, SignalError
from greenops.model import Dataset, Forecast, Link, Pausing
from greenops.planner.plan import plan_job, replayed
from tests.unit.planner.scenes import HOUR, NAN, T0, exactly, forecast, job, place

HOME = place("home", 100.0, 50.0, 100.0)
NORTH = place("north", 90.0, 80.0, 90.0)
PLACES = [HOME, NORTH]
CAME = {"home": forecast(100.0, 120.0, 60.0), "north": forecast(90.0, 90.0, 20.0)}


def recounted(*given):
    return replayed(*given)


def test_a_plan_is_recounted_with_what_came_beside_its_oracle():
    plan = plan_job(job(), PLACES, now=T0)
    assert (plan.chosen.place, plan.chosen.start) == ("home", T0 + HOUR)
    came = recounted(plan, job(), PLACES, CAME)
    assert came.chosen.segments == plan.chosen.segments
    assert came.chosen.cost.total_g.central == pytest.approx(120.0)
    assert came.at_once.total_g.central == pytest.approx(100.0)
    assert came.saved_g == pytest.approx(-20.0)
    assert (came.oracle.place, came.oracle.start) == ("north", T0 + 2 * HOUR)
    assert came.oracle.cost.total_g.central == pytest.approx(20.0)
    assert came.reason == plan.reason


def test_an_hour_that_nobody_knows_is_no_result():
    plan = plan_job(job(), PLACES, now=T0)
    with pytest.raises(SignalError, match="not known for all the time"):
        recounted(plan, job(), PLACES, {**CAME, "home": forecast(100.0, NAN, 60.0)})
    with pytest.raises(SignalError, match="not known for all the time"):
        recounted(plan, job(), PLACES, {"north": CAME["north"]})


def test_a_place_whose_hours_are_not_known_is_no_choice_for_the_oracle():
    plan = plan_job(job(), PLACES, now=T0)
    came = recounted(plan, job(), PLACES, {"home": CAME["home"]})
    assert came.oracle.place == "home"
    assert came.oracle.start == T0 + 2 * HOUR


@pytest.mark.parametrize(
    ("a_job", "places", "complaint"),
    [
        (job(name="other"), PLACES, "the plan is for train-x, not for other"),
        (job(), [NORTH], "the plan is for home, which is no place here"),
    ],
)
def test_a_plan_of_something_else_is_refused(a_job, places, complaint):
    plan = plan_job(job(), PLACES, now=T0)
    with pytest.raises(PlanError, match=complaint):
        recounted(plan, a_job, places, CAME)


def test_transfers_are_recounted_along_their_path():
    link = Link(to="north", energy_wh_per_gb=exactly(10.0), gb_per_s=1.0)
    a_job = job(
        datasets=(Dataset(name="d", size_gb=100.0, at=frozenset({"home"})),),
        places=frozenset({"north"}),
    )
    places = [replace(HOME, links=(link,)), NORTH]
    came = recounted(plan_job(a_job, places, now=T0), a_job, places, CAME)
    mean = (sum([100.0, 120.0, 60.0]) / 3 + sum([90.0, 90.0, 20.0]) / 3) / 2
    assert came.chosen.cost.transfer_g.central == pytest.approx(mean)
    assert came.chosen.transfers[0].path == ("home", "north")


hours = st.lists(st.integers(1, 9).map(float), min_size=6, max_size=6)


@settings(deadline=None, max_examples=50)
@given(
    planned=st.tuples(hours, hours),
    came=st.tuples(hours, hours),
    work_h=st.integers(1, 3),
    interruptible=st.booleans(),
    overhead_s=st.sampled_from([0.0, 900.0]),
)
def test_no_plan_is_better_than_its_oracle(
    planned, came, work_h, interruptible, overhead_s
):
    places = [place(name, *row) for name, row in zip("ab", planned, strict=True)]
    actual: dict[str, Forecast] = {
        name: forecast(*row) for name, row in zip("ab", came, strict=True)
    }
    a_job = job(
        float(work_h),
        home="a",
        interruptible=interruptible,
        pausing=Pausing(pause_s=overhead_s, resume_s=overhead_s),
        deadline_h=6.0,
    )
    try:
        plan = plan_job(a_job, places, now=T0)
    except NoFeasiblePlanError:
        return
    again = recounted(plan, a_job, places, {p.name: p.forecast for p in places})
    assert again.chosen.cost.total_g.central == pytest.approx(
        plan.chosen.cost.total_g.central
    )
    told = recounted(plan, a_job, places, actual)
    least_g = told.oracle.cost.total_g.central
    assert least_g <= told.chosen.cost.total_g.central + 1e-6
    assert least_g <= told.at_once.total_g.central + 1e-6
