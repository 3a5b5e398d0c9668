from datetime import UTC, datetime
from pathlib import Path

import pytest

from greenops.errors import SignalError
from greenops.model import Provenance
from greenops_neso.answers import national_rows, regional_rows

SAVED = Path(__file__).parent / "saved"
URL = "https://grid.test/intensity"


def saved(name):
    return (SAVED / name).read_bytes()


def test_half_hours_that_have_passed_are_estimates_and_the_others_forecasts():
    rows = national_rows(saved("national.json"), URL)

    assert [(r.value, r.provenance) for r in rows] == [
        (171, Provenance.ESTIMATED),
        (0, Provenance.ESTIMATED),
        (164, Provenance.FORECAST),
    ]
    assert rows[0].start == datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
    assert rows[0].stop == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_estimate_is_surer_than_a_forecast():
    estimate, _, forecast = national_rows(saved("national.json"), URL)

    assert (estimate.abs_uncertainty_g_per_kwh or 0) <= 10
    assert (forecast.abs_uncertainty_g_per_kwh or 0) >= 50


def test_a_region_is_named_and_only_forecast():
    rows, region = regional_rows(saved("regional.json"), URL)

    assert region == "London"
    assert [(r.value, r.provenance) for r in rows] == [
        (88, Provenance.FORECAST),
        (91, Provenance.FORECAST),
    ]


def test_a_region_in_a_list_of_one_is_read_as_well():
    body = b'{"data": [' + saved("regional.json")[len(b'{"data": ') :].rstrip()[:-1]

    assert regional_rows(body + b"]}", URL)[1] == "London"


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [{"from": "2026-03-01T12:00Z", "to": "2026-03-01T12:30Z"}]}',
        b'{"data": [{"from": "now", "to": "later", "intensity": {}}]}',
        b'{"data": [{"from": "2026-03-01T12:00", "to": "2026-03-01T12:30Z"}]}',
        b'{"data": [{"from": "2026-03-01T12Z", "to": "2026-03-01T13Z", "intensity": 7}]}',
        b'{"error": {"code": "400 Bad Request"}}',
    ],
)
def test_an_answer_laid_out_otherwise_is_refused(body):
    with pytest.raises(SignalError):
        national_rows(body, URL)


def test_a_half_hour_without_any_figure_is_left_to_the_check_of_values():
    body = (
        b'{"data": [{"from": "2026-03-01T12:00Z", "to": "2026-03-01T12:30Z",'
        b' "intensity": {"forecast": null, "actual": null, "index": "low"}}]}'
    )

    assert national_rows(body, URL)[0].value is None


def test_another_region_than_asked_for_is_refused():
    assert regional_rows(saved("regional.json"), URL, "13")[1] == "London"
    with pytest.raises(SignalError, match="asked for region 5, answered for '13'"):
        regional_rows(saved("regional.json"), URL, "5")
