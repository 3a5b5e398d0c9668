from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import MixedSignalsError, NoFeasiblePlanError, PlanError
from greenops.model import (
    Basis,
    Dataset,
    Free,
    IntensityKind,
    Link,
    Objective,
    Pausing,
    Workload,
)
from greenops.planner.plan import plan_job, refusal_of
from tests.unit.planner.scenes import HOUR, NAN, T0, exactly, forecast, job, place

EU = frozenset({"EU"})
HOME = place("home", 500.0, 400.0, 300.0, 400.0)
NORTH = place("north", 50.0, 40.0, 50.0, 50.0, tags=EU)


def planned(a_job, places, **terms):
    return plan_job(a_job, places, **{"now": T0, **terms})


def refused(a_job, places):
    return refusal_of(a_job, places, now=T0)


@pytest.mark.parametrize(
    ("a_job", "places", "binding", "change"),
    [
        pytest.param(
            job(deadline_h=-1.0), [HOME], "deadline", "2 h later", id="deadline-passed"
        ),
        pytest.param(
            job(3.0, deadline_h=2.0),
            [HOME],
            "deadline",
            "a deadline at least 1 h later",
            id="longer-than-the-slack",
        ),
        pytest.param(
            job(places=frozenset({"nowhere"})),
            [HOME],
            "allowed places",
            "home among the places allowed",
            id="no-place-allowed",
        ),
        pytest.param(job(), [], "allowed places", "a place", id="no-place-at-all"),
        pytest.param(
            job(needs_tags=frozenset({"EU", "US"})),
            [HOME, NORTH],
            "residency",
            "a place that bears every tag",
            id="tags-nobody-bears",
        ),
        pytest.param(
            job(3.0, deadline_h=3.0),
            [place("home", 1.0, NAN, 1.0)],
            "unknown hours",
            "the intensity of 1 h more",
            id="gap",
        ),
        pytest.param(
            job(5.0),
            [HOME],
            "horizon",
            "a forecast at least 1 h longer",
            id="forecast-shorter-than-the-deadline",
        ),
        pytest.param(
            job(), [place("home")], "horizon", "a forecast of HOME", id="no-forecast"
        ),
        pytest.param(
            job(),
            [place("home", 0.0, 0.0)],
            "horizon",
            "a forecast of HOME",
            id="zero-intensity",
        ),
        pytest.param(
            job(gpus=2),
            [replace(HOME, free=(Free(start=T0, stop=T0 + HOUR, gpus=0),))],
            "capacity",
            "2 more GPUs at home",
            id="capacity-zero",
        ),
        pytest.param(
            job(workload="render"),
            [HOME],
            "workload",
            "a workload of train or infer",
            id="unknown-kind",
        ),
        pytest.param(
            job(),
            [replace(HOME, seen=None)],
            "workload",
            "home seen with GPUs free",
            id="nobody-looked",
        ),
    ],
)
def test_bad_input_is_answered_with_what_binds_and_the_smallest_change(
    a_job, places, binding, change
):
    with pytest.raises(NoFeasiblePlanError) as error:
        planned(a_job, places)
    assert error.value.binding == binding
    assert change in error.value.change
    assert "train-x cannot be planned" in str(error.value)
    refusal = refused(a_job, places)
    assert (refusal.job, refusal.binding) == ("train-x", binding)
    assert refusal.change == error.value.change
    assert {e.place for e in refusal.excluded} == {p.name for p in places}


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        pytest.param(lambda: forecast(-1.0), "out of order", id="negative-intensity"),
        pytest.param(lambda: forecast(float("inf")), "out of order", id="endless"),
        pytest.param(lambda: job(NAN), "bounds do not hold", id="nan-duration"),
        pytest.param(lambda: job(gpus=NAN), "size must be 0", id="nan-gpus"),
        pytest.param(
            lambda: job(needs_tags=EU, shuns_tags=EU), "needs and shuns", id="tags"
        ),
        pytest.param(
            lambda: Objective(budgets_g={"p": NAN}), "budget must be", id="nan-budget"
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_planned(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()


def test_a_naive_now_is_refused():
    with pytest.raises(ValueError, match="timezone-aware"):
        planned(job(), [HOME], now=T0.replace(tzinfo=None))


def test_two_places_of_one_name_are_refused():
    with pytest.raises(PlanError, match="two places are called home"):
        planned(job(), [HOME, HOME])


@pytest.mark.parametrize(
    "other", [{"kind": IntensityKind.MARGINAL}, {"basis": Basis.DIRECT}]
)
def test_average_and_marginal_never_mix(other):
    second = replace(NORTH, forecast=forecast(1.0, 1.0, **other))
    with pytest.raises(MixedSignalsError, match=r"home: .*north: "):
        planned(job(), [HOME, second])


def test_a_place_that_is_out_by_rule_may_have_another_kind_of_forecast():
    second = replace(NORTH, forecast=forecast(1.0, 1.0, kind=IntensityKind.MARGINAL))
    plan = planned(job(places=frozenset({"home"})), [HOME, second])
    assert plan.chosen.place == "home"


def test_a_transfer_is_not_counted_with_another_kind_of_figure():
    data = Dataset(name="corpus", size_gb=10.0, at=frozenset({"store"}))
    link = Link(to="home", energy_wh_per_gb=exactly(100.0), gb_per_s=1e9)
    store = place("store", *[5.0] * 4, private=False, links=(link,))
    marginal = forecast(*[5.0] * 4, kind=IntensityKind.MARGINAL)
    a_job = job(datasets=(data,))
    alike = planned(a_job, [HOME, store])
    unlike = planned(a_job, [HOME, replace(store, forecast=marginal)])
    assert alike.chosen.cost.transfer_g.central == pytest.approx((400.0 + 5.0) / 2)
    assert unlike.chosen.cost.transfer_g.central == pytest.approx((400.0 + 473.0) / 2)
    assert "The grid at store is not known" in unlike.advice[-1]


def test_the_place_that_came_nearest_names_what_binds():
    """One lacks an hour of time, one a tag, one three hours."""
    near, far = place("near", *[1.0] * 9), place("far", *[1.0] * 9, speed=0.5)
    places = [place("us", *[1.0] * 9), far, near]
    places[1:] = [replace(p, tags=EU) for p in places[1:]]
    refusal = refused(job(3.0, deadline_h=2.0, needs_tags=EU), places)
    assert refusal.binding == "deadline"
    assert refusal.change == "a deadline at least 1 h later"


def test_a_plan_that_can_be_made_is_no_refusal():
    assert refused(job(), [HOME]) is None


def test_place_and_time_are_chosen_together():
    plan = planned(job(), [HOME, NORTH])
    assert plan.chosen.place == "north"
    assert plan.chosen.start == T0 + HOUR
    assert plan.made_at == T0
    assert plan.at_once.total_g.central == pytest.approx(500.0)
    assert plan.saved_g == pytest.approx(460.0)
    assert [o.place for o in plan.reason.considered] == ["north", "home"]
    assert plan.reason.runner_up.place == "north"
    assert plan.reason.runner_up.start == T0


def test_residency_wins_over_carbon():
    plan = planned(job(shuns_tags=EU), [HOME, NORTH])
    assert plan.chosen.place == "home"
    assert [(e.place, e.rule) for e in plan.reason.excluded] == [("north", "residency")]


@pytest.mark.parametrize(("size_gb", "chosen"), [(10.0, "north"), (100.0, "home")])
def test_data_is_moved_where_that_costs_less_than_the_greener_place_saves(
    size_gb, chosen
):
    data = Dataset(name="corpus", size_gb=size_gb, at=frozenset({"home"}))
    home = replace(HOME, links=(Link(to="north", energy_wh_per_gb=exactly(50.0)),))
    plan = planned(job(datasets=(data,)), [home, NORTH])
    moved_kwh = 0.05 * size_gb
    assert plan.chosen.place == chosen
    north = next(o for o in plan.reason.considered if o.place == "north")
    assert north.transfers[0].path == ("home", "north")
    # At the mean of the hours ahead at both ends.
    assert north.cost.transfer_g.central == pytest.approx(
        moved_kwh * (400.0 + 47.5) / 2
    )


def test_a_transfer_delays_the_start():
    data = Dataset(name="corpus", size_gb=1.0, at=frozenset({"home"}))
    slow = Link(to="north", energy_wh_per_gb=exactly(0.1), gb_per_s=1.0 / 5400.0)
    plan = planned(
        job(datasets=(data,), places=frozenset({"north"})),
        [replace(HOME, links=(slow,)), NORTH],
        now=T0,
    )
    assert plan.chosen.start == T0 + 1.5 * HOUR


def test_data_that_no_way_leads_to_is_an_exclusion_of_its_own():
    data = Dataset(name="corpus", size_gb=1.0, at=frozenset({"home"}))
    inner = Link(to="vault", energy_wh_per_gb=exactly(1.0))
    outer = Link(to="cloud", energy_wh_per_gb=exactly(1.0))
    places = [replace(HOME, links=(inner,)), replace(NORTH, links=(outer,))]
    plan = planned(job(datasets=(data,)), places)
    assert plan.chosen.place == "home"
    (exclusion,) = plan.reason.excluded
    assert (exclusion.place, exclusion.rule) == ("north", "data")
    assert "corpus lies at home, and no way" in exclusion.detail
    assert exclusion.change == "a link to north, or a copy of corpus there"


def test_a_paused_job_takes_its_checkpoint_along_and_begins_with_a_resumption():
    a_job = job(
        checkpoint_gb=10.0, interruptible=True, pausing=Pausing(resume_s=1800.0)
    )
    plan = planned(a_job, [HOME, NORTH], paused_at="home")
    assert plan.chosen.place == "north"
    assert plan.chosen.transfers[0].dataset == "the checkpoint of train-x"
    assert plan.chosen.segments[0].length == 1.5 * HOUR
    stayed = planned(a_job, [HOME, NORTH], paused_at="north")
    assert stayed.chosen.transfers == ()


def test_home_at_once_is_not_compared_with_where_it_is_not_possible():
    full = replace(HOME, free=(Free(start=T0 + HOUR, stop=T0 + 4 * HOUR, gpus=8),))
    assert planned(job(gpus=1), [full, NORTH]).at_once is None
    abroad = planned(job(needs_tags=EU), [HOME, NORTH])
    assert abroad.at_once is None
    assert abroad.saved_g is None
    assert planned(job(home="gone"), [HOME, NORTH]).at_once is None


def test_training_at_home_at_once_is_compared_with_though_the_hybrid_rule_bars_it():
    cloud = replace(HOME, private=False)
    plan = planned(job(), [cloud, NORTH])
    assert plan.chosen.place == "north"
    assert plan.at_once.total_g.central == pytest.approx(500.0)


def test_a_budget_bars_every_plan_that_would_exceed_it():
    objective = Objective(budgets_g={"p": 30.0})
    with pytest.raises(NoFeasiblePlanError) as error:
        planned(job(project="p"), [HOME, NORTH], objective=objective)
    assert error.value.binding == "budget"
    assert error.value.change == "10 g more for p"
    other = planned(job(project="q"), [HOME, NORTH], objective=objective)
    assert other.chosen.place == "north"


def test_what_exceeds_the_budget_is_no_runner_up():
    objective = Objective(budgets_g={"p": 45.0})
    plan = planned(job(project="p"), [NORTH], objective=objective)
    assert plan.chosen.start == T0 + HOUR
    assert plan.reason.runner_up is None


def test_a_price_of_carbon_trades_money_for_grams():
    home, north = replace(HOME, price_per_h=1.0), replace(NORTH, price_per_h=2.0)
    cheap_carbon = Objective(price_per_t=100.0)
    dear_carbon = Objective(price_per_t=1e5)
    chosen = [
        planned(job(), [home, north], objective=o).chosen.place
        for o in (cheap_carbon, dear_carbon)
    ]
    assert chosen == ["home", "north"]


g_per_kwh = st.integers(1, 9).map(lambda g: 10.0 * g)
slots = st.lists(st.one_of(g_per_kwh, st.just(NAN)), min_size=4, max_size=8)
tags = st.frozensets(st.sampled_from(["EU", "US"]))
instances = st.lists(
    st.tuples(slots, tags, st.sampled_from([1.0, 1.25, 1.5])), max_size=4
)


def _places(made, scale=1.0):
    return [
        place(f"p{i}", *[scale * h for h in hours], tags=bears, pue=exactly(pue))
        for i, (hours, bears, pue) in enumerate(made)
    ]


@settings(deadline=None, max_examples=50)
@given(
    made=instances, work_h=st.integers(1, 3), needs=tags, deadline_h=st.integers(1, 9)
)
def test_no_place_and_whole_hour_is_greener_than_the_plan(
    made, work_h, needs, deadline_h
):
    a_job = job(
        float(work_h), needs_tags=needs, home="p0", deadline_h=float(deadline_h)
    )
    costs = [
        pue * sum(hours[start : start + work_h])
        for hours, bears, pue in made
        if bears >= needs
        for start in range(min(len(hours), deadline_h) - work_h + 1)
    ]
    possible = [c for c in costs if c == c]
    try:
        plan = planned(a_job, _places(made))
    except NoFeasiblePlanError:
        assert not possible
        return
    assert plan.chosen.cost.total_g.central == pytest.approx(min(possible))
    assert plan.chosen.stop <= a_job.deadline
    assert made[int(plan.chosen.place[1:])][1] >= needs
    runner_up = plan.reason.runner_up
    if runner_up is not None:
        assert runner_up.cost.total_g.central >= min(possible) - 1e-9


@settings(deadline=None, max_examples=50)
@given(made=instances.filter(bool), work_h=st.integers(1, 3))
def test_scaling_all_intensities_leaves_the_plan_unchanged(made, work_h):
    a_job = job(float(work_h), home="p0")
    if refused(a_job, _places(made)) is not None:
        return
    one = planned(a_job, _places(made)).chosen
    seven = planned(a_job, _places(made, scale=7.0)).chosen
    assert (seven.place, seven.segments) == (one.place, one.segments)


@settings(deadline=None, max_examples=50)
@given(made=instances.filter(bool), work_h=st.integers(1, 3))
def test_adding_a_dirtier_place_changes_nothing(made, work_h):
    a_job = job(float(work_h), home="p0")
    places = _places(made)
    if refused(a_job, places) is not None:
        return
    before = planned(a_job, places)
    dirtier = place("dirtier", *[900.0] * 9)
    for extended in ([*places, dirtier], [dirtier, *places]):
        after = planned(a_job, extended)
        assert after.chosen == before.chosen
        assert after.at_once == before.at_once


@settings(deadline=None, max_examples=50)
@given(
    made=instances.filter(bool),
    work_h=st.integers(1, 3),
    at=st.sampled_from(["p0", "p1", "elsewhere"]),
    needs=tags,
    shuns=tags,
    links=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=4),
)
def test_neither_job_nor_data_ever_goes_where_it_may_not(
    made, work_h, at, needs, shuns, links
):
    places = _places(made)
    for a, b in links:
        if a < len(places) and b < len(places) and a != b:
            way = Link(to=places[b].name, energy_wh_per_gb=exactly(1.0))
            places[a] = replace(places[a], links=(*places[a].links, way))
    a_job = job(
        float(work_h),
        home="p0",
        needs_tags=needs - shuns,
        shuns_tags=shuns,
        datasets=(Dataset(name="d", size_gb=1.0, at=frozenset({at})),),
        workload=Workload.TRAIN,
    )
    try:
        plan = planned(a_job, places)
    except NoFeasiblePlanError:
        return
    bears = {p.name: p.tags for p in places}
    for option in (plan.chosen, *plan.reason.considered):
        for name in (option.place, *(n for t in option.transfers for n in t.path[1:])):
            assert bears[name] >= a_job.needs_tags
            assert not bears[name] & a_job.shuns_tags
        assert option.stop <= a_job.deadline
