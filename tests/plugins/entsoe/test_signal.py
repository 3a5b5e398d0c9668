from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from greenops.errors import ConfigError, SignalError, UnknownZoneError
from greenops_entsoe import EntsoeSignal
from greenops_webapi import Credential, Pace, StatusError, WebApi
from tests.plugins.asking import requests_of

SAVED = Path(__file__).parent / "saved"
FR = (SAVED / "fr.xml").read_bytes()
NO_DATA = (SAVED / "no_data.xml").read_bytes()
NOW = datetime(2026, 3, 1, 4, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def signal(transport, **changes):
    api = WebApi("https://grid.test", pace=Pace(99, 1), transport=transport)
    credential = Credential("X", env={"X": "k3y"})
    return EntsoeSignal(api, credential, now=lambda: NOW, **changes)


def replying(body, status=200):
    return httpx.MockTransport(lambda _: httpx.Response(status, content=body))


def test_the_question_names_document_process_area_and_a_day_before():
    answer = httpx.Response(200, content=NO_DATA)
    (request,) = requests_of(signal, "FR", NOW - 3 * HOUR, NOW, answer=answer)

    assert dict(request.url.params) == {
        "documentType": "A75",
        "processType": "A16",
        "in_Domain": "10YFR-RTE------C",
        "periodStart": "202602280100",
        "periodEnd": "202603010500",
        "securityToken": "k3y",
    }


def test_a_mix_of_steps_becomes_whole_hours_and_a_lacking_hour_a_gap():
    points = signal(replying(FR)).intensity("FR", NOW - 5 * HOUR, NOW)

    assert [p.start.hour for p in points] == [0]
    assert points[0].intensity_g_per_kwh == pytest.approx(
        (40_000 * 12 + 5_000 * 490) / 45_000
    )
    assert points[0].zone == "FR"
    assert points[0].issued_at == datetime(2026, 3, 1, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 400])
def test_no_matching_data_means_no_point(status):
    with pytest.raises(SignalError, match="no usable point"):
        signal(replying(NO_DATA, status)).intensity("FR", NOW - 3 * HOUR, NOW)


def test_a_wrong_question_is_said_as_the_platform_says_it():
    body = NO_DATA.replace(b"No matching data found", b"Invalid in_Domain")

    with pytest.raises(SignalError, match="Invalid in_Domain"):
        signal(replying(body, 400)).intensity("FR", NOW - 3 * HOUR, NOW)


def test_a_bad_request_that_is_no_xml_stays_one():
    with pytest.raises(StatusError, match="status 400"):
        signal(replying(b"bad", 400)).intensity("FR", NOW - 3 * HOUR, NOW)


def test_there_is_no_forecast_and_nothing_is_asked_for_one():
    made = signal(httpx.MockTransport(lambda _: pytest.fail("it was asked")))

    with pytest.raises(SignalError, match="no forecast"):
        made.intensity("FR", NOW + HOUR, NOW + 2 * HOUR)


@pytest.mark.parametrize("zone", ["US-CAL-CISO", "Atlantis", None])
def test_other_zones_are_not_served(zone):
    with pytest.raises(UnknownZoneError):
        EntsoeSignal.from_settings({}).intensity(zone, NOW - HOUR, NOW)


def test_wrong_settings_are_named():
    with pytest.raises(ConfigError, match="has no key 'factor'; did you mean factors"):
        EntsoeSignal.from_settings({"factor": "ipcc2014"})
