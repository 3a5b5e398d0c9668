from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.planner.timing.packing import most_work_s, packed, usable_spans
from greenops.planner.timing.pauses import Pauses
from tests.unit.planner.curves import NAN, H, hourly

SPANS = st.lists(st.integers(1, 9), min_size=1, max_size=5).map(
    lambda lengths: [(20.0 * i, 20.0 * i + n) for i, n in enumerate(lengths)]
)
LIMITS = st.builds(
    Pauses,
    pause_s=st.sampled_from([0.0, 1.0, 3.0]),
    resume_s=st.sampled_from([0.0, 2.0]),
    min_run_s=st.sampled_from([0.0, 4.0]),
    max_pauses=st.sampled_from([None, 0, 1, 2]),
    resuming=st.booleans(),
)


@pytest.mark.parametrize(
    ("curve", "spans_h"),
    [
        (hourly(1, 1, NAN, 1), [(0.5, 2), (3, 4)]),
        (hourly(NAN, 1, 1, NAN), [(1, 3)]),
        (hourly(NAN, NAN), []),
        (hourly(1, NAN, 1, wait_g_per_h=[1, NAN, 1]), [(0.5, 1)]),
    ],
    ids=["a gap", "gaps at the ends", "nothing", "held through a gap"],
)
def test_known_hours_are_joined_to_spans(curve, spans_h):
    assert usable_spans(curve, 0.5 * H, 5 * H) == [(a * H, b * H) for a, b in spans_h]


def _most(spans, pauses):
    """Try every choice of spans."""
    best = 0.0
    for used in product([False, True], repeat=len(spans)):
        chosen = [s for s, u in zip(spans, used, strict=True) if u]
        rooms = []
        for i, (low, high) in enumerate(chosen):
            before = pauses.resume_s if i or pauses.resuming else 0.0
            after = pauses.pause_s if i < len(chosen) - 1 else 0.0
            least = pauses.min_run_s if i < len(chosen) - 1 else 0.0
            room = high - low - before - after
            rooms.append(room if room >= least and room > 0 else -1e9)
        if pauses.max_pauses is None or len(chosen) <= pauses.max_pauses + 1:
            best = max(best, sum(rooms))
    return best


@given(SPANS, LIMITS)
def test_no_choice_of_spans_holds_more_work(spans, pauses):
    assert most_work_s(spans, pauses) == _most(spans, pauses)


@given(SPANS, LIMITS, st.floats(0.01, 1.0))
def test_what_fits_is_packed_within_the_spans(spans, pauses, share):
    work_s = share * most_work_s(spans, pauses)
    if not work_s:
        return

    placed = packed(spans, pauses, work_s)

    assert sum(length for _, length in placed) == pytest.approx(work_s)
    assert all(length >= pauses.min_run_s for _, length in placed[:-1])
    for i, (start, length) in enumerate(placed):
        before = pauses.resume_s if i or pauses.resuming else 0.0
        after = pauses.pause_s if i < len(placed) - 1 else 0.0
        assert any(
            low <= start - before and start + length + after <= high + 1e-6
            for low, high in spans
        )


@given(SPANS, LIMITS)
def test_what_does_not_fit_is_not_packed(spans, pauses):
    assert packed(spans, pauses, most_work_s(spans, pauses) + 1.0) == []
