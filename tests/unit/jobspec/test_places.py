from datetime import UTC, datetime

import pytest

from greenops.errors import ConfigError, UnknownZoneError
from greenops.footprint.operational import PUE_UNKNOWN
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.places import ALWAYS, read_places
from greenops.model import Bounded, Free, Link
from greenops.planner.transfer import UNSTATED_WH_PER_GB
from tests.unit.jobspec.files import PLACES, changed

EVERY_PLACE_KEY = """
[[place]]
name = "lab"
zone = "de"
trace = "GERMANY"
pue = 1.2
pue_low = 1.1
pue_high = 1.4
speed = 2
power_factor = 1.5
embodied_g_per_h = 40
embodied_low_g_per_h = 20
embodied_high_g_per_h = 80
cpus = 64
memory_gib = 512
private = false
tags = ["EU", "own"]
price_per_h = 3.2
reserved = true
idle_w = 80

[[place.free]]
start = 2026-03-02T08:00:00Z
stop = 2026-03-02T20:00:00+01:00
gpus = 8

[[place.link]]
to = "cloud"
wh_per_gb = 30
wh_per_gb_low = 10
wh_per_gb_high = 60
gb_per_s = 0.5
price_per_gb = 0.02

[[place]]
name = "cloud"
zone = "se"
free_gpus = 3
"""


def upper(zone):
    if zone == "nowhere":
        raise UnknownZoneError("unknown grid zone 'nowhere'")
    return zone.upper()


@pytest.fixture
def read(tmp_path):
    """Read a text as a file of places; complaints become an error."""

    def run(text):
        path = tmp_path / "places.toml"
        path.write_text(text)
        complaints = Complaints()
        found = read_places(path, complaints, zone_code=upper)
        complaints.raise_any()
        return found

    return run


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param({"zone": '"nowhere"'}, "unknown grid zone 'nowhere'", id="zone"),
        pytest.param({"zone": None}, "zone is missing", id="no zone"),
        pytest.param({"name": None}, "name is missing", id="no name"),
        pytest.param({"pue": 0.9}, "must be at least 1", id="PUE below 1"),
        pytest.param({"pue": 120}, "must be at most 10", id="PUE in percent"),
        pytest.param({"pue": 1.2, "pue_low": 1.3}, "not between", id="PUE bounds"),
        pytest.param({"pue_low": 1.3}, "give pue as well", id="PUE without PUE"),
        pytest.param({"speed": 0}, "must be above 0", id="no speed"),
        pytest.param({"power_factor": "nan"}, "finite", id="no factor"),
        pytest.param({"embodied_g_per_h": "-1"}, "at least 0", id="embodied below 0"),
        pytest.param({"embodied_low_g_per_h": 1}, "not between", id="embodied bounds"),
        pytest.param({"free_gpus": "-1"}, "at least 0", id="capacity below none"),
        pytest.param(
            {
                "free_gpus": 1,
                "free": "[{start = 2026-03-02T08:00:00, stop = 2026-03-02T09:00:00, gpus = 1}]",
            },
            "free_gpus, free: give one of them",
            id="two capacities",
        ),
        pytest.param(
            {
                "free": "[{start = 2026-03-02T09:00:00, stop = 2026-03-02T09:00:00, gpus = 1}]"
            },
            "its stop must be after its start",
            id="an empty span",
        ),
        pytest.param({"link": "[{to = 'cluod', wh_per_gb = 1}]"}, "'cloud'", id="to"),
        pytest.param(
            {"link": "[{to = 'cloud', wh_per_gb_low = 2}]"},
            "give wh_per_gb as well",
            id="bounds of no energy",
        ),
        pytest.param(
            {
                "free": "[{start = 2026-03-02T08:00:00, stop = 2026-03-02T10:00:00, gpus = 1},"
                "{start = 2026-03-02T09:00:00, stop = 2026-03-02T11:00:00, gpus = 1}]"
            },
            "overlap",
            id="spans that overlap",
        ),
        pytest.param(
            {"link": "[{to = 'cloud', wh_per_gb = 1, wh_per_gb_low = 2}]"},
            "not between",
            id="energy bounds",
        ),
        pytest.param(
            {"link": "[{to = 'cloud', wh_per_gb = 1, gb_per_s = 0}]"},
            "must be above 0",
            id="no speed of a link",
        ),
        pytest.param({"prize_per_h": 1}, "did you mean 'price_per_h'", id="misspelt"),
        pytest.param({"private": '"yes"'}, "must be true or false", id="no switch"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_is_right(read, keys, said):
    with pytest.raises(ConfigError) as e:
        read(changed(PLACES, **keys))

    assert said in str(e.value)
    assert "places.toml:" in str(e.value)


def test_a_file_without_places_is_said(read):
    with pytest.raises(ConfigError, match=r"no table \[\[place\]\]"):
        read("")


def test_two_places_of_one_name_are_refused(read):
    with pytest.raises(ConfigError, match="more than one place is called 'lab'"):
        read(PLACES + PLACES)


def test_a_place_that_is_wrong_is_still_known_by_name(tmp_path):
    path = tmp_path / "places.toml"
    path.write_text(changed(PLACES, pue=0.5))
    complaints = Complaints()

    found = read_places(path, complaints, zone_code=upper)

    assert len(complaints) == 1
    assert [p.name for p in found.places] == ["cloud"]
    assert found.names == {"lab", "cloud"}


def test_a_short_file_becomes_places_with_every_default(read):
    lab, cloud = read(PLACES).places

    assert (lab.name, lab.zone, lab.private) == ("lab", "DE", True)
    assert (cloud.name, cloud.zone, cloud.private) == ("cloud", "SE", False)
    assert lab.pue == PUE_UNKNOWN
    assert (lab.free, lab.cpus, lab.price_per_h, lab.forecast) == (None,) * 4


def test_every_key_ends_up_in_the_record(read):
    found = read(EVERY_PLACE_KEY)

    lab, cloud = found.places
    assert (lab.zone, found.traces) == ("DE", {"lab": "GERMANY"})
    assert lab.pue == Bounded(central=1.2, low=1.1, high=1.4)
    assert (lab.speed, lab.power_factor) == (2.0, 1.5)
    assert lab.embodied_g_per_h == Bounded(central=40.0, low=20.0, high=80.0)
    assert lab.free == (
        Free(
            start=datetime(2026, 3, 2, 8, tzinfo=UTC),
            stop=datetime(2026, 3, 2, 19, tzinfo=UTC),
            gpus=8,
        ),
    )
    assert (lab.cpus, lab.memory_gib, lab.private) == (64.0, 512.0, False)
    assert (lab.tags, lab.price_per_h) == ({"EU", "own"}, 3.2)
    assert (lab.reserved, lab.idle_w) == (True, 80.0)
    assert lab.links == (
        Link(
            to="cloud",
            energy_wh_per_gb=Bounded(central=30.0, low=10.0, high=60.0),
            gb_per_s=0.5,
            price_per_gb=0.02,
        ),
    )
    assert cloud.free == (Free(start=ALWAYS[0], stop=ALWAYS[1], gpus=3),)


def test_a_link_without_energy_is_a_public_network_s(read):
    lab, _ = read(changed(PLACES, link="[{to = 'cloud'}]")).places

    assert lab.links[0].energy_wh_per_gb == UNSTATED_WH_PER_GB
