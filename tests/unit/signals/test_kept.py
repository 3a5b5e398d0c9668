from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Provenance
from greenops.signals.kept import (
    CARRY_AT_MOST,
    MOST_POINTS,
    MOST_SPANS,
    Asked,
    Kept,
    fresh_points,
    missing,
    stale_points,
    with_answer,
)
from tests.unit.signals.fakes import HOUR, at, point

NOW = at(100)
MINUTE = timedelta(minutes=1)


def answered(hours, *, fetched=100.0, kept=None, **fields):
    """Return what is kept after an answer of these hours."""
    points = [point(h, **fields) for h in hours]
    asked = Asked(points[0].start, points[-1].stop, at(fetched))
    return with_answer(kept or Kept(), points, asked)


def gap(kept, start, stop, now=100.0, step=HOUR):
    found = missing(kept, at(start), at(stop), now=at(now), step=step)
    return found and tuple((t - at(0)) / HOUR for t in found)


@pytest.mark.parametrize(
    ("start", "stop", "asked_for"),
    [
        (98, 100, None),
        (98.2, 98.4, None),
        (95, 100, (95, 98)),
        (99, 103, (101, 103)),
        (90, 110, (90, 110)),
        (90, 91, (90, 91)),
    ],
    ids=["all", "within", "before", "after", "around", "elsewhere"],
)
def test_only_what_is_not_fresh_is_asked_for(start, stop, asked_for):
    assert gap(answered([98, 99, 100]), start, stop) == asked_for


def test_what_lies_between_two_holes_is_asked_for_with_them():
    kept = answered([98], kept=answered([92]))

    assert gap(kept, 90, 100) == (90, 100)
    assert gap(kept, 92, 99) == (93, 98)


@pytest.mark.parametrize(
    ("step_min", "fresh_min"), [(1, 5), (5, 5), (30, 30), (60, 60), (1440, 60)]
)
def test_an_answer_is_fresh_for_a_step_of_its_source(step_min, fresh_min):
    kept = answered([99, 100])
    step = step_min * MINUTE

    assert gap(kept, 99, 100, now=100 + fresh_min / 60, step=step) is None
    assert gap(kept, 99, 100, now=100 + fresh_min / 60 + 0.01, step=step)


def test_hours_that_ended_two_days_ago_stay_fresh_for_a_day():
    kept = answered(range(40, 60))

    assert gap(kept, 40, 52, now=101.5) is None
    assert gap(kept, 40, 60, now=101.5) == (53.5, 60)
    assert gap(kept, 40, 52, now=124.5)


def test_an_answer_from_the_future_is_not_believed():
    assert gap(answered([99], fetched=100.5), 99, 100, now=100)
    assert gap(answered([99], fetched=100.05), 99, 100, now=100) is None


def test_a_span_the_source_had_nothing_for_is_not_asked_again_at_once():
    kept = with_answer(Kept(), [point(90)], Asked(at(90), at(100), NOW))

    assert gap(kept, 95, 96) is None
    assert fresh_points(kept, at(95), at(96), now=NOW, step=HOUR) == []


def test_a_newer_answer_replaces_what_it_overlaps_and_nothing_else():
    kept = answered([98, 99], g=200.0, kept=answered([97, 98, 99, 100], fetched=99))

    values = [k.point.intensity_g_per_kwh for k in kept.points]
    assert values == [100.0, 200.0, 200.0, 100.0]


def test_quarters_replace_the_hour_they_lie_in():
    quarters = [point(98 + i / 4, hours=0.25, g=50.0) for i in range(4)]

    kept = with_answer(answered([98]), quarters, Asked(at(98), at(99), NOW))

    assert [k.point.intensity_g_per_kwh for k in kept.points] == [50.0] * 4


def test_what_is_kept_has_bounds():
    kept = Kept()
    for i in range(4):
        hours = range(i * 6000, (i + 1) * 6000)
        kept = answered(hours, kept=kept)
    for i in range(MOST_SPANS + 5):
        kept = answered([30_000 + i], kept=kept)

    assert len(kept.points) == MOST_POINTS
    assert len(kept.asked) == MOST_SPANS
    assert kept.points[-1].point.start == at(30_000 + MOST_SPANS + 4)


def stale(kept, start, stop, now):
    return stale_points(kept, at(start), at(stop), now=at(now), step=HOUR)


def test_a_past_hour_that_was_measured_is_nearly_as_good_later():
    (old,) = stale(answered([98], fetched=99), 98, 99, now=110)

    fresh = point(98)
    assert old.intensity_g_per_kwh == fresh.intensity_g_per_kwh
    assert old.provenance is Provenance.MEASURED
    assert 0.8 * fresh.low_g_per_kwh < old.low_g_per_kwh < fresh.low_g_per_kwh
    assert old.source == "acme; kept, 11 h old"


def test_a_forecast_gets_less_sure_with_its_age():
    kept = answered(range(100, 120), provenance=Provenance.FORECAST)

    highs = [stale(kept, 118, 119, now=n)[0].high_g_per_kwh for n in (102, 106, 112)]

    assert highs == sorted(highs)
    assert highs[0] > point(118).high_g_per_kwh


def test_a_forecast_of_yesterday_is_too_old():
    kept = answered(range(100, 150), provenance=Provenance.FORECAST)

    assert stale(kept, 123.5, 124, now=123.9)
    assert stale(kept, 130, 131, now=124.5) == []


def test_the_last_hour_is_carried_forward_and_says_so():
    (old,) = stale(answered([98], fetched=99), 101, 102, now=102)

    assert (old.start, old.stop) == (at(101), at(102))
    assert old.provenance is Provenance.BRIDGED
    assert old.high_g_per_kwh > 1.6 * old.intensity_g_per_kwh  # exp(0.3 sqrt(3))
    assert "3 h old" in old.source


def test_the_last_hour_is_carried_for_six_hours_at_most():
    kept = answered([98], fetched=99)

    (cut,) = stale(kept, 103, 110, now=110)
    assert cut.stop == at(99) + CARRY_AT_MOST
    assert stale(kept, 105, 106, now=106) == []


def test_fresh_points_are_served_unchanged_beside_old_ones():
    kept = answered([99], kept=answered([97, 98], fetched=90), fetched=100)

    old, older, new = stale(kept, 97, 100, now=100)

    assert (old.source, older.source) == ("acme; kept, 10 h old",) * 2
    assert new == point(99)


@pytest.mark.parametrize(
    ("hours", "said"), [(0.5, "30 min"), (1.9, "114 min"), (30, "30 h"), (72, "3 d")]
)
def test_an_age_is_said_in_few_words(hours, said):
    found = stale_points(
        answered([50], fetched=99), at(50), at(51), now=at(99 + hours), step=MINUTE
    )

    if hours <= 24:  # hours long settled stay fresh for a day
        assert "kept" not in found[0].source
    else:
        assert found[0].source.endswith(f"kept, {said} old")


def test_nothing_kept_is_nothing():
    assert stale(Kept(), 0, 1, now=1) == []
    assert gap(Kept(), 0, 1) == (0, 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 10), st.integers(80, 100)),
        max_size=8,
    ),
    st.integers(0, 45),
    st.integers(1, 12),
)
def test_points_never_overlap_and_missing_parts_are_truly_missing(
    answers, start, length
):
    kept = Kept()
    for first, hours, fetched in answers:
        kept = answered(range(first, first + hours), fetched=fetched, kept=kept)

    points = [k.point for k in kept.points]
    assert all(a.stop <= b.start for a, b in pairwise(points))
    served = stale(kept, start, start + length, now=100)
    assert all(a.stop <= b.start for a, b in pairwise(served))
    if gap(kept, start, start + length) is None:
        fresh = fresh_points(kept, at(start), at(start + length), now=NOW, step=HOUR)
        assert len(fresh) == length
