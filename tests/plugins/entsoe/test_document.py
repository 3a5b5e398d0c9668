import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from greenops.errors import SignalError
from greenops_entsoe.document import generated_of
from greenops_generation import Fuel

SAVED = Path(__file__).parent / "saved"
FR = (SAVED / "fr.xml").read_bytes()
NO_DATA = (SAVED / "no_data.xml").read_bytes()
URL = "https://grid.test/api"
AREA = "10YFR-RTE------C"
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def powers(body, code):
    return [
        ((r.start - MIDNIGHT) // QUARTER, (r.stop - r.start) // QUARTER, r.power_mw)
        for r in generated_of(body, URL, AREA)
        if r.series == code
    ]


def test_a_curve_that_leaves_out_repeats_is_filled_to_the_end_of_its_period():
    first = [(i, 1, "40000") for i in range(4)]
    second = [(4, 1, "41000"), (5, 1, "41000"), (6, 1, "41000"), (7, 1, "42000")]

    assert powers(FR, "B14") == first + second


def test_a_point_missing_from_a_whole_curve_is_a_gap():
    assert powers(FR, "B04") == [(0, 4, "5000")]


def test_what_plants_consume_is_no_generation():
    assert powers(FR, "B10") == []


def test_codes_become_fuels_with_the_time_of_issue():
    rows = generated_of(FR, URL, AREA)

    assert {(r.series, r.fuel) for r in rows} == {
        ("B14", Fuel.NUCLEAR),
        ("B04", Fuel.GAS),
    }
    assert {r.issued_at for r in rows} == {datetime(2026, 3, 1, 4, 10, tzinfo=UTC)}


def test_a_type_that_is_new_counts_as_other():
    rows = generated_of(FR.replace(b"B14", b"B99"), URL, AREA)

    assert {r.fuel for r in rows if r.series == "B99"} == {Fuel.OTHER}


def test_two_values_for_one_position_contradict_each_other():
    point = b"<Point><position>1</position><quantity>5000</quantity></Point>"
    other = point.replace(b"5000", b"6000")

    assert powers(FR.replace(point, point + other), "B04") == [(0, 4, "contradicted")]
    assert powers(FR.replace(point, point + point), "B04") == [(0, 4, "5000")]


def test_no_matching_data_is_an_empty_answer_and_no_error():
    assert generated_of(NO_DATA, URL, AREA) == []


def test_another_reason_of_the_platform_is_handed_on():
    body = NO_DATA.replace(b"No matching data found", b"Amount of requested days: 400")

    with pytest.raises(SignalError, match="requested days: 400"):
        generated_of(body, URL, AREA)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (b"GL_MarketDocument", b"Publication_MarketDocument", "instead of a GL_"),
        (b">MAW<", b">KWT<", "'KWT' instead of 'MAW'"),
        (b"10YFR-RTE------C", b"10YPL-AREA-----S", "10YPL-AREA-----S"),
        (b"PT15M", b"PT7M", "points of 'PT7M'"),
        (b"<resolution>PT15M</resolution>", b"", "without resolution"),
        (b"<psrType>B14</psrType>", b"", "without psrType"),
        (b"<position>5<", b"<position>five<", "'five' that is no number"),
        (b"2026-03-01T02:00Z", b"2026-03-01T02:00", "without a time zone"),
        (b"2026-03-01T02:00Z", b"2196-03-01T02:00Z", "a period from"),
        (b"2026-03-01T02:00Z", b"2020-03-01T02:00Z", "a period from"),
    ],
)
def test_another_layout_unit_or_area_is_refused(was, becomes, said):
    with pytest.raises(SignalError, match=said):
        generated_of(FR.replace(was, becomes), URL, AREA)


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><GL_MarketDocument>&b;'
    b"</GL_MarketDocument>"
)
THIEF = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    b"<GL_MarketDocument>&f;</GL_MarketDocument>"
)


@pytest.mark.parametrize("body", [BOMB, THIEF], ids=["bomb", "thief"])
def test_xml_that_declares_things_is_not_read(body):
    with pytest.raises(SignalError, match="declarations"):
        generated_of(body, URL, AREA)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty answer"),
        (b"  \n", "empty answer"),
        (b"<!DOCTYPE html><html>Log in</html>", "web page"),
        (FR[:700], "cut off"),
        (b'{"error": "no"}', "no XML"),
        (b"<a>" * 100_000, "no XML"),
        (b"\xff\xfe", "no XML"),
        ("<GL_MarketDocument/>".encode("utf-16"), "no XML|without"),
    ],
    ids=["empty", "blank", "html", "cut", "json", "deep", "bytes", "utf-16"],
)
def test_what_is_no_document_is_said_by_kind(body, said):
    if said == "no XML|without":
        assert generated_of(body, URL, AREA) == []  # an empty document, well encoded
        return
    with pytest.raises(SignalError, match=said):
        generated_of(body, URL, AREA)


def test_an_answer_that_cannot_be_read_is_quoted_nowhere():
    secret = "c4n4" + "ry"
    with pytest.raises(SignalError) as failed:
        generated_of(f"<{secret}><".encode(), URL, AREA)

    assert secret not in "".join(traceback.format_exception(failed.value))
