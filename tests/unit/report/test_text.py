import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Bounded
from greenops.report.text import (
    ENERGY_SCALE,
    MASS_SCALE,
    bounds,
    columns_of,
    duration,
    energy,
    figure,
    fit,
    fold,
    mass,
    memory,
    pad,
    percent,
    plural,
    power,
    safe,
)

ANY_TEXT = st.text(
    st.characters() | st.sampled_from("\x00\x1b\n\u202e\u200b\ud800日本é\u0301א")
)


def is_harmless(text):
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl") for c in text)


@pytest.mark.parametrize(
    ("energy_j", "shown"),
    [
        pytest.param(0, "0 J", id="nothing"),
        pytest.param(0.00000012, "<0.001 mJ", id="not-nothing"),
        pytest.param(0.0123, "12.3 mJ", id="millijoules"),
        pytest.param(812.4, "812 J", id="joules"),
        pytest.param(3599.9, "1.00 Wh", id="rounds-into-the-next-unit"),
        pytest.param(44_300, "12.3 Wh", id="watt-hours"),
        pytest.param(3.6e6, "1.00 kWh", id="kilowatt-hours"),
        pytest.param(1.5e10, "4.17 MWh", id="megawatt-hours"),
        pytest.param(-44_300, "-12.3 Wh", id="saved"),
    ],
)
def test_energy_is_shown_in_the_unit_that_reads_best(energy_j, shown):
    assert energy(energy_j) == shown


def test_other_quantities_have_their_units():
    assert mass(0.4) == "400 mg"
    assert mass(5110) == "5.11 kg"
    assert mass(0) == "0 g"
    assert power(1210) == "1.21 kW"
    assert memory(4 << 30) == "4.00 GiB"


@pytest.mark.parametrize(
    ("duration_s", "shown"),
    [
        (0.0631, "63.1 ms"),
        (42.13, "42.1 s"),
        (59.96, "1 min 00 s"),
        (192, "3 min 12 s"),
        (3599.7, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (3 * 86400 - 1, "3 d 00 h"),
    ],
)
def test_durations_never_show_sixty(duration_s, shown):
    assert duration(duration_s) == shown


@pytest.mark.parametrize(
    ("fraction", "shown"), [(0, "0 %"), (0.004, "<1 %"), (0.995, ">99 %"), (1, "100 %")]
)
def test_a_small_share_never_reads_as_none(fraction, shown):
    assert percent(fraction) == shown


def test_bounds_share_the_unit_of_their_estimate():
    wide = Bounded(central=44_300, low=100, high=90_000)

    assert bounds(wide, ENERGY_SCALE) == "0-25.0 Wh"
    assert bounds(Bounded(central=0.5, low=0, high=2), MASS_SCALE) == "0-2000 mg"


@given(st.floats(1e-3, 1e12))
def test_a_figure_keeps_three_digits_of_what_it_shows(number):
    shown = float(figure(number))

    assert shown == pytest.approx(number, rel=0.06 if number < 0.01 else 0.0051)


@given(ANY_TEXT)
def test_safe_text_holds_nothing_a_terminal_obeys(text):
    assert is_harmless(safe(text))
    assert safe(text, unicode=False).isascii()


def test_harmless_text_is_left_alone():
    assert safe("Ångström 日本 é") == "Ångström 日本 é"


def test_dangerous_characters_are_made_visible():
    assert safe("a\x1b[2J\x00\nb\u202ec") == r"a\x1b[2J\x00\nb\u202ec"


@given(ANY_TEXT, st.integers(0, 60), st.booleans())
def test_fitted_text_is_never_wider_than_asked(text, columns, unicode):
    fitted = fit(text, columns, unicode=unicode)

    assert columns_of(fitted) <= max(columns, 0)
    assert is_harmless(fitted)


def test_piled_up_marks_do_not_pass_a_cut_by_width():
    assert len(fit("e" + "\u0301" * 100_000, 10)) <= 40


def test_wide_characters_count_twice():
    assert columns_of("日本") == 4
    assert fit("日本語", 5) == "日本…"
    assert pad("日本", 6) == "日本  "


@given(ANY_TEXT, st.integers(2, 60))
def test_folded_lines_hold_every_word_and_fit(text, columns):
    text = safe(text)
    lines = fold(text, columns)

    assert all(columns_of(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_one_is_singular():
    assert plural(1, "gap") == "1 gap"
    assert plural(2, "entry", "entries") == "2 entries"
