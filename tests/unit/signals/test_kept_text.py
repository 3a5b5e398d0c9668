import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Basis, IntensityKind, Provenance
from greenops.signals.kept import Asked, Kept, with_answer
from greenops.signals.kept_text import from_text, to_text
from tests.unit.signals.fakes import at, point

KEPT = with_answer(
    Kept(),
    [
        point(1, g=0.0, issued_at=at(2), basis=Basis.DIRECT),
        point(
            2, kind=IntensityKind.MARGINAL, provenance=Provenance.FORECAST, source="ä"
        ),
    ],
    Asked(at(0), at(5), at(6)),
)


def test_what_is_written_comes_back():
    assert from_text(to_text(KEPT)) == KEPT
    assert from_text(to_text(Kept())) == Kept()


TEXT = to_text(KEPT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        TEXT[: len(TEXT) // 2],
        TEXT.replace('"version":1', '"version":2'),
        TEXT.replace("direct", "perhaps"),
        TEXT.replace('"points":[[', '"points":[[1,'),
        TEXT.replace('"points":[[', '"points":[[true,1],['),
        TEXT.replace('"sources":["acme"', '"sources":[] ,"x":["acme"'),
        TEXT.replace('"asked":[[', '"asked":[[1e300,'),
        TEXT.replace('"points":[[', '"points":[[NaN,NaN,'),
        pytest.param("[" * 200_000, id="deep"),
    ],
)
def test_anything_else_is_an_error(text):
    with pytest.raises(ValueError, match=r".*"):
        from_text(text)


@given(st.text(max_size=80))
def test_no_text_fails_otherwise(text):
    try:
        from_text(text)
    except ValueError:
        return


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="ascii"))
def test_one_wrong_character_is_an_error_or_a_valid_record(place, character):
    changed = TEXT[:place] + character + TEXT[place + 1 :]

    try:
        kept = from_text(changed)
    except ValueError:
        return
    for k in kept.points:
        assert 0 <= k.point.low_g_per_kwh <= k.point.intensity_g_per_kwh
