from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from greenops.errors import SignalError
from greenops.model import Provenance
from greenops_electricitymaps.answers import (
    breakdown_mw,
    forecast_rows,
    latest_rows,
    listed_rows,
)

SAVED = Path(__file__).parent / "saved"
URL = "https://grid.test/v3/carbon-intensity"


def saved(name):
    return (SAVED / name).read_bytes()


def test_measured_and_estimated_hours_are_told_apart():
    rows, longest = listed_rows(
        saved("history.json"), URL, "DE", "lifecycle", under="history"
    )

    assert [(r.value, r.provenance) for r in rows] == [
        (302, Provenance.MEASURED),
        (None, Provenance.ESTIMATED),
        (295, Provenance.ESTIMATED),
    ]
    assert rows[0].issued_at == datetime(2026, 3, 1, 13, 5, 2, 1000, tzinfo=UTC)
    assert (rows[0].rel_uncertainty, rows[2].rel_uncertainty) == (0.25, 0.4)
    assert longest == timedelta(hours=1)


def test_an_estimate_made_before_its_hour_began_is_a_forecast():
    body = saved("latest.json").replace(b"2026-03-01T13:05:02", b"2026-03-01T09:05:02")

    rows, _ = latest_rows(body, URL, "DE", "lifecycle")

    assert rows[0].provenance is Provenance.FORECAST


def test_the_latest_hour_is_one_row():
    rows, _ = latest_rows(saved("latest.json"), URL, "DE", "lifecycle")

    assert [(r.start, r.value) for r in rows] == [
        (datetime(2026, 3, 1, 13, tzinfo=UTC), 302)
    ]


def test_a_forecast_carries_its_time_of_issue():
    rows, longest = forecast_rows(saved("forecast.json"), URL, "DE")

    assert {r.provenance for r in rows} == {Provenance.FORECAST}
    assert {r.issued_at for r in rows} == {datetime(2026, 3, 1, 12, 40, tzinfo=UTC)}
    assert [r.value for r in rows] == [290, 271]
    assert longest == timedelta(minutes=15)


def test_the_breakdown_keeps_what_is_known():
    assert breakdown_mw(saved("breakdown.json"), URL, "DE") == {
        "nuclear": 0,
        "wind": 20351,
        "hydro discharge": 120,
    }


def latest_lifecycle(body, url, zone):
    return latest_rows(body, url, zone, "lifecycle")


@pytest.mark.parametrize("read", [latest_lifecycle, forecast_rows, breakdown_mw])
def test_an_answer_for_another_zone_is_refused(read):
    with pytest.raises(SignalError, match=r"asked for zone DE, answered for 'FR'"):
        read(b'{"zone": "FR", "carbonIntensity": 50}', URL, "DE")


def test_a_row_of_another_zone_is_refused():
    body = saved("history.json").replace(
        b'"zone": "DE", "carbonI', b'"zone": "FR", "carbonI'
    )

    with pytest.raises(SignalError, match="'FR'"):
        listed_rows(body, URL, "DE", "lifecycle", under="history")


def test_other_factors_than_asked_for_are_refused():
    with pytest.raises(SignalError, match="asked for direct factors"):
        latest_rows(saved("latest.json"), URL, "DE", "direct")
    with pytest.raises(SignalError, match="asked for direct factors"):
        listed_rows(saved("history.json"), URL, "DE", "direct", under="history")
