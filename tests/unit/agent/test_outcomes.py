"""What came of ended jobs, by hand-computed figures in a real ledger."""

import contextlib
import logging
import sqlite3
from datetime import timedelta

import pytest

from greenops.agent.outcomes import AGAIN_AFTER, MOST, Accounts, Outcomes, again_at
from greenops.errors import LedgerUnavailableError, SignalError
from greenops.ledger.query import Ledger
from greenops.model import IntensityKind, JobState, OutcomeLook, Pausing
from tests.unit.agent.ended_jobs import (
    HOME,
    SITES,
    Ended,
    a_stated,
    at,
    central,
    hours_of,
)
from tests.unit.ledger.job_records import JOB_ID, a_spec, an_event
from tests.unit.ledger.records import T0

AVERAGE, MARGINAL = IntensityKind.AVERAGE, IntensityKind.MARGINAL


class World:
    """A ledger, and what the grid says of DE."""

    def __init__(self, folder):
        self.ended = Ended(folder)
        self.ledger = Ledger(self.ended.path)
        self.known = {AVERAGE: hours_of("DE", 0, *[500.0] * 24)}
        self.asked = []
        self.restated = []
        self.stopping = False

    def _grid(self, kind):
        def ask(zone, start, stop):
            self.asked.append((zone, start, stop))
            known = self.known[kind]
            if isinstance(known, Exception):
                raise known
            return [p for p in known if p.start < stop and start < p.stop]

        return ask

    def round(self, hour):
        accounts = Accounts(
            jobs=self.ended.jobs,
            history=self.ended.jobs,
            run=lambda r: (self.ledger.get(r), self.ledger.hours(r)),
            restate=lambda ids: self.restated.append(list(ids)),
            grids={kind: self._grid(kind) for kind in self.known},
            sites=lambda: SITES,
        )
        return Outcomes(accounts, lambda: self.stopping).round(at(hour))

    def outcome(self, kind=AVERAGE):
        return self.ended.jobs.outcomes(JOB_ID).get(kind)

    def statements(self):
        with contextlib.closing(sqlite3.connect(self.ended.path)) as connection:
            return connection.execute("SELECT count(*) FROM job_outcomes").fetchone()[0]


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path)
    yield found
    found.ended.jobs.close()
    found.ledger.close()


def test_what_a_job_saved_is_its_own_emissions_beside_the_same_energy_begun_at_once(
    world,
):
    # 2 kWh at 30 g/kWh and PUE 1.1 in the fjord: 66 g. At once in the lab, from 12:00
    # on at 500 g/kWh and PUE 1.2: 1200 g.
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))

    assert world.round(11.1) == 1

    found = world.outcome()
    assert central(found.energy_j) == 7.2e6
    assert central(found.emitted_g) == 66.0
    assert central(found.run_now_g) == 1200.0
    assert central(found.saved_g) == 1134.0
    assert found.promised_g == 500.0
    assert (found.run_now_zone, found.run_now_start) == ("DE", T0)
    assert world.asked == [("DE", T0, at(1))]


def test_attempts_count_each_by_its_own_place(world):
    ended = world.ended
    ended.submit(interruptible=True)
    ended.decide()
    ended.event(JobState.STARTING, 4)
    ended.ran(1, 4, 5, a_stated(1.0, 30.0, zone="NO", pue=1.1))
    ended.event(JobState.PAUSED, 5)
    ended.decide(6, place="lab")
    ended.event(JobState.STARTING, 8, attempt=2, place="lab", resume=True)
    ended.ran(2, 8, 9, a_stated(3.0, 200.0, zone="DE", pue=1.2))
    ended.event(JobState.DONE, 9, attempt=2, place="lab")
    world.known[AVERAGE] = hours_of("DE", 0, 400.0, 100.0)

    world.round(10)

    # 1 x 1.1 x 30 + 3 x 1.2 x 200; at once, first hour 1 kWh, second 3 kWh.
    found = world.outcome()
    assert central(found.emitted_g) == 33.0 + 720.0
    assert central(found.run_now_g) == 1.2 * (400.0 + 300.0)
    assert len(found.run_ids) == 2


def test_energy_that_only_pausing_took_is_not_charged_to_running_at_once(world):
    ended = world.ended
    ended.submit(interruptible=True, pausing=Pausing(resume_s=360.0, energy_j=1.8e5))
    ended.decide(place="lab")
    ended.event(JobState.STARTING, 4, place="lab")
    ended.ran(1, 4, 5, a_stated(1.0, 100.0, zone="DE", pue=1.2))
    ended.event(JobState.PAUSED, 5, place="lab")
    ended.event(JobState.STARTING, 8, attempt=2, place="lab", resume=True)
    ended.ran(2, 8, 9, a_stated(1.0, 100.0, zone="DE", pue=1.2))
    ended.event(JobState.DONE, 9, attempt=2, place="lab")

    world.round(10)

    # 6 min of 1 kW and 0.05 kWh more: 0.15 of 2 kWh, so 1.85 kWh at 500 g/kWh.
    assert central(world.outcome().run_now_g) == 1.2 * 1.85 * 500.0


def test_moved_data_counts_against_the_saving(world):
    ended = world.ended
    ended.submit()
    ended.decide(transfer_g=[40.0, 30.0, 60.0])
    ended.event(JobState.STARTING, 10)
    ended.ran(1, 10, 11, a_stated(2.0, 30.0, zone="NO", pue=1.1))
    ended.event(JobState.DONE, 11)

    world.round(11.1)

    assert central(world.outcome().emitted_g) == 106.0
    assert central(world.outcome().saved_g) == 1200.0 - 106.0


def test_average_and_marginal_are_two_outcomes_and_never_one(world):
    world.known[MARGINAL] = hours_of("DE", 0, *[700.0] * 24, kind=MARGINAL)
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1, marginal_g=600.0))

    world.round(11.1)

    assert central(world.outcome(MARGINAL).emitted_g) == 2 * 1.1 * 600.0
    assert central(world.outcome(MARGINAL).run_now_g) == 2 * 1.2 * 700.0
    assert central(world.outcome(AVERAGE).run_now_g) == 1200.0
    # It was promised by average forecasts.
    assert world.outcome(MARGINAL).promised_g is None


def test_a_run_without_marginal_emissions_has_no_marginal_outcome(world):
    world.known[MARGINAL] = hours_of("DE", 0, *[700.0] * 24, kind=MARGINAL)
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))

    world.round(11.1)

    assert world.outcome(MARGINAL) is None
    assert world.outcome(AVERAGE) is not None


def test_where_the_hours_of_then_are_unknown_there_is_no_figure_and_it_says_why(world):
    world.known[AVERAGE] = SignalError("acme keeps no history of DE")
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))

    world.round(11.1)

    found = world.outcome()
    assert (found.run_now_g, found.saved_g) == (None, None)
    assert central(found.emitted_g) == 66.0
    assert "acme keeps no history" in found.how


def test_what_becomes_known_later_is_stated_beside_it(world):
    known = world.known[AVERAGE]
    world.known[AVERAGE] = SignalError("not yet")
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))
    world.round(11.1)
    world.known[AVERAGE] = known

    assert world.round(11.5) == 0
    assert world.round(12.0) == 1

    assert central(world.outcome().saved_g) == 1134.0
    assert world.statements() == 2


def test_what_says_nothing_new_is_not_stated_again(world):
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))
    for hour in (11.1, 12.1, 17.1, 11 + 25):
        assert world.round(hour) == 1

    assert world.statements() == 1
    assert len(world.restated) == 4


def test_a_daemon_that_is_killed_once_it_has_stated_an_outcome_states_it_once(world):
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))
    jobs, looked = world.ended.jobs, world.ended.jobs.looked

    def killed(*_):
        raise KeyboardInterrupt

    jobs.looked = killed
    with pytest.raises(KeyboardInterrupt):
        world.round(11.1)
    jobs.looked = looked

    assert world.round(11.2) == 1
    assert world.statements() == 1


def test_looking_again_ends_after_a_month(world):
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))
    rounds = [world.round(11 + h) for h in range(0, 24 * 40, 6)]

    # At once, 6 hours, 1, 3, 7 and 30 days after its end; nobody asked after 1 hour.
    assert sum(rounds) == len(AGAIN_AFTER)
    assert rounds[-1] == 0


def test_a_run_that_is_not_closed_yet_is_waited_for(world):
    ended = world.ended
    ended.submit()
    ended.decide()
    ended.event(JobState.STARTING, 10)
    footprint = a_stated(2.0, 30.0, zone="NO", pue=1.1)
    ended.ran(1, 10, 11, footprint, closed=False)
    ended.event(JobState.DONE, 11)
    world.round(11.0)
    assert world.outcome() is None

    ended.ran(1, 10, 11, footprint)
    world.round(11.05)

    assert central(world.outcome().saved_g) == 1134.0


def test_a_job_that_was_never_measured_has_no_outcome(world):
    ended = world.ended
    ended.submit()
    ended.event(JobState.STARTING, 10)
    ended.event(JobState.FAILED, 11)

    assert world.round(11.1) == 1
    assert world.outcome() is None


def test_one_damaged_job_keeps_no_other_from_its_turn(world, caplog):
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))
    jobs, broken = world.ended.jobs, "broken"
    jobs.add(broken, a_spec(), an_event(job_id=broken, at=T0))
    jobs.append(an_event(1, JobState.DONE, broken, attempt_id="b.1", at=at(1)))
    run_ids = jobs.run_ids
    jobs.run_ids = lambda j: ["no-such-run"] if j == broken else run_ids(j)

    with caplog.at_level(logging.WARNING):
        assert world.round(11.1) == 2

    assert central(world.outcome().saved_g) == 1134.0
    assert "broken is not stated" in caplog.text


def test_a_ledger_that_cannot_be_read_now_is_asked_again_soon(world):
    world.ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))
    get = world.ledger.get

    def locked(_run_id):
        raise LedgerUnavailableError("locked")

    world.ledger.get = locked
    with pytest.raises(LedgerUnavailableError):
        world.round(11.1)
    world.ledger.get = get

    assert world.round(11.11) == 1


def test_a_round_is_short_and_ends_when_told_to(world):
    jobs = world.ended.jobs
    for n in range(MOST + 3):
        jobs.add(f"j{n}", a_spec(), an_event(job_id=f"j{n}", at=T0))
        jobs.append(an_event(1, JobState.DONE, f"j{n}", attempt_id="a", at=at(1)))
    world.stopping = True
    assert world.round(2) == 0
    world.stopping = False
    assert world.round(2) == MOST
    assert world.round(2) == 3


def test_without_a_decision_the_first_configured_place_is_home(world):
    ended = world.ended
    ended.submit()
    ended.event(JobState.STARTING, 10)
    ended.ran(1, 10, 11, a_stated(2.0, 30.0, zone="NO", pue=1.1))
    ended.event(JobState.DONE, 11)

    world.round(11.1)

    assert central(world.outcome().saved_g) == 1134.0
    assert world.outcome().promised_g is None


def test_a_place_that_is_configured_otherwise_since_changes_no_past(world):
    was = {"place": "lab", "zone": "PL", "pue": 1.5, "forecast": {"kind": "average"}}
    world.known[AVERAGE] = hours_of("PL", 0, *[800.0] * 24)
    ended = world.ended
    ended.submit()
    ended.decide(inputs={"places": [was, HOME["places"][1]]})
    ended.event(JobState.STARTING, 10)
    ended.ran(1, 10, 11, a_stated(2.0, 30.0, zone="NO", pue=1.1))
    ended.event(JobState.DONE, 11)

    world.round(11.1)

    assert world.outcome().run_now_zone == "PL"
    assert central(world.outcome().run_now_g) == 2 * 1.5 * 800.0


@pytest.mark.parametrize(
    ("chosen", "facts", "promised_g"),
    [
        ({"segments": [[at(10).isoformat(), at(11).isoformat()]]}, {}, 500.0),
        ({"segments": [[at(12).isoformat(), at(13).isoformat()]]}, {}, None),
        ({"place": "lab"}, {}, None),
        ({}, {"run_now": True}, None),
    ],
    ids=["as decided", "sooner, time was up", "elsewhere", "asked to run now"],
)
def test_only_a_plan_that_was_kept_to_has_promised_anything(
    world, chosen, facts, promised_g
):
    ended = world.ended
    ended.submit()
    ended.decide(**chosen)
    ended.event(JobState.STARTING, 10, **facts)
    ended.ran(1, 10, 11, a_stated(2.0, 30.0, zone="NO", pue=1.1))
    ended.event(JobState.DONE, 11)

    world.round(11.1)

    assert world.outcome().promised_g == promised_g


@pytest.mark.parametrize(
    ("after_h", "again_h"),
    [(0, 1), (0.9, 1), (1, 6), (30, 72), (24 * 29, 24 * 30), (24 * 30, None)],
)
def test_a_job_is_looked_at_again_at_growing_distances(after_h, again_h):
    look = OutcomeLook(job_id="j", ended_at=T0, looks=3)
    expected = None if again_h is None else T0 + timedelta(hours=again_h)
    assert again_at(look, at(after_h), finished=True) == expected


@pytest.mark.parametrize(("looks", "minutes"), [(0, 1), (3, 8), (6, 64), (50, 64)])
def test_an_unclosed_run_is_asked_after_less_and_less_often(looks, minutes):
    look = OutcomeLook(job_id="j", ended_at=T0, looks=looks)
    again = again_at(look, at(1), finished=False)
    assert again == at(1) + timedelta(minutes=minutes)
