import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.forecast.features import mix_columns
from greenops.forecast.hours import HOUR
from greenops.forecast.mix import TOTAL, shares, with_mix
from greenops.forecast.own import train
from greenops.model import GenerationHour
from tests.unit.forecast.grids import FIRST, habitual, history

HOURS = 10
KNOWN = history(np.full(HOURS, 100.0))


def made(hour, **power_mw):
    return GenerationHour(start=FIRST + hour * HOUR, power_mw=power_mw)


def full(hours=range(HOURS)):
    return [made(h, wind=30.0, coal=10.0) for h in hours]


@pytest.mark.parametrize(
    "generated",
    [
        [],
        full(range(4)),
        full(range(-20, 0)),
        full(range(HOURS, 40)),
        [made(h) for h in range(HOURS)],
        [made(h, wind=0.0, coal=0.0) for h in range(HOURS)],
        [made(h, **{"wind": 1.0} if h % 2 else {"coal": 1.0}) for h in range(HOURS)],
    ],
    ids=["none", "too few", "before", "after", "no source", "all zero", "never both"],
)
def test_a_mix_that_is_too_little_known_is_none(generated):
    assert with_mix(KNOWN, generated) is KNOWN


def test_shares_stand_beside_the_hours_with_the_size_of_it_all():
    found = with_mix(KNOWN, full())

    assert found.columns == ("coal", "wind", TOTAL)
    assert found.mix is not None
    np.testing.assert_allclose(found.mix, [[0.25, 0.75, np.log(40.0)]] * HOURS)
    np.testing.assert_array_equal(found.g_per_kwh, KNOWN.g_per_kwh)


def test_an_hour_without_one_of_the_sources_is_not_known():
    generated = [*full(range(8)), made(8, wind=30.0), made(9, coal=10.0)]

    mix = with_mix(KNOWN, generated).mix

    assert mix is not None
    assert np.isnan(mix[8:]).all()
    assert np.isfinite(mix[:8]).all()


def test_whatever_is_generated_later_changes_nothing():
    later = [made(h, wind=1e6, coal=1.0, oil=5.0) for h in range(HOURS, 60)]

    one, two = with_mix(KNOWN, full()), with_mix(KNOWN, [*full(), *later])

    assert one.columns == two.columns
    np.testing.assert_array_equal(one.mix, two.mix)


def test_what_is_drawn_counts_as_nothing_made():
    np.testing.assert_allclose(shares(np.array([[-5.0, 10.0]])), [[0, 1, np.log(10)]])


@given(
    st.lists(
        st.lists(
            st.one_of(st.just(np.nan), st.floats(-10, 1e5)), min_size=3, max_size=3
        ),
        min_size=1,
        max_size=20,
    )
)
def test_shares_add_up_to_one_or_are_not_known(rows):
    found = shares(np.array(rows))

    for row in found:
        whole = np.isfinite(row).all()
        assert whole or np.isnan(row[-1])
        if whole:
            assert row[:-1].sum() == pytest.approx(1.0)
            assert (row[:-1] >= 0).all()


def test_a_model_is_not_handed_columns_in_another_order():
    known = history(habitual(120, seed=1))
    hours = range(len(known.g_per_kwh))
    one = with_mix(known, [made(h, coal=10.0, wind=30.0 + h % 24) for h in hours])
    other = with_mix(known, [made(h, coal=10.0, gas=30.0 + h % 24) for h in hours])
    model = train(one)

    assert model.columns == ("coal", "wind", TOTAL)
    assert len(mix_columns(one)) == len(mix_columns(other))
    assert model.serves(one)
    assert not model.serves(other)


def a_fortnight():
    return history(np.full(14 * 24, 100.0))


def test_a_source_that_began_later_was_nothing_before():
    generated = [made(h, coal=10.0) for h in range(100)]
    generated += [made(h, coal=10.0, wind=30.0) for h in range(100, 14 * 24)]

    mix = with_mix(a_fortnight(), generated).mix

    assert mix is not None
    np.testing.assert_allclose(mix[99], [1.0, 0.0, np.log(10.0)])
    np.testing.assert_allclose(mix[100], [0.25, 0.75, np.log(40.0)])


def test_a_source_that_is_silent_every_night_makes_nothing_then():
    by_day = range(6, 18)
    generated = [
        made(h, coal=10.0, **({"solar": 30.0} if h % 24 in by_day else {}))
        for h in range(14 * 24)
    ]
    generated[30] = made(30, coal=10.0)  # six in the morning: unknown, not dark

    mix = with_mix(a_fortnight(), generated).mix

    assert mix is not None
    np.testing.assert_allclose(mix[27], [1.0, 0.0, np.log(10.0)])
    assert np.isnan(mix[30]).all()
    np.testing.assert_allclose(mix[31], [0.25, 0.75, np.log(40.0)])
