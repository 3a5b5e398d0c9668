import json
from datetime import timedelta
from pathlib import Path

import pytest

from greenops.cli.checks import (
    State,
    check_attribution,
    check_config,
    check_ledger,
    check_package,
    check_plugins,
    check_problems,
    check_sensors,
    check_spool,
    check_zone,
)
from greenops.errors import (
    LedgerTooNewError,
    LedgerUnavailableError,
    SensorReadError,
    SensorUnavailableError,
    SignalError,
    UnknownZoneError,
)
from greenops.model import IntensityPoint, Reading
from greenops.plugins import Plugins
from tests.unit.report import records as r


class Meter:
    """A sensor that answers as it is told to."""

    name = "meter"

    def __init__(self, answer):
        self._answer = answer

    def devices(self):
        return [r.GPU]

    def read(self, _at_s):
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def close(self):
        pass


def raising(error):
    def fail():
        raise error

    return fail


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        ([Reading(device_id="gpu:GPU-1", power_w=71.5)], "good", "71.5 W now"),
        ([Reading(device_id="gpu:GPU-1", counter_j=3.0)], "good", "counts energy"),
        ([], "good", "no reading just now"),
        (SensorReadError("gone"), "absent", "fails: gone"),
        (RuntimeError("a plugin's own"), "absent", "fails: a plugin's own"),
    ],
)
def test_a_sensor_is_read_once(answer, state, said):
    (finding,) = check_sensors([Meter(answer)], 0.0)

    assert finding.state == state
    assert said in finding.detail


def test_a_missing_sensor_comes_with_the_command_that_mends_it():
    finding, plain = check_problems(
        ["rapl: cannot read; remedy: sudo chmod a+r /sys/x", "no meter at all"]
    )

    assert (finding.name, finding.detail) == ("rapl", "cannot read")
    assert finding.remedy == "sudo chmod a+r /sys/x"
    assert (plain.detail, plain.remedy) == ("no meter at all", "")


def test_following_the_process_tree_is_good_enough():
    closed = SensorUnavailableError("read-only", remedy="none needed")

    assert check_attribution(raising(closed)).state is State.GOOD
    assert "cgroup in /x" in check_attribution(lambda: "/x").detail


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (LedgerTooNewError("newer"), "pip install --upgrade greenops"),
        (LedgerUnavailableError("locked"), "ls -ld"),
        (PermissionError("denied"), "ls -ld"),
    ],
)
def test_a_ledger_that_cannot_be_read_is_broken(tmp_path, error, remedy):
    path = tmp_path / "ledger.db"
    path.touch()

    finding = check_ledger(path, raising(error))

    assert finding.state is State.BROKEN
    assert finding.remedy.startswith(remedy)


def test_a_ledger_yet_to_be_made_is_no_fault():
    finding = check_ledger(Path("/nowhere/ledger.db"), raising(RuntimeError()))

    assert finding.state is State.GOOD


@pytest.mark.parametrize(
    ("size_mib", "remedy"),
    [(1, ""), (3000, "greenops rm --samples --older-than 90d")],
)
def test_a_large_ledger_is_no_fault_and_comes_with_the_way_to_less(
    tmp_path, size_mib, remedy
):
    path = tmp_path / "ledger.db"
    with path.open("wb") as ledger:
        ledger.truncate(size_mib << 20)  # a hole

    finding = check_ledger(path, lambda: 5)

    assert (finding.state, finding.remedy or "") == (State.GOOD, remedy)


def test_records_that_wait_are_told():
    assert check_spool([]).state is State.GOOD
    assert "2 files in /x" in check_spool([Path("/x/a"), Path("/x/b")]).detail


POINT = IntensityPoint(
    start=r.NOON,
    stop=r.NOON + timedelta(hours=1),
    intensity_g_per_kwh=380,
    low_g_per_kwh=340,
    high_g_per_kwh=420,
    zone="DE",
    source="codecarbon 2023",
)


@pytest.mark.parametrize(
    ("zone", "answer", "state", "said"),
    [
        ("DE", lambda: [POINT], "good", "380 g/kWh (340 to 420), codecarbon 2023"),
        (None, lambda: [POINT], "absent", "380 g/kWh"),
        ("XX", raising(UnknownZoneError("no zone XX")), "broken", "no zone XX"),
        ("DE", raising(SignalError("no data")), "absent", "no data"),
    ],
)
def test_the_zone_is_tried(zone, answer, state, said):
    finding = check_zone(zone, answer)

    assert finding.state == state
    assert said in finding.detail


def test_complaints_about_settings_are_faults():
    assert check_config([], [])[0].state is State.GOOD
    assert [f.state for f in check_config([Path("/x")], ["a", "b"])] == ["broken"] * 2


def test_broken_plugins_are_named_and_own_ones_are_not_listed():
    found = Plugins(loaded={"rapl": object(), "acme": object()}, failed={"bad": "why"})

    acme, bad = check_plugins("greenops.sensors", found, ["rapl"])

    assert "acme" in acme.name
    assert (bad.state, bad.detail) == ("absent", "why")


def test_own_plugins_that_lack_one_library_are_one_finding_with_its_remedy():
    why = "x:X: ModuleNotFoundError: No module named 'httpx'; remedy: pip install y"
    found = Plugins(failed={"eia": why, "neso": why, "acme": "acme:X: why"})

    lacking, other = check_plugins("greenops.signals", found, ["eia", "neso"])

    assert lacking.name == "greenops.signals: eia, neso"
    assert lacking.detail == "No module named 'httpx'"
    assert lacking.remedy == "pip install y"
    assert other.remedy == "fix or remove acme"


def test_an_optional_package_says_what_it_is_for():
    missing = check_package("pyarrow", None, "Parquet", "pip install x")

    assert (missing.state, missing.remedy) == ("absent", "pip install x")
    assert check_package("pyarrow", "1.0", "Parquet", "x").state is State.GOOD


@pytest.mark.usefixtures("ledger")
def test_doctor_finds_this_machine_sound(greenops):
    result = greenops("doctor")

    assert result.exit_code == 0, result.output
    for said in ("sensors", "zone", "3 runs in", "versions", "greenops config init"):
        assert said in result.output


@pytest.mark.usefixtures("home")
def test_doctor_speaks_json(greenops):
    found = json.loads(greenops("doctor", "--json").output)

    assert {"area", "name", "state", "detail", "remedy"} == found[0].keys()
    assert {f["area"] for f in found} >= {"sensors", "ledger", "config", "versions"}


def test_a_broken_ledger_is_an_exit_status(ledger, greenops):
    ledger.write_bytes(b"no database" * 1000)

    assert greenops("doctor").exit_code == 1


def test_a_broken_configuration_is_an_exit_status(home, greenops, monkeypatch):
    assert home.exists()
    monkeypatch.setenv("GREENOPS_PUE", "0.5")

    result = greenops("doctor")

    assert result.exit_code == 1
    assert "GREENOPS_PUE" in result.output
