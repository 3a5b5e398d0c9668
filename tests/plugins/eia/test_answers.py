from datetime import UTC, datetime
from pathlib import Path

import pytest

from greenops.errors import SignalError
from greenops_eia.answers import FUELS, generated_of
from greenops_generation import Fuel

SAVED = (Path(__file__).parent / "saved" / "ciso.json").read_bytes()
URL = "https://grid.test/v2"


def test_an_hour_is_named_by_its_end():
    rows = generated_of(SAVED, URL, "CISO")

    assert {(r.start, r.stop) for r in rows} == {
        (datetime(2026, 3, 1, 4, tzinfo=UTC), datetime(2026, 3, 1, 5, tzinfo=UTC))
    }


def test_codes_become_fuels_and_an_unknown_one_is_other():
    rows = {r.series: (r.fuel, r.power_mw) for r in generated_of(SAVED, URL, "CISO")}

    assert rows == {
        "NG": (Fuel.GAS, "9000"),
        "SUN": (Fuel.SOLAR, "-21"),
        "WND": (Fuel.WIND_ONSHORE, "1000"),
        "BAT": (Fuel.STORAGE, "3100"),
        "ZZZ": (Fuel.OTHER, None),
    }


def test_what_is_stored_is_never_a_fuel():
    assert {c for c, fuel in FUELS.items() if fuel is Fuel.STORAGE} == {
        "BAT",
        "PS",
        "OES",
        "UES",
    }


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (b'"total": "5"', b'"total": "5001"', "sent 5 of 5001"),
        (b'"respondent": "CISO"', b'"respondent": "PJM"', "'PJM' instead of 'CISO'"),
        (b"megawatthours", b"gigawatthours", "gigawatthours"),
        (b"2026-03-01T05", b"yesterday", "not a time"),
        (b'"period"', b'"when"', "no 'period'"),
        (b'"response"', b'"answer"', "no 'response'"),
    ],
)
def test_another_layout_unit_or_authority_is_refused(was, becomes, said):
    with pytest.raises(SignalError, match=said):
        generated_of(SAVED.replace(was, becomes), URL, "CISO")
