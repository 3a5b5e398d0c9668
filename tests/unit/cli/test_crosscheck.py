import json
import subprocess
import sys

import pytest

from greenops.cli.codecarbon_tracker import counts
from greenops.cli.crosscheck import ours_of, peer_place, theirs_of
from greenops.errors import UnknownZoneError

SAID = {
    "codecarbon_version": "3.3.2",
    "duration": 12.5,
    "cpu_energy": 1e-6,
    "gpu_energy": 2e-6,
    "ram_energy": 3e-6,
    "energy_consumed": 6e-6,
    "emissions": 2e-6,
    "pue": 1.0,
    "country_name": "France",
}
CONNECT = """
import socket, sys
from greenops.cli.codecarbon_tracker import NoNetwork
guard = NoNetwork()
sys.addaudithook(guard)
for attempt in (
    lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"", ("127.0.0.1", 9)),
):
    try:
        attempt()
    except PermissionError:
        print("refused")
print(len(guard.refused))
left, right = socket.socketpair(socket.AF_UNIX)
print("unix" if left.send(b"x") else "")
"""


@pytest.mark.parametrize(
    ("zone", "place"),
    [
        pytest.param("FR", {"country_iso_code": "FRA"}, id="country code"),
        pytest.param("germany", {"country_iso_code": "DEU"}, id="country name"),
        pytest.param(
            "US-CA",
            {"country_iso_code": "USA", "region": "california"},
            id="state, which it knows by name",
        ),
        pytest.param(
            "CA-QC",
            {"country_iso_code": "CAN", "region": "quebec"},
            id="province, likewise",
        ),
        pytest.param(
            "SE3",
            {"country_iso_code": "SWE", "region": "SE3"},
            id="Nordic bidding zone, which it knows by code",
        ),
        pytest.param(
            "gcp:europe-west1",
            {"cloud_provider": "gcp", "cloud_region": "europe-west1"},
            id="cloud region",
        ),
        pytest.param("world", {}, id="the world, which it takes when told nothing"),
    ],
)
def test_a_zone_is_told_to_codecarbon_in_its_own_terms(zone, place):
    assert peer_place(zone) == place


def test_an_unknown_zone_is_refused_before_anything_runs():
    with pytest.raises(UnknownZoneError):
        peer_place("Atlantis")


def test_codecarbons_kilowatt_hours_and_kilograms_become_joules_and_grams():
    counted = counts(SAID)
    assert counted["cpu_j"] == pytest.approx(3.6)
    assert counted["total_j"] == pytest.approx(21.6)
    assert counted["emissions_g"] == pytest.approx(2e-3)


def test_a_figure_that_is_missing_is_an_error_and_not_a_zero():
    with pytest.raises(TypeError, match="cpu_energy"):
        counts({**SAID, "cpu_energy": None})


def test_facts_of_a_newer_codecarbon_that_nobody_asked_for_are_passed_over():
    theirs = theirs_of({**counts(SAID), "refused": ["x"], "novelty": 1})
    assert theirs.refused == ("x",)
    assert theirs.intensity_g_per_kwh == pytest.approx(2e-3 / 6e-6)


def test_devices_of_one_kind_are_added_up():
    device = {"kind": "gpu", "energy_j": 10.0, "node_energy_j": 20.0, "source": "nvml"}
    measured = {
        "duration_s": 3.0,
        "energy_j": 20.0,
        "energy_low_j": 15.0,
        "energy_high_j": 25.0,
        "devices": [device, device],
        "emissions": None,
    }
    ours = ours_of(measured)
    assert set(ours.parts) == {"gpu"}
    assert ours.parts["gpu"].energy_j == 20.0
    assert ours.parts["gpu"].share == 0.5
    assert ours.parts["gpu"].sources == ("nvml",)
    assert ours.emissions_g is None


def test_the_trackers_process_can_reach_no_network():
    said = subprocess.check_output([sys.executable, "-c", CONNECT], text=True).split()
    assert said == ["refused", "refused", "refused", "3", "unix"]


def test_the_tracker_counts_until_it_is_told_to_stop(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "greenops.cli.codecarbon_tracker", "{}"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as tracker:
        assert tracker.stdout is not None
        assert tracker.stdout.readline() == "ready\n"
        said, _ = tracker.communicate(timeout=60)
    theirs = theirs_of(json.loads(said))
    assert theirs.total_j > 0
    assert theirs.refused == ()
    assert list(tmp_path.glob("*.csv")) == []
