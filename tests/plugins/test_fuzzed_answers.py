"""Whatever stands in an answer, reading it ends in rows or in a typed error."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.checked import RawPoint
from greenops.errors import SignalError
from greenops_eia.answers import generated_of as eia_generated
from greenops_electricitymaps.answers import (
    breakdown_mw,
    forecast_rows,
    latest_rows,
    listed_rows,
)
from greenops_entsoe.document import generated_of as entsoe_generated
from greenops_generation import FACTOR_SETS, intensity_rows
from greenops_neso.answers import national_rows, regional_rows
from greenops_watttime.answers import moer_rows, region_of, token_of

HERE = Path(__file__).parent
URL = "https://grid.test"


def eia(body):
    return intensity_rows(eia_generated(body, URL, "CISO"), FACTOR_SETS["ipcc2014"])[0]


READERS = {
    "neso/national": lambda b: national_rows(b, URL),
    "neso/regional": lambda b: regional_rows(b, URL)[0],
    "electricitymaps/latest": lambda b: latest_rows(b, URL, "DE", "lifecycle")[0],
    "electricitymaps/history": lambda b: listed_rows(
        b, URL, "DE", "lifecycle", under="history"
    )[0],
    "electricitymaps/forecast": lambda b: forecast_rows(b, URL, "DE")[0],
    "electricitymaps/breakdown": lambda b: [*breakdown_mw(b, URL, "DE")] and [],
    "watttime/historical": lambda b: moer_rows(b, URL, "CAISO_NORTH", forecast=False)[
        0
    ],
    "watttime/forecast": lambda b: moer_rows(b, URL, "CAISO_NORTH", forecast=True)[0],
    "eia/ciso": eia,
}

ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["2026-03-01T12:00Z", "9999-12-31T23:59Z", "0001-01-01T00", "NaN"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(tree, path=()):
    """Yield the path of every value in a tree."""
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from places(value, (*path, key))
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from places(value, (*path, i))


def planted(tree, path, value):
    """Return the tree with another value at one place."""
    if not path:
        return value
    tree = copy.deepcopy(tree)
    here = tree
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return tree


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150)
@given(data=st.data())
def test_an_odd_value_anywhere_ends_in_rows_or_a_typed_error(name, data):
    folder, _, file = name.partition("/")
    sound = json.loads((HERE / folder / "saved" / f"{file}.json").read_text())
    path = data.draw(st.sampled_from(list(places(sound))))
    body = json.dumps(planted(sound, path, data.draw(ODD))).encode()

    try:
        rows = READERS[name](body)
    except SignalError:
        return
    assert all(isinstance(row, RawPoint) for row in rows)


@pytest.mark.parametrize("read", [token_of, region_of], ids=["token", "region"])
@given(value=ODD)
def test_an_odd_log_in_or_region_is_text_or_a_typed_error(read, value):
    for body in (value, {"token": value, "region": value}):
        try:
            assert isinstance(read(json.dumps(body).encode(), URL), str)
        except SignalError:
            continue


@settings(max_examples=200)
@given(data=st.data())
def test_odd_xml_ends_in_rows_or_a_typed_error(data):
    sound = (HERE / "entsoe" / "saved" / "fr.xml").read_text()
    parts = sound.replace("<", "\0<").replace(">", ">\0").split("\0")
    for _ in range(data.draw(st.integers(1, 3))):
        i = data.draw(st.integers(0, len(parts) - 1))
        odd = st.text(max_size=6) | st.sampled_from(
            [
                "",
                "<x/>",
                "9999-12-31T23:59Z",
                "-1",
                "1e9",
                "99999999999",
                "PT60M",
                "A01",
            ]
        )
        parts[i] = data.draw(odd)

    try:
        rows = entsoe_generated("".join(parts).encode(), URL, "10YFR-RTE------C")
    except SignalError:
        return
    intensity_rows(rows, FACTOR_SETS["unece2021"])
