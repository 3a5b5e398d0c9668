import pytest

from greenops.errors import UnknownZoneError
from greenops.signals.cloud_metadata import Cloud, CloudMetadata
from greenops.signals.location import AskCloud, FoundBy, local_timezone, locate


class FakeCloud(CloudMetadata):
    """A machine whose firmware and metadata service say what the test wants."""

    def __init__(self, cloud=None, regions=None):
        super().__init__()
        self._is, self._regions, self.asked = cloud, regions or {}, []

    def cloud(self):
        return self._is

    def region(self, cloud):
        self.asked.append(cloud)
        return self._regions.get(cloud)


def test_a_configured_zone_that_does_not_exist_is_an_error():
    with pytest.raises(UnknownZoneError, match="Atlantis"):
        locate("Atlantis")


def test_nothing_known_is_nowhere():
    assert locate(None, metadata=FakeCloud()) is None


def test_the_configuration_goes_before_all_else_and_nobody_is_asked():
    cloud = FakeCloud(Cloud.AWS, {Cloud.AWS: "aws:eu-north-1"})

    found = locate("ciso", timezone="Europe/Paris", metadata=cloud)

    assert found is not None
    assert (found.zone, found.found_by) == ("US-CAL-CISO", FoundBy.CONFIGURATION)
    assert cloud.asked == []


def test_the_cloud_goes_before_the_time_zone():
    cloud = FakeCloud(Cloud.AWS, {Cloud.AWS: "aws:eu-north-1"})

    found = locate(None, timezone="Europe/Paris", metadata=cloud)

    assert found is not None
    assert str(found) == "SE (from cloud metadata: aws:eu-north-1)"


@pytest.mark.parametrize(
    ("ask", "firmware", "asked"),
    [
        pytest.param(AskCloud.OFF, Cloud.AWS, [], id="off"),
        pytest.param(AskCloud.AUTO, None, [], id="auto-elsewhere"),
        pytest.param(AskCloud.AUTO, Cloud.GCP, [Cloud.GCP], id="auto-on-a-cloud"),
        pytest.param(AskCloud.ON, None, list(Cloud), id="on-elsewhere"),
        pytest.param(AskCloud.ON, Cloud.AZURE, [Cloud.AZURE], id="on-a-known-cloud"),
    ],
)
def test_a_metadata_service_is_asked_only_where_that_is_wanted(ask, firmware, asked):
    cloud = FakeCloud(firmware)

    assert locate(None, ask_cloud=ask, metadata=cloud) is None
    assert cloud.asked == asked


def test_a_region_newer_than_the_table_falls_back_to_the_time_zone():
    cloud = FakeCloud(Cloud.AWS, {Cloud.AWS: "aws:mars-north-1"})

    found = locate(None, timezone="Europe/Paris", metadata=cloud)

    assert found is not None
    assert str(found) == "FR (a guess from time zone: Europe/Paris)"


def test_a_time_zone_of_nowhere_is_no_guess():
    assert locate(None, timezone="Mars/Olympus", metadata=FakeCloud()) is None


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "GMT", "Etc/GMT+5", "Zulu", ""])
def test_a_clock_kept_anywhere_is_no_time_zone(tmp_path, name):
    assert local_timezone(environ={"TZ": name}, etc=tmp_path) is None


@pytest.mark.parametrize(
    ("variable", "file", "link", "expected"),
    [
        pytest.param("Asia/Tokyo", "Europe/Paris", None, "Asia/Tokyo", id="variable"),
        pytest.param(":Asia/Tokyo", None, None, "Asia/Tokyo", id="posix-colon"),
        pytest.param(
            "/usr/share/zoneinfo/Asia/Tokyo", None, None, "Asia/Tokyo", id="path"
        ),
        pytest.param(
            "/etc/localtime", "Asia/Tokyo", None, "Asia/Tokyo", id="other-path"
        ),
        pytest.param("", "Europe/Paris\n", "Asia/Tokyo", "Europe/Paris", id="file"),
        pytest.param("", None, "America/Lima", "America/Lima", id="link"),
        pytest.param("", None, None, None, id="nothing"),
    ],
)
def test_the_time_zone_is_read_where_systems_keep_it(
    tmp_path, variable, file, link, expected
):
    if file:
        (tmp_path / "timezone").write_text(file)
    if link:
        (tmp_path / "localtime").symlink_to(f"/usr/share/zoneinfo/{link}")

    assert local_timezone(environ={"TZ": variable}, etc=tmp_path) == expected
