from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Dataset
from greenops.planner.tiering import RECALL_S, TAPE_GB_PER_S, cold, sentence
from tests.unit.planner.scenes import T0, exactly

CORPUS = Dataset(name="corpus", size_gb=1000.0, at=frozenset({"lab"}))


def saved(wait_h, data=CORPUS, g_per_kwh=500.0, pue=1.2):
    return cold(
        data,
        now=T0,
        read_at=T0 + timedelta(hours=wait_h),
        g_per_kwh=exactly(g_per_kwh),
        pue=exactly(pue),
    )


def test_a_week_on_tape_saves_what_disks_would_take_less_both_moves():
    found = saved(7 * 24.0)
    cold_h = 7 * 24.0 - RECALL_S / 3600.0 - 1000.0 / TAPE_GB_PER_S / 3600.0
    moved_wh = 1000.0 * 150.0 / 3600.0
    assert found.disk_g == pytest.approx((0.65 * cold_h - moved_wh) * 0.5 * 1.2)
    assert found.flash_g == pytest.approx((1.2 * cold_h - moved_wh) * 0.5 * 1.2)


@pytest.mark.parametrize("wait_h", [-5.0, 0.0, 6.0, 24.0, 48.0])
def test_what_is_read_soon_stays_where_it_is(wait_h):
    assert saved(wait_h) is None


def test_it_is_called_back_in_time_for_the_slowest_archive():
    found = saved(7 * 24.0)
    lead_s = RECALL_S + 1000.0 / TAPE_GB_PER_S
    assert found.warm_up_at == T0 + timedelta(days=7, seconds=-lead_s)


def test_the_sentence_has_figures_and_a_date():
    text = sentence(saved(7 * 24.0), now=T0)
    assert text.startswith("corpus is not read for days: on tape it saves ")
    assert "against hard disks" in text
    assert "call it back by Sun 8 Mar 2026 11:18 UTC" in text


def test_nothing_is_advised_for_no_data():
    assert saved(1000.0, Dataset(name="e", size_gb=0.0, at=frozenset("x"))) is None


@given(
    wait_h=st.floats(0.0, 2000.0),
    size_gb=st.floats(0.1, 1e6),
    g_per_kwh=st.floats(0.0, 1200.0),
)
def test_advice_always_saves_on_disks_and_more_on_flash(wait_h, size_gb, g_per_kwh):
    data = Dataset(name="d", size_gb=size_gb, at=frozenset("x"))
    found = saved(wait_h, data, g_per_kwh)
    if found is not None:
        assert 0.0 < found.disk_g < found.flash_g
        assert T0 < found.warm_up_at < T0 + timedelta(hours=wait_h)
