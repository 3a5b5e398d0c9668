"""Outcomes with the configured signals, as the daemon states them."""

import contextlib
from datetime import timedelta

import pytest

from greenops.config import Config
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import JOB_ID_TAG, IntensityKind, JobState
from greenops.tracking.identity import host_name
from greenops.wire.agent_outcomes import OutcomeKeeper
from tests.unit.agent.ended_jobs import SITES, Ended, a_stated, at, central
from tests.unit.ledger.job_records import JOB_ID
from tests.unit.ledger.records import T0, a_run, a_sample


def told(path, **by_zone):
    """Write what a grid operator states of the day, one figure for every hour."""
    rows = [
        f"{T0 + timedelta(hours=h):%FT%TZ},{zone},{g}"
        for zone, g in by_zone.items()
        for h in range(-1, 48)
    ]
    path.write_text("datetime_utc,zone,intensity_g_per_kwh\n" + "\n".join(rows) + "\n")


@pytest.fixture
def grid(tmp_path):
    path = tmp_path / "grid.csv"
    told(path, DE=500.0, NO=30.0)
    return path


@pytest.fixture
def ended(tmp_path):
    found = Ended(tmp_path)
    yield found
    found.jobs.close()


@pytest.fixture
def keeper(tmp_path, grid):
    config = Config(
        ledger_path=tmp_path / "ledger.db",
        state_path=tmp_path / "state",
        signals_order=("csv",),
        signal_tables={"csv": {"path": str(grid)}},
    )
    with contextlib.closing(OutcomeKeeper(config, lambda: SITES)) as found:
        yield found


def outcome(ended):
    return ended.jobs.outcomes(JOB_ID)[IntensityKind.AVERAGE]


def test_where_nothing_is_due_nothing_is_stated(keeper):
    assert keeper.round(T0) == 0


def test_figures_that_are_revised_restate_the_runs_and_what_they_saved(
    keeper, ended, grid
):
    run_id = ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))
    assert keeper.round(at(11)) == 1
    assert central(outcome(ended).saved_g) == 2 * (1.2 * 500.0 - 1.1 * 30.0)

    told(grid, DE=400.0, NO=60.0)
    assert keeper.round(at(12)) == 1

    assert central(outcome(ended).emitted_g) == 2 * 1.1 * 60.0
    assert central(outcome(ended).saved_g) == 2 * (1.2 * 400.0 - 1.1 * 60.0)
    with contextlib.closing(Ledger(ended.path)) as ledger:
        footprint = ledger.get(run_id).footprint
    assert footprint
    assert central(footprint.intensity_g_per_kwh) == 60.0


def test_a_zone_the_signals_do_not_know_leaves_the_saving_unknown(keeper, ended, grid):
    told(grid, NO=30.0)
    ended.one_attempt(a_stated(2.0, 30.0, zone="NO", pue=1.1))
    assert keeper.round(at(11)) == 1
    assert outcome(ended).saved_g is None
    assert "not known" in outcome(ended).how


def test_an_attempt_whose_runner_was_killed_is_closed_and_counted(keeper, ended):
    ended.submit()
    ended.decide()
    ended.event(JobState.STARTING, 0)
    recorder = LedgerRecorder(ended.path)
    lost = a_run(
        host=host_name(),
        boot_id="of another boot",
        started_at=T0,
        zone="NO",
        pue=1.1,
        tags={JOB_ID_TAG: JOB_ID},
    )
    recorder.begin(lost)
    recorder.add(
        lost.run_id, [a_sample(s, job_energy_j=3600.0) for s in range(5)], None
    )
    assert recorder.flush(10.0)
    recorder.close()
    ended.event(JobState.FAILED, 1)

    assert keeper.round(at(1)) == 1

    assert central(outcome(ended).energy_j) == 5 * 3600.0
    # 0.005 kWh: at PUE 1.2 and 500 g/kWh, less those at 1.1 and 30.
    assert central(outcome(ended).saved_g) == pytest.approx(0.005 * (600.0 - 33.0))
