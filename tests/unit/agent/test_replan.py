"""Plans made anew: what changes, what stays, what is written down."""

from dataclasses import replace
from datetime import timedelta

from greenops.agent.estimates import Estimate
from greenops.agent.intent import Grid, Intent, settled
from greenops.agent.kinds import of_one_kind
from greenops.agent.lifecycle import submitted
from greenops.agent.planning import candidate
from greenops.agent.queue import NO_ROOM, queue_intents
from greenops.agent.replan import Situation, replan
from greenops.agent.standing import Job
from greenops.model import Bounded, Free, IntensityKind, Place, Seen
from tests.unit.agent.worlds import CLEAN, DIRTY, T0, dirty_then_clean, forecast, spec

HOUR = timedelta(hours=1)


def a_place(name="here", intensities=None, **fields):
    return Place(
        name=name,
        zone="SE",
        forecast=forecast("SE", intensities or dirty_then_clean()),
        seen=Seen(free_gpus=8, at=T0),
        **fields,
    )


def who(job_id="j1", **changed):
    a_spec = spec(**changed)
    first = submitted(job_id, T0, "ada", held=False)
    takes = Estimate(
        duration_s=a_spec.duration_s or Bounded(central=1.0, low=1.0, high=1.0),
        power_w=300.0,
        said="stated",
    )
    job = Job(job_id=job_id, spec=a_spec, last=first)
    return candidate(job, takes, submitted_at=T0, home="here", now=T0)


def situation(*places, standing=None, now=T0):
    return Situation(
        now=now, cause="test", places=places, standing=standing or {}, version="0"
    )


def meant(start_h, *, place="here", saved_g=10.0, cost_g=100.0):
    start = T0 + start_h * HOUR
    return Intent(
        place=place,
        spells=((start, start + HOUR / 2),),
        why="test",
        cost_g=cost_g,
        saved_g=saved_g,
    )


def grid(*intensities):
    return {"here": Grid.of(a_place(intensities=intensities))}


def test_the_same_plan_is_no_news():
    first = replan([who()], situation(a_place()))
    again = replan([who()], situation(a_place(), standing=first.intents))
    assert len(first.decisions) == 1
    assert again.decisions == ()
    assert again.intents == first.intents


def test_a_decision_says_what_it_was_made_on():
    (decision,) = replan([who()], situation(a_place())).decisions
    (other,) = replan(
        [who()], situation(a_place(intensities=[DIRTY, 1.0] * 50))
    ).decisions
    assert decision.inputs_sha256 != other.inputs_sha256
    assert decision.candidates[0]["place"] == "here"
    assert (decision.predicted_saved_g or 0.0) > 0.0
    assert "j1 runs at here" in decision.reason


def test_decisions_of_one_planning_share_their_inputs():
    found = replan([who("j1"), who("j2")], situation(a_place())).decisions
    assert found[0].inputs is found[1].inputs
    assert found[0].inputs_sha256 != found[1].inputs_sha256


def test_without_a_usable_place_nothing_is_decided():
    assert replan([who()], situation()).intents == {}


def test_a_job_that_no_place_may_have_waits_and_says_what_would_do():
    found = replan([who(places=frozenset({"mars"}))], situation(a_place()))
    (decision,) = found.decisions
    assert decision.chosen is None
    assert "what would do" in decision.reason


def test_a_plan_that_stands_gives_way_to_a_clearly_better_one_only():
    hours = [100.0] * 2 + [50.0] + [49.9] + [100.0] * 20
    kept = settled(meant(3), meant(2), who(), grid(*hours), T0)
    assert kept.start == T0 + 2 * HOUR
    hours[3] = 40.0
    changed = settled(meant(3), meant(2), who(), grid(*hours), T0)
    assert changed.start == T0 + 3 * HOUR


def test_plans_made_alone_at_submission_do_not_crowd_one_hour_of_a_long_queue():
    room = (Free(start=T0, stop=T0 + 160 * HOUR, gpus=1),)
    jobs = [who(f"j{n:03}", gpus=1, private=True) for n in range(60)]
    alone = {c.job.job_id: replace(meant(3), alone=True) for c in jobs}
    found = replan(jobs, situation(a_place(free=room), standing=alone))
    starts = [i.start for i in found.intents.values()]
    assert max(starts.count(at) for at in starts if at is not None) == 1


def test_a_plan_whose_place_is_gone_is_not_kept():
    found = settled(meant(3), meant(2, place="gone"), who(), grid(*[100.0] * 24), T0)
    assert found.start == T0 + 3 * HOUR


def test_waiting_for_next_to_nothing_does_not_begin():
    found = settled(meant(3, saved_g=0.5), None, who(), grid(*[100.0] * 24), T0)
    assert found.runs_at(T0)


def test_waiting_that_has_begun_is_not_broken_off_for_that():
    found = settled(meant(3, saved_g=0.5), meant(3), who(), grid(*[100.0] * 24), T0)
    assert found.start == T0 + 3 * HOUR


def test_a_plan_that_only_waited_for_room_is_not_kept_when_there_is_some(monkeypatch):
    flat = a_place(intensities=[100.0] * 168)
    standing = {"j1": meant(3, saved_g=0.0)}
    for afforded in (1.0, 0.0):  # the head of the queue, and what comes behind
        monkeypatch.setattr("greenops.agent.replan.AFFORDED", afforded)
        found = replan([who()], situation(flat, standing=standing))
        assert found.intents["j1"].runs_at(T0)
        kept = replan([who()], situation(flat, standing={"j1": meant(3)}))
        assert kept.intents["j1"].start == T0 + 3 * HOUR


def test_a_long_queue_never_holds_more_than_is_free():
    span = Free(start=T0, stop=T0 + 100 * HOUR, gpus=4)
    place = a_place(free=(span,))
    jobs = [who(f"j{i}", gpus=1 + i % 2, deadline=T0 + 90 * HOUR) for i in range(60)]
    found = queue_intents(jobs, [place], T0)
    for hour in range(100):
        at = (T0 + hour * HOUR, T0 + (hour + 1) * HOUR)
        held = sum(
            j.planned.gpus
            for j in jobs
            for start, stop in found[j.job.job_id].spells
            if start < at[1] and at[0] < stop
        )
        assert held <= 4
    assert all(i.spells for i in found.values())


def test_those_that_find_no_room_start_as_soon_as_there_is_some():
    span = Free(start=T0, stop=T0 + 2 * HOUR, gpus=1)
    jobs = [who(f"j{i}", gpus=1, deadline=T0 + 20 * HOUR) for i in range(5)]
    found = queue_intents(jobs, [a_place(free=(span,))], T0)
    without = [i for i in found.values() if i.why == NO_ROOM]
    assert len(without) == 3
    assert all(i.runs_at(T0) for i in without)


def test_a_long_queue_takes_the_clean_hours_within_its_deadlines():
    late, soon = who("late"), who("soon", deadline=T0 + 2 * HOUR)
    found = queue_intents([late, soon], [a_place()], T0)
    assert found["late"].start == T0 + 3 * HOUR
    assert (found["late"].saved_g or 0.0) > 0.0
    start = found["soon"].start
    assert start is not None
    assert start <= soon.latest_start


def test_a_long_queue_goes_where_data_lies():
    from greenops.model import Dataset

    data = (Dataset(name="images", size_gb=9.0, at=frozenset({"dirty"})),)
    places = [a_place("clean", [CLEAN] * 168), a_place("dirty", [DIRTY] * 168)]
    found = queue_intents([who(datasets=data)], places, T0)
    assert found["j1"].place == "dirty"


def test_more_jobs_than_can_be_planned_wholly_are_all_planned():
    jobs = [who(f"j{i}") for i in range(200)]
    found = replan(jobs, situation(a_place()))
    assert len(found.intents) == 200
    assert len(found.decisions) == 200


def test_a_plan_of_the_head_stands_until_another_is_clearly_better():
    hours = [100.0] * 2 + [50.0] + [60.0] + [100.0] * 20
    first = replan([who()], situation(a_place(intensities=hours))).intents
    hours[3] = 49.9
    kept = replan([who()], situation(a_place(intensities=hours), standing=first))
    hours[3] = 40.0
    moved = replan([who()], situation(a_place(intensities=hours), standing=first))
    assert first["j1"].start == kept.intents["j1"].start == T0 + 2 * HOUR
    assert kept.decisions == ()
    assert moved.intents["j1"].start == T0 + 3 * HOUR


def test_average_and_marginal_are_never_weighed_against_each_other():
    marginal = replace(forecast("DE", [1.0] * 24), kind=IntensityKind.MARGINAL)
    other = replace(a_place("other"), forecast=marginal)
    found = of_one_kind([a_place(), a_place("two"), other])
    assert [p.forecast is None for p in found] == [False, False, True]
