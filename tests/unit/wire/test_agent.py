"""The daemon as it is put together from the configuration."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from greenops.config import Config
from greenops.errors import ConfigError
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.wire.agent import Daemon, DaemonRunningError
from greenops.wire.agent_outlook import Outlook
from greenops.wire.agent_sites import sites_of
from greenops.wire.executors import open_executors

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PLACES = """
[[place]]
name = "lab"
zone = "DE"
options = {jobs = 2}

[[place]]
name = "cluster"
zone = "SE"
executor = "slurm"
"""


def config_of(tmp_path, **more):
    return Config(
        ledger_path=tmp_path / "ledger.db",
        state_path=tmp_path / "state",
        daemon_sample_node=False,
        signals_cache_path=tmp_path / "cache",
        **more,
    )


def places(tmp_path, text=PLACES):
    path = tmp_path / "places.toml"
    path.write_text(text)
    return path


def test_without_a_file_of_places_jobs_run_here(tmp_path):
    problems: list[str] = []
    (site,) = sites_of(config_of(tmp_path, zone="FR", pue=1.3), problems)
    assert (site.place.name, site.place.zone, site.executor) == ("local", "FR", "local")
    assert site.place.pue.central == 1.3
    assert problems == []


def test_a_machine_whose_zone_nobody_knows_is_the_worlds_and_says_so(tmp_path):
    problems: list[str] = []
    (site,) = sites_of(config_of(tmp_path, location_cloud="off"), problems)
    assert site.place.zone == "world"
    assert "set `zone`" in problems[0]


def test_places_bear_their_executor_and_its_options(tmp_path):
    found = sites_of(config_of(tmp_path, places_path=places(tmp_path)), [])
    assert [(s.place.name, s.executor, s.options) for s in found] == [
        ("lab", "local", {"jobs": 2}),
        ("cluster", "slurm", {}),
    ]


def test_a_wrong_file_of_places_is_refused_with_every_complaint(tmp_path):
    wrong = places(
        tmp_path, PLACES.replace('"DE"', '"Atlantis"').replace("name", "nam")
    )
    with pytest.raises(ConfigError, match="nam"):
        sites_of(config_of(tmp_path, places_path=wrong), [])


def test_an_executor_that_is_not_installed_costs_its_own_places_only(tmp_path):
    problems: list[str] = []
    found = open_executors(["local", "slurm"], tmp_path, problems)
    assert set(found) == {"local"}
    assert "slurm" in problems[0]


def test_a_provider_that_fails_leaves_the_forecast_before(tmp_path, caplog):
    csv = tmp_path / "hours.csv"
    rows = [f"{NOW + timedelta(hours=i):%FT%TZ},SE,{100 + i}" for i in range(48)]
    csv.write_text("datetime_utc,zone,intensity_g_per_kwh\n" + "\n".join(rows) + "\n")
    config = config_of(
        tmp_path, signals_order=("csv",), signal_tables={"csv": {"path": str(csv)}}
    )
    outlook = Outlook(config, lambda: ["SE", "FR"])
    assert outlook.latest("SE") is None
    outlook.refresh(NOW)
    made = outlook.latest("SE")
    assert made is not None
    assert outlook.latest("FR") is None
    for _ in range(2):
        outlook.refresh(NOW + timedelta(days=30))
    assert outlook.latest("SE") is made
    assert sum("no new forecast of SE" in r.getMessage() for r in caplog.records) == 1


def test_a_daemon_stops_at_once_and_leaves_its_seat(tmp_path):
    config = config_of(tmp_path, zone="SE", signals_order=("annual",))
    works, stop = Daemon(config), threading.Event()
    stop.set()
    works.run(stop, lambda: None)
    assert not DaemonSeat(tmp_path / "ledger.db").held()


def test_a_second_daemon_is_refused(tmp_path):
    seat = DaemonSeat(tmp_path / "ledger.db")
    seat.take()
    with pytest.raises(DaemonRunningError, match="already"):
        Daemon(config_of(tmp_path, zone="SE")).run(threading.Event(), lambda: None)
    seat.leave()


def test_a_new_configuration_is_taken_while_it_runs_and_a_wrong_one_is_not(tmp_path):
    config = config_of(tmp_path, zone="SE", signals_order=("annual",))
    wrong = config_of(tmp_path, places_path=tmp_path / "missing.toml")
    right = config_of(tmp_path, places_path=places(tmp_path), signals_order=("annual",))
    works, stop = Daemon(config), threading.Event()
    given = [wrong, right]

    def reload():
        if given:
            return given.pop(0)
        stop.set()
        return None

    works.run(stop, reload)
    assert works.config is right
