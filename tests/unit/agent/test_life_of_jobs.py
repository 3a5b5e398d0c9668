"""Any sequence of requests, answers, ends, failures and kills: no job lost or doubled."""

from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from greenops.agent.arrows import ARROWS
from greenops.agent.lifecycle import Due, submitted
from greenops.model import AttemptState, JobState, PauseBy, RequestKind
from greenops.testing import MemoryJobs
from tests.unit.agent.engine import Daemon, Engine, KilledError
from tests.unit.agent.stories import a_spec

ALIVE = {AttemptState.RUNNING, AttemptState.FROZEN}
PLACES = ["here", "there"]
TURNS_TO_THE_END = 400
MOST_JOBS = 2


class LifeOfJobs(RuleBasedStateMachine):
    jobs = Bundle("jobs")

    def __init__(self):
        super().__init__()
        self.store = MemoryJobs()
        self.engine = Engine()
        self.due: dict[str, Due] = {}
        self.starts: dict[str, int] = {}
        self.daemon = Daemon(self.store, self.engine, self.due)
        self.count = 0

    @initialize(target=jobs, pause_by=st.sampled_from(PauseBy))
    def submit_one(self, pause_by):
        return self._submit(a_spec(pause_by=pause_by), held=False)

    @precondition(lambda self: self.count < MOST_JOBS)
    @rule(
        target=jobs,
        interruptible=st.sampled_from([True, True, False]),
        pause_by=st.sampled_from(PauseBy),
        checkpoint_signal=st.sampled_from(["USR1", ""]),
        held=st.sampled_from([False, False, False, True]),
    )
    def submit(self, interruptible, pause_by, checkpoint_signal, held):
        spec = a_spec(
            interruptible=interruptible,
            pause_by=pause_by,
            checkpoint_signal=checkpoint_signal,
        )
        return self._submit(spec, held=held)

    @rule(job_id=jobs, kind=st.sampled_from(RequestKind))
    def ask(self, job_id, kind):
        self.store.ask(job_id, kind, "grace", self.daemon.now)

    @rule(job_id=jobs, place=st.sampled_from([None, *PLACES]))
    def plan(self, job_id, place):
        self.due[job_id] = Due(place=place, why="the forecast changed")

    @rule(seconds=st.sampled_from([1.0, 30.0, 90.0, 4000.0, -3600.0]))
    def wait(self, seconds):
        self.daemon.later(seconds)

    @rule(data=st.data())
    def begin(self, data):
        """An attempt begins, unless it was kept from it."""
        queued = [
            a for a, g in self.engine.attempts.items() if g.state is AttemptState.QUEUED
        ]
        if queued:
            self._begin(data.draw(st.sampled_from(sorted(queued))))

    @rule(
        data=st.data(),
        end=st.sampled_from(
            [(0, None), (75, None), (1, None), (None, 15), (None, 9), (None, None)]
        ),
    )
    def end(self, data, end):
        """A job's process ends: of itself, by what it was told, or nobody knows how."""
        if alive := self._alive():
            going = self.engine.attempts[data.draw(st.sampled_from(alive))]
            going.end(*end)

    @rule(data=st.data())
    def thaw_by_hand(self, data):
        frozen = [
            a
            for a in self._alive()
            if self.engine.attempts[a].state is AttemptState.FROZEN
        ]
        if frozen:
            attempt_id = data.draw(st.sampled_from(frozen))
            self.engine.attempts[attempt_id].state = AttemptState.RUNNING

    @rule(data=st.data())
    def lose(self, data):
        """A node dies. Its engine may forget what was seen running there, and no more."""
        if alive := self._alive():
            attempt_id = data.draw(st.sampled_from(alive))
            going = self.engine.attempts[attempt_id]
            if self.store.jobs[going.job_id].events[-1].facts.get("began"):
                del self.engine.attempts[attempt_id]
            else:
                going.end()

    @rule(fault=st.sampled_from(["down", "refuses", "loses_answers"]), on=st.booleans())
    def break_or_mend(self, fault, on):
        setattr(self.engine, fault, on)

    @rule()
    def turn(self):
        self.daemon.turn()

    @precondition(lambda self: not self._alive())
    @rule()
    def get_going(self):
        """All that waits begins, where nothing stands in its way."""
        self.daemon.turn()
        for attempt_id, going in self.engine.attempts.items():
            if going.state is AttemptState.QUEUED:
                self._begin(attempt_id)
        self.daemon.turn()

    @precondition(lambda self: self._alive())
    @rule(job_id=jobs, ask=st.booleans())
    def pause(self, job_id, ask):
        """A job is paused, by a person or by the plan, as far as one turn brings it."""
        if ask:
            self.store.ask(job_id, RequestKind.HOLD, "grace", self.daemon.now)
        else:
            self.due[job_id] = Due(place=None, why="the forecast changed")
        self.daemon.turn()
        self.daemon.turn()

    @rule(lines=st.integers(0, 12))
    def turn_and_be_killed(self, lines):
        self.daemon.lines_left = lines
        try:
            self.daemon.turn()
        except KilledError:
            now = self.daemon.now
            self.daemon = Daemon(self.store, self.engine, self.due)
            self.daemon.now = now
        self.daemon.lines_left = None

    @invariant()
    def no_attempt_begins_twice_and_no_job_runs_twice_at_once(self):
        assert all(n == 1 for n in self.starts.values()), self.starts
        owners = [self.engine.attempts[a].job_id for a in self._alive()]
        assert len(owners) == len(set(owners))

    @invariant()
    def every_step_is_an_arrow_and_none_is_missing(self):
        for kept in self.store.jobs.values():
            events = kept.events
            assert [e.seq for e in events] == list(range(len(events)))
            assert (None, events[0].state) in ARROWS
            assert {(a.state, b.state) for a, b in pairwise(events)} <= ARROWS.keys()
            assert all(not e.state.final for e in events[:-1])

    @invariant()
    def nothing_of_a_job_that_has_ended_runs_or_may_still_begin(self):
        for going in self.engine.attempts.values():
            if going.state in ALIVE | {AttemptState.QUEUED}:
                last = self.store.jobs[going.job_id].events[-1]
                assert not last.state.final, (going, last)

    def teardown(self):
        """Once nothing fails any more every job comes to its end."""
        self.engine.down = self.engine.refuses = self.engine.loses_answers = False
        for job_id in self.store.jobs:
            self.store.ask(job_id, RequestKind.RELEASE, "ada", self.daemon.now)
        for _ in range(TURNS_TO_THE_END):
            for job_id, (_, last) in self.store.open_jobs().items():
                # A frozen job can go on nowhere else, as every plan has to know.
                place = last.place if last.facts.get("frozen") else "here"
                self.due[job_id] = Due(place=place, why="it is time")
            self.daemon.turn()
            self._let_all_end()
            self.daemon.later(3600.0)
            self.every_step_is_an_arrow_and_none_is_missing()
            self.no_attempt_begins_twice_and_no_job_runs_twice_at_once()
            if not self.store.open_jobs() and not self.store.requests():
                break
        assert self.store.open_jobs() == {}
        assert self.store.requests() == []
        self.nothing_of_a_job_that_has_ended_runs_or_may_still_begin()
        self.every_end_is_told_truly()

    def every_end_is_told_truly(self):
        for kept in self.store.jobs.values():
            last = kept.events[-1]
            assert (last.state is JobState.DONE) == (
                last.facts.get("exit_code") == 0
                and last.state is not JobState.CANCELLED
            )

    def _submit(self, spec, *, held):
        self.count += 1
        job_id = f"j{self.count}"
        first = submitted(job_id, self.daemon.now, "ada", held=held)
        self.store.add(job_id, spec, first)
        self.due[job_id] = Due(place="here", why="it is time")
        return job_id

    def _let_all_end(self):
        for attempt_id, going in list(self.engine.attempts.items()):
            if going.state is AttemptState.QUEUED:
                self._begin(attempt_id)
            elif going.state is AttemptState.RUNNING:
                going.end(
                    75 if "USR1" in going.told else None,
                    15 if "TERM" in going.told else None,
                )
                if not going.told or going.told[-1] == "CONT":
                    going.end(0)
            elif going.state is AttemptState.FROZEN and "TERM" in going.told:
                going.end(None, 9)

    def _begin(self, attempt_id):
        self.starts[attempt_id] = self.starts.get(attempt_id, 0) + 1
        self.engine.attempts[attempt_id].state = AttemptState.RUNNING

    def _alive(self):
        return sorted(a for a, g in self.engine.attempts.items() if g.state in ALIVE)


TestLifeOfJobs = LifeOfJobs.TestCase
TestLifeOfJobs.settings = settings(
    max_examples=150, stateful_step_count=50, deadline=None
)
