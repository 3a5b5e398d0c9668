import pytest

from greenops.config import Config
from greenops.errors import ReferenceDataError, UnknownZoneError
from greenops.signals.location import AskCloud, FoundBy, Location
from greenops.wire import zone as wired
from greenops.wire.zone import whereabouts, with_zone, zone_in_force


@pytest.fixture
def on_cloud(monkeypatch):
    """Stand in for the metadata service; record when it was to be asked."""
    asked = []

    def place(found):
        def locate(zone, *, ask_cloud, timezone=None):
            if zone is None and ask_cloud is not AskCloud.OFF:
                asked.append(ask_cloud)
                if isinstance(found, Exception):
                    raise found
                return found
            return real(zone, ask_cloud=ask_cloud, timezone=timezone)

        from greenops.signals import location

        real = location.locate
        monkeypatch.setattr(location, "locate", locate)
        return asked

    wired._found_by_cloud.cache_clear()
    yield place
    wired._found_by_cloud.cache_clear()


STOCKHOLM = Location(zone="SE", found_by=FoundBy.CLOUD, detail="aws:eu-north-1")


def test_a_configured_zone_is_taken_and_the_cloud_is_not_asked(on_cloud):
    asked = on_cloud(STOCKHOLM)
    problems: list[str] = []

    config, told_by = with_zone(Config(zone="fra"), problems)

    assert (config.zone, told_by, problems) == ("FR", "configuration", [])
    assert asked == []


def test_a_misspelt_zone_is_the_world_and_a_complaint_never_the_clouds(on_cloud):
    on_cloud(STOCKHOLM)
    problems: list[str] = []

    config, told_by = with_zone(Config(zone="Frnce"), problems)

    assert (config.zone, told_by) == (None, "")
    assert "France" in problems[0]
    assert "the world average is used" in problems[0]


def test_the_clouds_region_tells_the_zone_and_is_named(on_cloud):
    asked = on_cloud(STOCKHOLM)

    config, told_by = with_zone(Config(location_cloud="on"), [])

    assert config.zone == "SE"
    assert told_by == "cloud metadata: aws:eu-north-1"
    assert asked == [AskCloud.ON]


def test_the_cloud_is_asked_once_per_process(on_cloud):
    asked = on_cloud(STOCKHOLM)

    for _ in range(3):
        with_zone(Config(), [])

    assert asked == [AskCloud.AUTO]


def test_a_cloud_that_did_not_answer_is_asked_again(on_cloud):
    asked = on_cloud(None)

    for _ in range(2):
        assert with_zone(Config(), [])[0].zone is None

    assert len(asked) == 2


def test_off_means_off(on_cloud):
    asked = on_cloud(STOCKHOLM)

    assert with_zone(Config(location_cloud="off"), [])[0].zone is None
    assert asked == []


def test_the_time_zone_tells_commands_a_guess_and_runs_nothing(on_cloud, monkeypatch):
    on_cloud(None)
    monkeypatch.setenv("TZ", "Europe/Paris")

    assert with_zone(Config(), []) == (Config(), "")
    assert zone_in_force(Config()) is None
    assert str(whereabouts(Config())) == "FR (a guess from time zone: Europe/Paris)"


def test_commands_prefer_the_cloud_to_the_time_zone(on_cloud, monkeypatch):
    on_cloud(STOCKHOLM)
    monkeypatch.setenv("TZ", "Europe/Paris")

    assert whereabouts(Config()) == STOCKHOLM
    assert zone_in_force(Config()) == "SE"


def test_missing_data_files_cost_the_zone_not_the_run(on_cloud):
    on_cloud(ReferenceDataError("no data files"))
    problems: list[str] = []

    assert with_zone(Config(), problems)[0].zone is None
    assert "no data files" in problems[0]


def test_a_command_says_that_a_configured_zone_does_not_exist():
    with pytest.raises(UnknownZoneError, match="France"):
        zone_in_force(Config(zone="Frnce"))
