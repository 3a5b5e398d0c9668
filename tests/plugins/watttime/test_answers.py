from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from greenops.errors import SignalError
from greenops.model import Provenance
from greenops_watttime.answers import moer_rows, region_of, token_of

SAVED = Path(__file__).parent / "saved"
URL = "https://grid.test/v3/historical"
REGION = "CAISO_NORTH"


def saved(name):
    return (SAVED / name).read_bytes()


def test_past_rates_stay_in_pounds_until_they_are_checked():
    rows, length = moer_rows(saved("historical.json"), URL, REGION, forecast=False)

    assert [(r.value, r.provenance) for r in rows] == [
        (870.3, Provenance.ESTIMATED),
        (0.0, Provenance.ESTIMATED),
    ]
    assert rows[0].start == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert length == timedelta(minutes=5)


def test_a_forecast_carries_its_time_of_issue():
    rows, _ = moer_rows(saved("forecast.json"), URL, REGION, forecast=True)

    assert {r.provenance for r in rows} == {Provenance.FORECAST}
    assert {r.issued_at for r in rows} == {datetime(2026, 3, 1, 12, 10, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("lbs_co2_per_mwh", "kg_co2_per_mwh"),
        ("co2_moer", "health_damage"),
        ("CAISO_NORTH", "ERCOT"),
        ('"units"', '"unit"'),
        ('"meta"', '"about"'),
        ('"point_time"', '"time"'),
    ],
)
def test_another_unit_signal_region_or_layout_is_refused(was, becomes):
    body = saved("historical.json").replace(was.encode(), becomes.encode())

    with pytest.raises(SignalError):
        moer_rows(body, URL, REGION, forecast=False)


@pytest.mark.parametrize("stated", ["null", "0", "-300", "86400", '"often"'])
def test_a_length_that_makes_no_sense_is_five_minutes(stated):
    body = saved("historical.json").replace(b": 300", f": {stated}".encode())

    assert moer_rows(body, URL, REGION, forecast=False)[1] == timedelta(minutes=5)


def test_a_token_and_a_region_are_text():
    assert token_of(b'{"token": "abc"}', URL) == "abc"
    assert region_of(b'{"region": "ERCOT"}', URL) == "ERCOT"
    for body in (b'{"token": null}', b'{"token": "a\\r\\nb"}', b"{}"):
        with pytest.raises(SignalError):
            token_of(body, URL)
    for body in (b'{"region": ""}', b'{"region": 7}', b"[]"):
        with pytest.raises(SignalError):
            region_of(body, URL)
