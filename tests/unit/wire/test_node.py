import time
from dataclasses import replace
from pathlib import Path

import pytest

from greenops.agent.found_run import Instant
from greenops.config import Config
from greenops.errors import SensorUnavailableError
from greenops.ledger.query import Ledger
from greenops.model import JOB_ID_TAG, GroupFacts, Identity, IdentityKind
from greenops.testing import ReplaySensor, power_steps
from greenops.wire import node as wired
from greenops.wire.node import describer, open_node_sampler, rules_of
from greenops.wire.parts import OpenSensors
from tests.unit.ledger.records import CPU

SINCE = Instant(at_s=100.0, epoch_s=1_772_366_400.0)


class Discovery:
    """Knows one job."""

    def __init__(self, *command):
        self.command = command

    def scan(self):
        return ()

    def owner(self, _pid):
        return None

    def facts(self, _identity):
        return GroupFacts(
            name="resnet", user="ada", command=self.command, cwd="/home/ada", pid=77
        )

    def reserved(self, _device_ids):
        return ()

    def problems(self):
        return ()


def described(kind, *command, name="slurm job 7", **config):
    identity = Identity(kind=kind, id="7", name=name)
    describe = describer(Config(**config), Discovery(*command), OpenSensors())
    return describe(identity, SINCE)


def test_the_arguments_of_a_found_job_are_kept_without_secrets():
    run = described(IdentityKind.SLURM, "python", "train.py", "--api-key", "s3cret")

    assert run.command == ("python", "train.py", "--api-key", "***")


def test_a_found_run_says_who_when_and_by_what_it_was_found():
    run = described(IdentityKind.SLURM, "python", "train.py", zone="SE", pue=1.2)

    assert (run.kind, run.name, run.user, run.pid) == (
        "found",
        "resnet",
        "ada",
        77,
    )
    assert run.started_at.timestamp() == SINCE.epoch_s
    assert run.tags == {"found_as": "slurm", "found_id": "7"}
    assert (run.zone, run.pue) == ("SE", 1.2)


def test_who_claims_to_belong_to_a_job_of_greenops_is_not_put_to_its_account():
    run = described(IdentityKind.GREENOPS, "x")

    assert JOB_ID_TAG not in run.tags
    assert run.tags["found_id"] == "7"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("python", "/x/train.py"), "train.py"),
        (("/bin/sleep", "9"), "sleep"),
        ((), "resnet"),
    ],
    ids=["script", "program", "hidden"],
)
def test_a_job_that_is_a_mere_process_is_called_by_its_program(command, name):
    assert described(IdentityKind.PROCESS, *command, name="sh").name == name


def test_the_project_and_tags_of_the_daemon_are_not_those_of_strangers_jobs():
    run = described(IdentityKind.POD, "x", project="mine", team="us", tags={"a": "b"})

    assert (run.project, run.team) == (None, None)
    assert "a" not in run.tags


def test_the_rules_are_those_of_the_configuration():
    config = Config(
        interval_s=2.0,
        node_scan_s=10.0,
        node_found_after_s=30.0,
        node_found_min_cpus=0.5,
    )

    rules = rules_of(config)

    assert (rules.interval_s, rules.scan_s) == (2.0, 10.0)
    assert (rules.worth.after_s, rules.worth.cpus) == (30.0, 0.5)


def test_the_processes_are_not_looked_at_more_often_than_the_devices():
    assert rules_of(Config(interval_s=60.0, node_scan_s=5.0)).scan_s == 60.0


def test_all_gpus_are_sampled_whatever_a_job_may_use(monkeypatch):
    asked = []

    def open_sensors(_config, *, every_gpu):
        asked.append(every_gpu)
        return OpenSensors()

    monkeypatch.setattr(wired, "open_sensors", open_sensors)
    open_node_sampler(Config(), at_s=0.0, epoch_s=0.0).close()

    assert asked == [True]


def test_without_proc_it_says_so_and_samples_the_node_all_the_same(
    tmp_path, monkeypatch
):
    def refuse(**_):
        raise SensorUnavailableError("there is no /proc", remedy="none needed")

    watts = replace(CPU, source="replay", limit_w=None, counter_period_s=None)
    steps = power_steps(CPU.device_id, lambda _: 50.0, range(30))
    found = OpenSensors([ReplaySensor([watts], steps)])
    monkeypatch.setattr(wired, "ProcessScan", refuse)
    monkeypatch.setattr(wired, "open_sensors", lambda *_, **__: found)
    path = tmp_path / "ledger.db"
    began_s = time.time()
    sampler = open_node_sampler(Config(ledger_path=path), at_s=100.0, epoch_s=began_s)
    for second in range(20):
        sampler.tick(100.5 + second, began_s + 0.5 + second)
    sampler.close()

    assert sampler.problems() == ["there is no /proc; remedy: none needed"]
    assert energy_j(path) == pytest.approx(50 * 19.5, rel=0.05)


def test_without_any_sensor_it_says_where_to_look():
    every = ("nvml", "rapl", "perf", "cpu_model", "dram_model")
    sampler = open_node_sampler(Config(sensors_disable=every), at_s=0.0, epoch_s=0.0)

    sampler.tick(1.0, 1.0)
    sampler.close()

    assert any("greenops doctor" in said for said in sampler.problems())


def energy_j(path: Path):
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    kept = Ledger(path).node_energy(now - timedelta(hours=2), now + timedelta(hours=1))
    return sum(e.energy_j for e in kept)
