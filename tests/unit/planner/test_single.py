"""Whatever is asked, the answer is a plan within all limits or a refusal that helps."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.model import (
    Bounded,
    Dataset,
    Exclusion,
    Free,
    Link,
    Objective,
    Pausing,
    Phase,
    Plan,
    Refusal,
    Seen,
    Workload,
)
from greenops.planner.route import least_gpus
from greenops.planner.single import NEAREST, plan_or_refusal, refusal_from
from greenops.planner.terms import Terms
from tests.unit.planner.scenes import HOUR, NAN, T0, job, place

NAMES = ("a", "b", "c")
EU, US = frozenset({"EU"}), frozenset({"US"})


def mostly(*usual, seldom):
    """Draw from the usual four times out of five."""
    return st.sampled_from([*usual] * 4 * len(seldom) + [*seldom] * len(usual))


def span(low, high):
    return st.tuples(
        st.floats(low, high), st.floats(low, high), st.floats(low, high)
    ).map(lambda t: Bounded(low=min(t), central=sorted(t)[1], high=max(t)))


@st.composite
def a_place(draw, name):
    row = draw(
        st.lists(
            st.one_of(*[st.floats(1.0, 900.0)] * 9, st.sampled_from([NAN, 0.0])),
            min_size=4,
            max_size=14,
        )
    )
    cuts = sorted(draw(st.frozensets(st.integers(-120, 700), max_size=4)))
    free = tuple(
        Free(
            start=T0 + timedelta(minutes=a),
            stop=T0 + timedelta(minutes=b),
            gpus=draw(st.integers(1, 4)),
        )
        for a, b in itertools.pairwise(cuts)
    )
    old = Seen(free_gpus=4, at=T0 + draw(st.sampled_from([HOUR, -HOUR])))
    links = tuple(
        Link(
            to=to,
            energy_wh_per_gb=draw(span(0.0, 100.0)),
            gb_per_s=draw(st.sampled_from([None, 0.01, 1.0])),
            price_per_gb=draw(st.sampled_from([0.0, 0.1])),
        )
        for to in draw(st.frozensets(st.sampled_from(NAMES), max_size=2))
        if to != name
    )
    return place(
        name,
        *row,
        band=draw(st.floats(0.0, 1.0)),
        free=draw(mostly(None, seldom=[free, free])),
        cpus=draw(mostly(None, seldom=[4.0])),
        pue=draw(span(1.0, 2.0)),
        speed=draw(st.sampled_from([0.5, 1.0, 1.7])),
        embodied_g_per_h=draw(span(0.0, 50.0)),
        reserved=draw(st.booleans()),
        idle_w=draw(st.sampled_from([0.0, 100.0])),
        price_per_h=draw(mostly(0.0, 2.0, seldom=[None])),
        tags=draw(mostly(EU, EU | US, seldom=[US, frozenset()])),
        private=draw(mostly(True, seldom=[False])),
        seen=draw(mostly(Seen(free_gpus=4, at=T0), seldom=[None, old])),
        links=links,
    )


@st.composite
def a_job(draw):
    shares = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    needs = draw(mostly(EU, frozenset(), seldom=[US]))
    shuns = draw(mostly(frozenset(), seldom=[US]))
    earliest = T0 + timedelta(minutes=draw(st.integers(-100, 200)))
    scaled = draw(st.booleans())
    data = st.builds(
        Dataset,
        name=st.sampled_from(["d", "e"]),
        size_gb=st.floats(0.0, 500.0),
        at=st.frozensets(st.sampled_from([*NAMES, "elsewhere"]), min_size=1),
    )
    return job(
        workload=draw(mostly(Workload.TRAIN, seldom=[Workload.INFER, "render"])),
        duration_s=draw(span(600.0, 4 * 3600.0)),
        phases=tuple(
            Phase(share=s / sum(shares), power_w=100.0 * (i + 1))
            for i, s in enumerate(shares)
        ),
        home=draw(st.sampled_from([*NAMES, "gone"])),
        earliest=earliest,
        deadline=T0 + timedelta(minutes=draw(st.integers(-10, 900))),
        hard=draw(st.booleans()),
        late_g_per_h=draw(st.sampled_from([0.0, 10.0])),
        gpus=draw(st.integers(1 if scaled else 0, 3)),
        cpus=draw(mostly(0.0, seldom=[8.0])),
        interruptible=draw(st.booleans()),
        pausing=Pausing(
            pause_s=draw(st.sampled_from([0.0, 60.0])),
            resume_s=draw(st.sampled_from([0.0, 300.0])),
            energy_j=draw(st.sampled_from([0.0, 1e4])),
            min_run_s=draw(st.sampled_from([0.0, 1800.0])),
            max_pauses=draw(mostly(None, 1, seldom=[0])),
        ),
        datasets=tuple(draw(st.lists(data, max_size=2))),
        checkpoint_gb=draw(st.sampled_from([0.0, 5.0])),
        places=draw(mostly(None, frozenset("ab"), seldom=[frozenset("z")])),
        needs_tags=needs - shuns,
        shuns_tags=shuns,
        private=draw(mostly(None, True, seldom=[False])),
        project="p",
        scaling=(0.4, 0.8, 1.1) if scaled else (),
    )


@st.composite
def questions(draw):
    objective = Objective(
        price_per_t=draw(st.sampled_from([None, 100.0])),
        budgets_g=draw(mostly({}, seldom=[{"p": 100.0}])),
    )
    terms = Terms(
        now=T0,
        objective=objective,
        paused_at=draw(st.sampled_from([None, "a", "elsewhere"])),
    )
    names = draw(st.frozensets(st.sampled_from(NAMES), min_size=1))
    return draw(a_job()), [draw(a_place(n)) for n in sorted(names)], terms


@settings(deadline=None, max_examples=80)
@given(questions())
def test_every_job_gets_a_plan_within_all_limits_or_a_refusal_that_helps(question):
    asked, places, terms = question
    found = plan_or_refusal(asked, places, terms)
    if isinstance(found, Refusal):
        assert found.change
        assert found.binding in NEAREST
        assert {e.place for e in found.excluded} == {p.name for p in places}
        return
    assert isinstance(found, Plan)
    at = {p.name: p for p in places}
    for option in found.reason.considered:
        _within_limits(asked, at[option.place], option, terms)
    assert found.reason.words.startswith("train-x runs at ")


def _within_limits(asked, its_place, option, terms):
    assert asked.places is None or its_place.name in asked.places
    assert its_place.tags >= asked.needs_tags
    assert not its_place.tags & asked.shuns_tags
    assert option.start >= max(T0, asked.earliest)
    moved_s = sum(t.duration_s or 0.0 for t in option.transfers)
    assert (option.start - T0).total_seconds() >= moved_s - 1e-3
    assert not asked.hard or option.stop <= asked.deadline
    for a, b in zip(option.segments, option.segments[1:], strict=False):
        assert a.stop <= b.start
    if not asked.interruptible:
        assert len(option.segments) == 1
    if asked.pausing.max_pauses is not None:
        assert option.pauses <= asked.pausing.max_pauses
    for segment in option.segments:
        assert segment.gpus >= least_gpus(asked)
        for free in its_place.free or ():
            if segment.start < free.stop and free.start < segment.stop:
                assert segment.gpus <= free.gpus
    cost = option.cost
    parts_g = (cost.operational_g, cost.waiting_g, cost.transfer_g, cost.embodied_g)
    assert cost.total_g.central == pytest.approx(sum(p.central for p in parts_g))
    budget_g = terms.objective.budgets_g.get("p")
    assert budget_g is None or cost.total_g.central <= budget_g


def barred(name, rule, lacking=0.0):
    return Exclusion(
        place=name, rule=rule, detail=f"{name} is out", change="c", lacking=lacking
    )


def test_of_several_that_failed_by_one_rule_the_one_that_lacks_least_is_named():
    out = [barred("far", "deadline", 7200.0), barred("near", "deadline", 60.0)]
    assert refusal_from(job(), out).detail == "near is out"


def test_a_place_that_failed_a_later_rule_came_nearer():
    out = [
        barred("tag", "residency"),
        barred("money", "budget", 1e9),
        barred("t", "data"),
    ]
    assert refusal_from(job(), out).binding == "budget"


def test_a_rule_that_is_not_ranked_counts_as_the_farthest():
    out = [barred("odd", "something new"), barred("tag", "residency")]
    assert refusal_from(job(), out).binding == "residency"


def test_without_any_place_a_place_is_what_is_missing():
    refusal = plan_or_refusal(job(), [], Terms(now=T0))
    assert refusal == replace(refusal_from(job(), []), excluded=())
    assert refusal.change == "a place"
