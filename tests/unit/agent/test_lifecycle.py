from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from greenops.agent.acts import ActKind
from greenops.agent.arrows import ARROWS
from greenops.agent.endings import MOST_LOOPS
from greenops.agent.lifecycle import (
    MOST_REFUSALS,
    Due,
    confirmed,
    refused,
    step,
    submitted,
)
from greenops.agent.standing import Job
from greenops.model import JobState, PauseBy, RequestKind
from tests.unit.agent.stories import LATER, T0, a_job, a_spec, asked, exited, status

WAITING, HELD, STARTING = JobState.WAITING, JobState.HELD, JobState.STARTING
RUNNING, PAUSING, PAUSED = JobState.RUNNING, JobState.PAUSING, JobState.PAUSED
CANCELLING, CANCELLED = JobState.CANCELLING, JobState.CANCELLED
DONE, FAILED = JobState.DONE, JobState.FAILED
CANCEL, HOLD = RequestKind.CANCEL, RequestKind.HOLD
RELEASE, RUN_NOW = RequestKind.RELEASE, RequestKind.RUN_NOW
HERE, THERE = Due(place="here", why="now is clean"), Due(place="there", why="cleaner")
LATER_ON = Due(place=None, why="tonight is cleaner")
FREEZES = a_spec(pause_by=PauseBy.FREEZE)
FIXED = a_spec(interruptible=False)


def go(job, status=None, *, ask=None, due=None, now=LATER):
    request = None if ask is None else asked(ask)
    return step(job, now=now, status=status, request=request, due=due)


def after(job, event):
    return Job(job_id="j1", spec=job.spec, last=event)


def waits_s(event):
    return event.facts["not_before_s"] - LATER.timestamp()


EVERY_ARROW: dict[tuple[JobState, JobState], tuple[Job, dict[str, Any]]] = {
    (WAITING, WAITING): (a_job(WAITING), {"ask": RUN_NOW}),
    (WAITING, HELD): (a_job(WAITING), {"ask": HOLD}),
    (WAITING, STARTING): (a_job(WAITING), {"due": HERE}),
    (WAITING, CANCELLED): (a_job(WAITING), {"ask": CANCEL}),
    (HELD, HELD): (a_job(HELD, FREEZES, frozen=True), {"status": exited(75)}),
    (HELD, WAITING): (a_job(HELD), {"ask": RELEASE}),
    (HELD, PAUSED): (a_job(HELD, resume=True), {"ask": RELEASE}),
    (HELD, RUNNING): (a_job(HELD, FREEZES, frozen=True), {"ask": RUN_NOW}),
    (HELD, CANCELLING): (a_job(HELD, FREEZES, frozen=True), {"ask": CANCEL}),
    (HELD, CANCELLED): (a_job(HELD), {"ask": CANCEL}),
    (HELD, DONE): (a_job(HELD, FREEZES, frozen=True), {"status": exited(0)}),
    (HELD, FAILED): (a_job(HELD, FREEZES, frozen=True), {"status": exited(by=9)}),
    (STARTING, STARTING): (a_job(STARTING), {"ask": RUN_NOW}),
    (STARTING, RUNNING): (a_job(STARTING), {"status": status("running")}),
    (STARTING, WAITING): (a_job(STARTING), {"status": status("void")}),
    (STARTING, PAUSED): (a_job(STARTING, resume=True), {"status": status("void")}),
    (STARTING, PAUSING): (a_job(STARTING), {"ask": HOLD}),
    (STARTING, CANCELLING): (a_job(STARTING), {"ask": CANCEL}),
    (STARTING, DONE): (a_job(STARTING), {"status": exited(0)}),
    (STARTING, FAILED): (a_job(STARTING), {"status": exited(1)}),
    (RUNNING, RUNNING): (
        a_job(RUNNING, FREEZES, thawing=True),
        {"status": status("running")},
    ),
    (RUNNING, PAUSING): (a_job(RUNNING), {"due": LATER_ON}),
    (RUNNING, PAUSED): (a_job(RUNNING), {"status": exited(75)}),
    (RUNNING, CANCELLING): (a_job(RUNNING), {"ask": CANCEL}),
    (RUNNING, DONE): (a_job(RUNNING), {"status": exited(0)}),
    (RUNNING, FAILED): (a_job(RUNNING), {"status": exited(1)}),
    (PAUSING, PAUSING): (a_job(PAUSING), {"ask": HOLD}),
    (PAUSING, PAUSED): (a_job(PAUSING), {"status": exited(75)}),
    (PAUSING, HELD): (a_job(PAUSING, hold=True), {"status": exited(75)}),
    (PAUSING, WAITING): (a_job(PAUSING, began=False), {"status": status("void")}),
    (PAUSING, RUNNING): (
        a_job(PAUSING, FIXED, began=False),
        {"status": status("running")},
    ),
    (PAUSING, CANCELLING): (a_job(PAUSING), {"ask": CANCEL}),
    (PAUSING, DONE): (a_job(PAUSING), {"status": exited(0)}),
    (PAUSING, FAILED): (a_job(PAUSING), {"status": exited(1)}),
    (PAUSED, PAUSED): (a_job(PAUSED), {"ask": RUN_NOW}),
    (PAUSED, STARTING): (a_job(PAUSED), {"due": HERE}),
    (PAUSED, RUNNING): (a_job(PAUSED, FREEZES, frozen=True), {"due": HERE}),
    (PAUSED, HELD): (a_job(PAUSED), {"ask": HOLD}),
    (PAUSED, CANCELLING): (a_job(PAUSED, FREEZES, frozen=True), {"ask": CANCEL}),
    (PAUSED, CANCELLED): (a_job(PAUSED), {"ask": CANCEL}),
    (PAUSED, DONE): (a_job(PAUSED, FREEZES, frozen=True), {"status": exited(0)}),
    (PAUSED, FAILED): (a_job(PAUSED, FREEZES, frozen=True), {"status": exited(by=9)}),
    (CANCELLING, CANCELLED): (a_job(CANCELLING), {"status": exited(by=15)}),
}
"""For every arrow a job and what leads it along."""


def test_every_arrow_is_told_of_here():
    assert EVERY_ARROW.keys() | {(None, WAITING), (None, HELD)} == ARROWS.keys()


@pytest.mark.parametrize(
    ("before", "leads_to"), EVERY_ARROW, ids=lambda state: str(state)
)
def test_an_arrow_is_taken_and_says_why(before, leads_to):
    job, given = EVERY_ARROW[before, leads_to]

    event = go(job, **given).event

    assert (job.state, event.state) == (before, leads_to)
    assert (event.seq, event.at) == (6, LATER)
    assert event.why


def test_a_submission_waits_or_is_held():
    assert submitted("j1", T0, "ada", held=False).state is WAITING
    assert submitted("j1", T0, "ada", held=True).state is HELD


def test_a_submission_may_be_one_to_run_now():
    first = submitted("j1", T0, "ada", held=False, run_now=True)

    assert first.facts == {"run_now": True}
    assert "to run now" in first.why
    assert submitted("j1", T0, "ada", held=False).facts == {}


@pytest.mark.parametrize("state", [s for s in JobState if s.final])
@pytest.mark.parametrize("ask", RequestKind)
def test_nothing_can_be_asked_of_what_has_ended(state, ask):
    done = go(a_job(state), ask=ask)

    assert done.event is None
    assert f"it is {state}" in done.answer


@pytest.mark.parametrize("state", [s for s in JobState if not s.final])
def test_cancelling_works_in_every_state_and_twice(state):
    done = go(a_job(state), ask=CANCEL)

    assert done.answer
    if state is CANCELLING:
        assert done.event is None
    else:
        assert done.event.state in {CANCELLED, CANCELLING}


@pytest.mark.parametrize("state", [s for s in JobState if not s.final])
@pytest.mark.parametrize("ask", RequestKind)
def test_every_request_is_answered_in_every_state_and_may_be_repeated(state, ask):
    job = a_job(state)
    first = go(job, ask=ask)
    again = go(after(job, first.event or job.last), ask=ask)

    assert first.answer
    assert again.answer
    assert again.event is None


def test_a_first_attempt_is_number_one_and_the_next_one_number_two():
    first = go(a_job(WAITING), due=HERE).event
    second = go(a_job(PAUSED), due=THERE).event

    assert (first.attempt_id, first.place) == ("j1.1", "here")
    assert (second.attempt_id, second.place) == ("j1.2", "there")


def test_a_job_that_starts_is_submitted_until_its_executor_knows_it():
    job = a_job(STARTING, resume=True)
    submit = go(job).act

    assert (submit.kind, submit.attempt_id) == (ActKind.SUBMIT, "j1.1")
    assert (submit.place, submit.resume) == ("here", True)
    assert go(job, status("unknown")).act == submit
    assert go(job, status("queued")).act.kind is ActKind.NONE


def test_no_answer_of_an_executor_changes_nothing():
    for state in (RUNNING, PAUSING, CANCELLING):
        nothing = go(a_job(state))
        assert (nothing.event, nothing.act.kind) == (None, ActKind.NONE), state


@pytest.mark.parametrize("state", [STARTING, RUNNING, PAUSING])
def test_an_end_nobody_knows_of_is_a_failure_that_says_so(state):
    event = go(a_job(state), exited(detail="the machine was rebooted")).event

    assert event.state is FAILED
    assert "nobody knows how (the machine was rebooted)" in event.why
    assert "not run again" in event.why


@pytest.mark.parametrize(
    "job",
    [
        a_job(RUNNING),
        a_job(PAUSING),
        a_job(PAUSED, FREEZES, frozen=True),
        a_job(HELD, FREEZES, frozen=True),
    ],
    ids=lambda job: str(job.state),
)
@pytest.mark.parametrize("said", ["unknown", "void"])
def test_an_attempt_that_its_executor_forgot_is_not_run_again(job, said):
    event = go(job, status(said)).event

    assert event.state is FAILED
    assert "nobody knows" in event.why


def test_a_cancelled_job_that_its_executor_forgot_is_cancelled():
    assert go(a_job(CANCELLING), status("unknown")).event.state is CANCELLED


def test_a_cancelled_job_that_may_not_have_begun_is_kept_from_beginning():
    job = a_job(CANCELLING, began=False)

    for said in ("unknown", "queued"):
        assert go(job, status(said)).act.kind is ActKind.VOID
    assert go(job, status("void")).event.state is CANCELLED
    assert go(job, status("running")).act.kind is ActKind.CANCEL


def test_whatever_a_cancelled_job_says_at_its_end_it_is_cancelled():
    for end in (exited(0), exited(75), exited(1), exited(by=9), exited()):
        assert go(a_job(CANCELLING), end).event.state is CANCELLED


def test_a_job_that_ended_before_it_could_be_cancelled_is_done():
    assert go(a_job(RUNNING), exited(0), ask=CANCEL).event.state is DONE


def test_a_pause_is_a_signal_then_grace_then_an_end():
    job = a_job(PAUSING)
    signal = go(job, status("running")).act
    assert (signal.kind, signal.signal) == (ActKind.SIGNAL, "USR1")

    told = after(job, confirmed(job, signal, LATER))
    in_grace = go(told, status("running"), now=LATER + timedelta(seconds=59))
    past = go(told, status("running"), now=LATER + timedelta(seconds=60))

    assert told.state is PAUSING
    assert (in_grace.event, in_grace.act.kind) == (None, ActKind.NONE)
    assert past.act.kind is ActKind.CANCEL


def test_a_clock_that_is_set_back_begins_the_grace_anew():
    job = a_job(PAUSING, signalled_s=LATER.timestamp() + 7200.0)

    assert go(job, status("running")).act.kind is ActKind.SIGNAL


def test_a_job_that_understands_no_signal_is_ended_with_its_grace():
    act = go(a_job(PAUSING, a_spec(checkpoint_signal="")), status("running")).act

    assert (act.kind, act.grace_s) == (ActKind.CANCEL, 60.0)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (exited(75), PAUSED),
        (exited(by=15), PAUSED),
        (exited(by=9), PAUSED),
        (exited(by=10), PAUSED),
        (exited(128 + 15), PAUSED),
        (exited(0), DONE),
        (exited(1), FAILED),
        (exited(by=11), FAILED),
        (exited(128 + 11), FAILED),
    ],
    ids=["75", "TERM", "KILL", "its own signal", "TERM in a shell", "0", "1", "SEGV",
         "SEGV in a shell"],
)  # fmt: skip
def test_how_a_job_ends_that_was_told_to_stop_says_whether_it_goes_on(end, state):
    event = go(a_job(PAUSING), end).event

    assert event.state is state
    assert event.facts.get("resume", False) is (state is PAUSED)


def test_a_job_that_nobody_told_to_stop_and_is_killed_has_failed():
    event = go(a_job(RUNNING), exited(by=9)).event

    assert event.state is FAILED
    assert "signal 9 (SIGKILL)" in event.why


def test_freezing_stops_the_processes_and_thawing_lets_them_go_on():
    pausing = a_job(PAUSING, FREEZES)
    assert go(pausing, status("running")).act.signal == "STOP"
    frozen = go(pausing, status("frozen")).event
    assert (frozen.state, frozen.facts["frozen"]) == (PAUSED, True)

    paused = Job(job_id="j1", spec=FREEZES, last=frozen)
    assert go(paused, status("running")).act.signal == "STOP"
    assert go(paused, status("frozen")).act.kind is ActKind.NONE
    going_on = go(paused, status("frozen"), due=HERE).event
    running = Job(job_id="j1", spec=FREEZES, last=going_on)
    assert go(running, status("frozen")).act.signal == "CONT"
    seen = go(running, status("running")).event
    assert (seen.state, "thawing" in seen.facts) == (RUNNING, False)


def test_a_job_that_somebody_stopped_by_hand_is_left_alone():
    left = go(a_job(RUNNING), status("frozen"))

    assert (left.event, left.act.kind) == (None, ActKind.NONE)


def test_a_frozen_job_does_not_go_on_elsewhere():
    assert (
        go(a_job(PAUSED, FREEZES, frozen=True), status("frozen"), due=THERE).event
        is None
    )
    assert go(a_job(RUNNING, FREEZES), status("running"), due=THERE).event is None


@pytest.mark.parametrize("due", [LATER_ON, THERE])
def test_a_job_that_may_not_be_paused_runs_on(due):
    assert go(a_job(RUNNING, FIXED), status("running"), due=due).event is None
    held = go(a_job(RUNNING, FIXED), status("running"), ask=HOLD)
    assert (held.event, "not submitted as interruptible" in held.answer) == (None, True)


def test_a_job_that_was_asked_to_run_now_is_not_paused_by_the_plan():
    assert (
        go(a_job(RUNNING, run_now=True), status("running"), due=LATER_ON).event is None
    )


def test_a_start_is_withdrawn_where_the_plan_changes_and_it_has_not_begun():
    pausing = go(a_job(STARTING), status("queued"), due=THERE).event
    job = Job(job_id="j1", spec=a_spec(), last=pausing)

    assert pausing.state is PAUSING
    assert go(job, status("queued")).act.kind is ActKind.VOID
    assert go(job, status("void")).event.state is WAITING
    begun = go(job, status("running")).event
    assert (begun.state, begun.facts["began"]) == (PAUSING, True)


def test_asking_to_be_run_again_at_once_is_waited_for_longer_and_longer():
    job, waited_s = a_job(RUNNING), []
    for _ in range(MOST_LOOPS):
        event = go(job, exited(75, after_s=1.0)).event
        assert event.state is PAUSED
        waited_s.append(waits_s(event))
        paused = after(job, event)
        assert go(paused, due=HERE).event is None
        job = a_job(RUNNING, loops=event.facts["loops"])

    assert waited_s == [5.0 * 2**n for n in range(MOST_LOOPS)]
    last = go(job, exited(75, after_s=1.0)).event
    assert last.state is FAILED
    assert "does not get on" in last.why


def test_a_job_that_ran_for_a_while_may_ask_again_as_often_as_it_likes():
    event = go(a_job(RUNNING, loops=MOST_LOOPS), exited(75)).event

    assert (event.state, event.facts.get("loops", 0)) == (PAUSED, 0)
    assert "not_before_s" not in event.facts


def test_a_wait_ends_by_itself_or_when_a_person_says_now():
    job = a_job(PAUSED, not_before_s=LATER.timestamp() + 5.0, loops=1)

    assert go(job, due=HERE).event is None
    assert go(job, due=HERE, now=LATER + timedelta(seconds=5)).event.state is STARTING
    asked_now = after(job, go(job, ask=RUN_NOW).event)
    assert go(asked_now, due=HERE).event.state is STARTING


def test_a_refused_attempt_is_tried_again_later_and_not_for_ever():
    waited_s, job = [], a_job(STARTING)
    for _ in range(MOST_REFUSALS - 1):
        event = refused(job, "no such partition", LATER)
        assert (event.state, "no such partition" in event.why) == (WAITING, True)
        waited_s.append(waits_s(event))
        job = a_job(STARTING, refusals=event.facts["refusals"])

    assert waited_s == [60.0, 120.0, 240.0, 480.0]
    assert refused(job, "no such partition", LATER).state is FAILED


def test_how_long_it_ran_adds_up_over_its_attempts():
    event = go(a_job(RUNNING, ran_s=100.0), exited(75, after_s=600.0)).event

    assert event.facts["ran_s"] == 700.0


def test_the_end_names_the_run_that_measured_it():
    event = go(a_job(RUNNING), exited(0, run_id="r1", handle="4711")).event

    assert (event.facts["run_id"], event.facts["exit_code"]) == ("r1", 0)


@pytest.mark.parametrize("state", [DONE, FAILED, CANCELLED, WAITING, PAUSED, HELD])
def test_an_executor_need_not_keep_an_end_that_is_written_down(state):
    ended = a_job(state, attempts=1)

    assert go(ended, exited(0)).act.kind is ActKind.FORGET
    assert go(ended, status("unknown")).act.kind is ActKind.NONE
    # Its processes may not have seen yet that they must not begin.
    assert go(ended, status("void")).act.kind is ActKind.NONE


def test_what_is_carried_along_is_what_the_event_before_carried():
    job = a_job(RUNNING, ran_s=5.0, loops=2)
    event = go(job, ask=CANCEL).event

    assert after(job, event).standing == job.standing


def test_facts_that_are_not_carried_are_left_behind():
    job = a_job(RUNNING)
    strange = replace(job.last, facts=dict(job.last.facts) | {"mood": "calm"})

    event = go(Job(job_id="j1", spec=job.spec, last=strange), ask=CANCEL).event

    assert "mood" not in event.facts
