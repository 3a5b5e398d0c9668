import contextlib
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from greenops.config import Config
from greenops.errors import (
    LedgerUnavailableError,
    SignalBusyError,
    SignalError,
    SignalRefusedError,
)
from greenops.footprint.grid_side import RunTime
from greenops.footprint.restated import restated
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import Provenance, RunStatus
from greenops.tracking.identity import host_name
from greenops.wire.grid import GridAnswer
from greenops.wire.restate import Outcome, Restater
from tests.unit.ledger.records import (
    CPU,
    T0,
    a_footprint,
    a_point,
    a_run,
    a_sample,
    a_stated_footprint,
    a_total,
    an_end,
)

HOUR = timedelta(hours=1)
AS_STATED = (a_point(),)


class ToldGrid:
    """Answers for each zone as it is told; raises what it is told to raise."""

    def __init__(self, **told):
        self.told = told
        self.asked = []

    def ask(self, zone, start, stop):
        self.asked.append((zone, start, stop))
        answer = self.told[zone or "world"]
        if isinstance(answer, Exception):
            raise answer
        return GridAnswer(signal="told", points=answer)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def keep(path):
    """Record runs, each with a footprint that fits its points; return the ledger."""

    def record(*runs, points=AS_STATED, footprint=None):
        recorder = LedgerRecorder(path)
        for run in runs:
            recorder.begin(run)
            recorder.add(run.run_id, [a_sample(0), a_sample(1)], None)
            stated = footprint or sound(points)
            recorder.finish(an_end(run.run_id), [a_total()], stated)
        assert recorder.flush(10.0)
        recorder.close()
        return Ledger(path)

    return record


def sound(points):
    """Return a footprint that says what its points say."""
    given = a_stated_footprint(2.0, *points)
    return restated(given, RunTime.of(T0, 3.25, given.hours), points)


def restate(ledger, grid, *run_ids, **options):
    restater = Restater(ledger, Config(), grid)
    return list(restater.restate(run_ids or ledger.run_ids(), **options))


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        pytest.param(
            SignalRefusedError("acme wants a key; set ACME_KEY"),
            "ACME_KEY",
            id="refused",
        ),
        pytest.param(
            SignalBusyError("acme is busy", retry_after_s=60), "busy", id="busy"
        ),
        pytest.param(
            SignalError("acme keeps no history of FR"), "no history", id="no-history"
        ),
        pytest.param([a_point(hour=9, zone="FR")], "nothing is stated", id="gap"),
        pytest.param([a_point(zone="FR"), a_point(hour=-1, hours=2)], "two", id="two"),
    ],
)
def test_one_zone_that_fails_leaves_the_others_to_be_restated(keep, problem, said):
    ledger = keep(a_run("20260101-aaa", zone="FR"), a_run("20260101-bbb", zone="DE"))

    failed, done = restate(ledger, ToldGrid(FR=problem, DE=[a_point(g=450.0)]))

    assert failed.outcome is Outcome.FAILED
    assert said in failed.detail
    assert done.outcome is Outcome.RESTATED
    assert len(ledger.get("20260101-aaa").statements) == 1
    assert len(ledger.get("20260101-bbb").statements) == 2


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE footprints SET factors = '{'", id="json"),
        pytest.param("UPDATE footprints SET total_low_g = 9e9", id="bounds"),
        pytest.param("UPDATE run_ends SET status = 'asleep'", id="status"),
        pytest.param("UPDATE intensities SET kind = 'mean'", id="kind"),
        pytest.param("UPDATE totals SET method = 77", id="method"),
        pytest.param("UPDATE totals SET device_number = 9", id="device"),
        pytest.param("UPDATE run_ends SET duration_s = 'long'", id="type"),
        pytest.param("UPDATE runs SET started_epoch_s = 1e300", id="time"),
    ],
)
def test_a_run_whose_rows_are_damaged_is_named_and_stops_no_other(keep, path, damage):
    keep(a_run("20260101-aaa"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(damage)
        connection.commit()
    ledger = keep(a_run("20260101-bbb"), points=(a_point(g=310.0),))

    found = {o.run_id: o for o in restate(ledger, ToldGrid(world=[a_point(g=450.0)]))}

    assert found["20260101-aaa"].outcome is Outcome.FAILED
    assert "damaged" in found["20260101-aaa"].detail
    assert found["20260101-bbb"].outcome is Outcome.RESTATED


def test_a_ledger_that_fails_stops_it(keep, path):
    ledger = keep(a_run())
    ledger.close()
    path.unlink()
    path.mkdir()

    with pytest.raises(LedgerUnavailableError):
        restate(ledger, ToldGrid(world=[a_point()]), a_run().run_id)


def test_a_revised_figure_is_stated_beside_the_first(keep):
    run_id = a_run().run_id
    first = sound((a_point(g=300.0),))
    ledger = keep(a_run(), footprint=first)
    revised = a_point(g=450.0, issued_at=T0 + 48 * HOUR)

    (done,) = restate(ledger, ToldGrid(world=[revised]))

    before, now = ledger.get(run_id).statements
    assert before.footprint == first
    assert now.footprint.operational_g.central == pytest.approx(
        1.5 * first.operational_g.central
    )
    assert now.footprint.points == (revised,)
    assert now.footprint.signal == "told"
    assert now.why == done.detail
    assert "1 of 1 points stated otherwise" in done.detail
    assert [c.after for c in done.changed] == [revised]


def test_restating_twice_appends_once(keep):
    ledger = keep(a_run())
    grid = ToldGrid(world=[a_point(g=450.0)])

    outcomes = [restate(ledger, grid)[0].outcome for _ in range(3)]

    assert outcomes == [Outcome.RESTATED, Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert len(ledger.get("last").statements) == 2


def test_a_figure_taken_back_is_a_third_statement(keep):
    ledger = keep(a_run())

    for g in (450.0, 300.0):
        restate(ledger, ToldGrid(world=[a_point(g=g)]))

    stated = [s.footprint.intensity_g_per_kwh for s in ledger.get("last").statements]
    assert [round(i.central) for i in stated] == [300, 450, 300]


def test_a_source_that_is_stood_in_for_takes_nothing_from_what_is_kept(keep):
    ledger = keep(a_run())
    modelled = [a_point(g=450.0, provenance=Provenance.MODELLED)]

    (left,) = restate(ledger, ToldGrid(world=modelled))
    (done,) = restate(ledger, ToldGrid(world=modelled), force=True)

    assert left.outcome is Outcome.UNCHANGED
    assert "surer" in left.detail
    assert done.outcome is Outcome.RESTATED
    assert len(ledger.get("last").statements) == 2


def test_a_dry_run_says_it_and_writes_nothing(keep):
    ledger = keep(a_run())

    (done,) = restate(ledger, ToldGrid(world=[a_point(g=450.0)]), dry_run=True)

    assert done.outcome is Outcome.RESTATED
    assert done.new is not None
    assert len(ledger.get("last").statements) == 1


def test_the_question_is_about_the_run_and_nothing_else(keep):
    ledger = keep(a_run(zone="DE"))
    grid = ToldGrid(DE=[a_point()])

    restate(ledger, grid)

    assert grid.asked == [("DE", T0, T0 + timedelta(seconds=3.25))]


def test_a_run_that_goes_on_is_left_to_its_end(path):
    recorder = LedgerRecorder(path)
    recorder.begin(a_run())
    assert recorder.flush(10.0)

    (left,) = restate(Ledger(path), ToldGrid(world=[a_point()]))
    recorder.close()

    assert left.outcome is Outcome.SKIPPED
    assert "still running" in left.detail


def test_a_run_without_anything_measured_has_nothing_to_restate(path):
    recorder = LedgerRecorder(path)
    recorder.begin(a_run())
    recorder.finish(an_end(status=RunStatus.LOST), [], None)
    assert recorder.flush(10.0)
    recorder.close()

    (left,) = restate(Ledger(path), ToldGrid(world=[a_point()]))

    assert (left.outcome, left.detail) == (Outcome.SKIPPED, "nothing was measured")


def test_a_run_that_was_deleted_meanwhile_is_no_failure(keep):
    ledger = keep(a_run())

    (left,) = restate(ledger, ToldGrid(), "20260101-gone")

    assert left.outcome is Outcome.SKIPPED


@pytest.mark.parametrize("here", [True, False], ids=["here", "elsewhere"])
def test_a_first_footprint_needs_the_machine_it_was_measured_on(path, here):
    recorder = LedgerRecorder(path)
    run = a_run(host=host_name() if here else "another")
    recorder.begin(run)
    recorder.finish(an_end(), [a_total()], None)
    assert recorder.flush(10.0)
    recorder.close()
    ledger = Ledger(path)

    (done,) = restate(ledger, ToldGrid(world=[a_point()]))

    if here:
        assert (done.outcome, done.old) == (Outcome.RESTATED, None)
        assert len(ledger.get("last").statements) == 1
    else:
        assert done.outcome is Outcome.SKIPPED
        assert "restate it there" in done.detail


def test_a_run_without_samples_takes_the_mean_over_its_time(path):
    recorder = LedgerRecorder(path)
    recorder.begin(a_run())
    end = an_end(duration_s=7200.0)
    recorder.finish(end, [a_total()], a_footprint())
    assert recorder.flush(10.0)
    recorder.close()
    points = [a_point(g=100.0), a_point(hour=1, g=300.0)]

    (done,) = restate(Ledger(path), ToldGrid(world=points))

    assert done.new is not None
    assert done.new.intensity_g_per_kwh.central == pytest.approx(200.0)


def test_hours_of_an_older_ledger_come_from_its_samples(path):
    recorder = LedgerRecorder(path)
    recorder.begin(a_run())
    recorder.add_devices(a_run().run_id, [CPU])
    samples = [a_sample(0, job_energy_j=30.0), a_sample(3600, job_energy_j=10.0)]
    recorder.add(a_run().run_id, samples, None)
    recorder.finish(an_end(duration_s=7200.0), [a_total()], a_footprint())
    assert recorder.flush(10.0)
    recorder.close()
    points = [a_point(g=100.0), a_point(hour=1, g=300.0)]

    (done,) = restate(Ledger(path), ToldGrid(world=points))

    assert done.new is not None
    assert done.new.intensity_g_per_kwh.central == pytest.approx(150.0)
    kept = Ledger(path).get("last").footprint
    assert kept is not None
    assert [h.energy_j for h in kept.hours] == [30.0, 10.0]


def test_two_that_restate_at_once_append_one_statement(keep):
    ledger = keep(a_run())

    class Rival(ToldGrid):
        def ask(self, zone, start, stop):
            answer = super().ask(zone, start, stop)
            if len(self.asked) == 1:
                restate(Ledger(ledger._access.path), ToldGrid(world=[a_point(g=450.0)]))
            return answer

    (left,) = restate(ledger, Rival(world=[a_point(g=450.0)]))

    assert left.outcome is Outcome.UNCHANGED
    assert "by another" in left.detail
    assert len(ledger.get("last").statements) == 2


def test_what_the_machine_decides_is_never_restated(keep):
    first = replace(sound((a_point(),)), embodied_g=a_footprint(70.0).embodied_g)
    ledger = keep(a_run(), footprint=first)

    (done,) = restate(ledger, ToldGrid(world=[a_point(g=450.0)]))

    assert done.new is not None
    assert done.new.embodied_g == first.embodied_g
    assert done.new.energy_j == first.energy_j
