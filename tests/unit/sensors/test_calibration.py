import json
import os
import stat
from pathlib import Path

import pytest

from greenops.energy.cpu_power import CpuSpec, prior_curve
from greenops.sensors.calibration import (
    MOST_BYTES,
    Calibration,
    calibration_path,
    load_calibration,
    save_calibration,
)

CURVE = prior_curve(CpuSpec(name="AMD EPYC 7543", tdp_w=225, cores=32, threads=64))
CALIBRATION = Calibration(
    cpu="AMD EPYC 7543",
    curve=CURVE,
    meter="measured by rapl",
    cross_mape_pct=4.2,
    points=9,
    made_at="2026-01-01T00:00:00+00:00",
)


@pytest.fixture
def path(tmp_path):
    return save_calibration(CALIBRATION, tmp_path / "new" / "calibration.json")


def test_what_was_kept_comes_back(path):
    assert load_calibration("AMD EPYC 7543", 64, path) == CALIBRATION


def test_only_its_owner_may_read_it(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("cpu", "threads"), [("AMD EPYC 7543P", 64), ("AMD EPYC 7543", 32)]
)
def test_another_processor_or_size_is_no_match(path, cpu, threads):
    assert load_calibration(cpu, threads, path) is None


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: "", id="empty"),
        pytest.param(lambda _: "[]", id="a list"),
        pytest.param(lambda _: "{", id="cut off"),
        pytest.param(lambda d: json.dumps(d | {"layout": 2}), id="newer layout"),
        pytest.param(lambda d: json.dumps(d | {"curve": {}}), id="no curve"),
        pytest.param(lambda d: json.dumps(d | {"curve": [1]}), id="a list as curve"),
        pytest.param(lambda d: json.dumps(d | {"extra": 1}), id="unknown field"),
        pytest.param(
            lambda d: json.dumps(d | {"curve": d["curve"] | {"floor_w": "much"}}),
            id="a word as power",
        ),
        pytest.param(
            lambda d: json.dumps(d | {"curve": d["curve"] | {"floor_w": -5}}),
            id="negative power",
        ),
    ],
)
def test_a_damaged_file_is_no_calibration(path, damage):
    path.write_text(damage(json.loads(path.read_text())))

    assert load_calibration("AMD EPYC 7543", 64, path) is None


def test_a_missing_file_is_no_calibration(tmp_path):
    assert load_calibration("AMD EPYC 7543", 64, tmp_path / "none") is None


def test_it_is_kept_in_the_users_configuration_folder():
    assert calibration_path().parent.name == "greenops"


def test_a_pipe_is_no_calibration_and_nobody_waits_for_it(tmp_path):
    pipe = tmp_path / "calibration.json"
    os.mkfifo(pipe)

    assert load_calibration("AMD EPYC 7543", 64, pipe) is None


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_no_calibration_however_much_it_holds(device):
    assert load_calibration("AMD EPYC 7543", 64, Path(device)) is None


def test_a_file_longer_than_any_calibration_is_not_read(path):
    path.write_text(path.read_text() + " " * MOST_BYTES)

    assert load_calibration("AMD EPYC 7543", 64, path) is None


def test_a_file_nested_without_end_is_no_calibration(path):
    path.write_text("[" * 20_000)

    assert load_calibration("AMD EPYC 7543", 64, path) is None
