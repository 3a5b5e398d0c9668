import contextlib
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from greenops.errors import MixedSignalsError, RunNotFoundError
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import (
    Basis,
    Bounded,
    IntensityKind,
    MarginalEmissions,
    Provenance,
)
from tests.unit.ledger.records import (
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
RUN_ID = a_run().run_id


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def keep(path):
    """Record one run with a footprint; return the ledger."""

    def record(footprint, *, run=None, samples=()):
        run = run or a_run()
        recorder = LedgerRecorder(path)
        recorder.begin(run)
        recorder.add(run.run_id, samples, None)
        recorder.finish(an_end(run.run_id), [a_total()], footprint)
        assert recorder.flush(10.0)
        assert recorder.complaints() == []
        recorder.close()
        return Ledger(path)

    return record


def rows(path, table):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        # The names are those of this module.
        return connection.execute(f"SELECT * FROM {table}").fetchall()


def marginal(*points):
    return MarginalEmissions(
        operational_g=Bounded(central=3.0, low=2.0, high=4.0),
        intensity_g_per_kwh=Bounded(central=600.0, low=500.0, high=700.0),
        intensity_source="a marginal source",
        points=points,
        signal="another signal",
    )


def test_a_footprint_comes_back_with_what_it_was_computed_from(keep):
    points = (
        a_point(issued_at=T0 + 2 * HOUR),
        a_point(hour=1, provenance=Provenance.FORECAST, issued_at=T0),
    )
    second = marginal(a_point(g=600.0, kind=IntensityKind.MARGINAL))
    given = a_stated_footprint(2.0, *points, marginal=second)

    record = keep(given).get("last")

    assert record.footprint == given
    assert [s.footprint for s in record.statements] == [given]
    assert record.statements[0].why is None


def test_the_same_statement_of_many_runs_is_kept_once(keep, path):
    first = a_stated_footprint(2.0, a_point(issued_at=T0))
    keep(first)
    keep(first, run=a_run("20260101-bbb"))
    keep(
        a_stated_footprint(2.0, a_point(issued_at=T0 + HOUR)),
        run=a_run("20260101-ccc"),
    )

    assert len(rows(path, "intensities")) == 2
    assert len(rows(path, "footprint_points")) == 3


def test_a_statement_without_a_time_of_issue_is_kept_once_too(keep, path):
    for run_id in ("20260101-aaa", "20260101-bbb"):
        keep(a_stated_footprint(2.0, a_point()), run=a_run(run_id))

    assert len(rows(path, "intensities")) == 1


@pytest.mark.parametrize("by_hand", [False, True], ids=["recorder", "restated"])
def test_both_ways_of_writing_know_each_others_statements(keep, path, by_hand):
    point = a_point(issued_at=T0)
    if by_hand:
        ledger = Ledger(path)
        assert ledger.add_intensities("a signal", [point]) == 1
        keep(a_stated_footprint(2.0, point))
    else:
        ledger = keep(a_stated_footprint(2.0, point))
        assert ledger.add_intensities("a signal", [point]) == 0

    assert len(rows(path, "intensities")) == 1


def test_a_restatement_stands_beside_the_first(keep):
    first = a_stated_footprint(2.0)
    second = a_stated_footprint(3.0, a_point(g=450.0, issued_at=T0 + 48 * HOUR))
    ledger = keep(first)

    assert ledger.add_footprint(RUN_ID, second, why="revised", beside=1)

    record = ledger.get(RUN_ID)
    assert record.footprint == second
    assert [s.footprint for s in record.statements] == [first, second]
    assert [s.why for s in record.statements] == [None, "revised"]
    assert ledger.find_runs()[0].restated
    assert ledger.find_runs()[0].total_g == 3.0


def test_a_run_that_somebody_restated_meanwhile_is_left_alone(keep):
    ledger = keep(a_stated_footprint(2.0))
    assert ledger.add_footprint(RUN_ID, a_stated_footprint(3.0), beside=1)

    assert not ledger.add_footprint(RUN_ID, a_stated_footprint(4.0), beside=1)

    assert len(ledger.get(RUN_ID).statements) == 2


def test_a_run_stated_once_is_not_called_restated(keep):
    assert not keep(a_footprint()).find_runs()[0].restated


def test_restating_a_run_that_is_not_there_is_an_error(keep):
    ledger = keep(a_footprint())

    with pytest.raises(RunNotFoundError):
        ledger.add_footprint("nowhere", a_footprint())


def test_a_footprint_that_does_not_fit_leaves_nothing_behind(keep, path):
    ledger = keep(a_stated_footprint(2.0))
    before = [rows(path, t) for t in ("footprints", "intensities")]
    infinite = Bounded(central=1.0, low=0.0, high=float("inf"))

    with pytest.raises(ValueError, match="not finite"):
        ledger.add_footprint(
            RUN_ID,
            replace(a_stated_footprint(2.0, a_point(hour=7)), total_g=infinite),
        )

    assert [rows(path, t) for t in ("footprints", "intensities")] == before


def test_deleting_a_run_leaves_the_history_of_the_grid(keep, path):
    ledger = keep(a_stated_footprint(2.0))

    ledger.delete([RUN_ID])

    assert rows(path, "footprint_points") == []
    assert rows(path, "energy_hours") == []
    assert len(rows(path, "intensities")) == 1


def test_hours_that_were_not_kept_come_from_the_samples(keep):
    samples = [a_sample(3590 + i, job_energy_j=10.0) for i in range(0, 20, 5)]

    hours = keep(a_footprint(), samples=samples).hours(RUN_ID)

    assert [(h.hour, h.energy_j) for h in hours] == [(T0, 20.0), (T0 + HOUR, 20.0)]


def test_hours_that_were_kept_need_no_samples(keep):
    given = a_stated_footprint(2.0)

    assert keep(given).hours(RUN_ID) == list(given.hours)


def test_a_run_without_samples_has_no_hours(keep):
    assert keep(a_footprint()).hours(RUN_ID) == []


def test_the_grid_is_read_as_it_was_known(path):
    ledger = Ledger(path)
    ledger.add_intensities("a signal", [a_point(g=300.0, issued_at=T0 + HOUR)])
    ledger.add_intensities("a signal", [a_point(g=270.0, issued_at=T0 + 30 * HOUR)])

    def asked(known_at=None):
        found = ledger.intensities("DE", T0, T0 + HOUR, known_at=known_at)
        return [p.intensity_g_per_kwh for p in found]

    assert asked() == [270.0]
    assert asked(T0 + 29 * HOUR) == [300.0]
    assert asked(T0) == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"zone": "FR"}, id="zone"),
        pytest.param({"hour": 1}, id="time"),
        pytest.param({"kind": IntensityKind.MARGINAL}, id="kind"),
    ],
)
def test_what_is_of_another_zone_time_or_kind_is_left_out(path, other):
    ledger = Ledger(path)
    ledger.add_intensities("a signal", [a_point(**other)])

    assert ledger.intensities("DE", T0, T0 + HOUR) == []


def test_two_bases_are_told_apart_by_naming_one(path):
    ledger = Ledger(path)
    ledger.add_intensities("a signal", [a_point(), a_point(hour=1, basis=Basis.DIRECT)])

    with pytest.raises(MixedSignalsError):
        ledger.intensities("DE", T0, T0 + 2 * HOUR)
    found = ledger.intensities("DE", T0, T0 + 2 * HOUR, basis=Basis.DIRECT)
    assert [p.basis for p in found] == [Basis.DIRECT]


def test_a_ledger_that_is_not_there_knows_nothing(path):
    assert Ledger(path).intensities("DE", T0, T0 + HOUR) == []
    assert Ledger(path).run_ids() == []
    assert not path.exists()


def test_run_ids_are_chosen_by_start_and_zone(keep):
    keep(a_footprint(), run=a_run("20260101-aaa", zone="DE"))
    keep(a_footprint(), run=a_run("20260102-bbb", started_at=T0 + 24 * HOUR))
    ledger = keep(
        a_footprint(), run=a_run("20260103-ccc", started_at=T0 + 48 * HOUR, zone="DE")
    )

    assert ledger.run_ids() == ["20260101-aaa", "20260102-bbb", "20260103-ccc"]
    assert ledger.run_ids(since=T0 + HOUR) == ["20260102-bbb", "20260103-ccc"]
    assert ledger.run_ids(until=T0 + 24 * HOUR) == ["20260101-aaa"]
    assert ledger.run_ids(zone="DE") == ["20260101-aaa", "20260103-ccc"]


def forecasts(ledger, start=0, stop=24, **chosen):
    fields = {"kind": IntensityKind.AVERAGE, "basis": Basis.LIFE_CYCLE} | chosen
    return ledger.forecasts("DE", T0 + start * HOUR, T0 + stop * HOUR, **fields)


def stated(hour, *, issued=0, g=300.0, **fields):
    return a_point(
        hour=hour,
        g=g,
        provenance=Provenance.FORECAST,
        issued_at=T0 + issued * HOUR,
        **fields,
    )


def test_a_ledger_that_is_not_there_has_no_forecasts(path):
    assert forecasts(Ledger(path)) == []
    assert not path.exists()


def test_every_issue_of_a_forecast_is_kept_and_returned_the_oldest_first(path):
    points = [stated(2, issued=1, g=310.0), stated(3), stated(2), stated(4, issued=1)]
    Ledger(path).add_intensities("a signal", points)

    found = forecasts(Ledger(path))

    assert found == [points[2], points[1], points[0], points[3]]


@pytest.mark.parametrize(
    ("start", "stop", "hours"),
    [(0, 24, [2, 3]), (3, 24, [3]), (2.5, 3, [2]), (4, 24, []), (0, 2, [])],
)
def test_forecasts_for_hours_that_touch_the_span_are_returned(path, start, stop, hours):
    Ledger(path).add_intensities("a signal", [stated(2), stated(3)])

    assert [p.start for p in forecasts(Ledger(path), start, stop)] == [
        T0 + h * HOUR for h in hours
    ]


@pytest.mark.parametrize(
    "other",
    [
        stated(2, zone="FR"),
        stated(2, kind=IntensityKind.MARGINAL),
        stated(2, basis=Basis.DIRECT),
        a_point(hour=2, issued_at=T0),
        a_point(hour=2, provenance=Provenance.MODELLED),
    ],
    ids=["zone", "kind", "basis", "measured", "modelled"],
)
def test_what_is_another_zone_kind_basis_or_no_forecast_is_left_out(path, other):
    Ledger(path).add_intensities("a signal", [other, stated(3)])

    assert forecasts(Ledger(path)) == [stated(3)]
