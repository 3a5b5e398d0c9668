from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.agent.node_balance import Held, NodeBalance, enter
from greenops.model import Method, Sample
from tests.unit.agent.node_bench import CPU

NOON_S = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


def sample(start_s, duration_s, energy_j=None, error_j=0.0):
    energy_j = duration_s if energy_j is None else energy_j
    return Sample(
        device_id=CPU.device_id, start_epoch_s=NOON_S + start_s, duration_s=duration_s,
        node_energy_j=energy_j, job_energy_j=energy_j, error_j=error_j, method=Method.COUNTER,
    )  # fmt: skip


def idle(balance, *samples):
    for one in samples:
        enter(balance.rows(CPU, one), idle_j=one.node_energy_j)


def test_nothing_new_is_nothing_to_write():
    balance = NodeBalance("n")
    idle(balance, sample(0, 5))
    assert len(balance.changes()) == 1

    assert balance.changes() == []


def test_a_row_grows_under_its_name():
    balance = NodeBalance("n")
    idle(balance, sample(10, 5))
    (early,) = balance.changes()
    idle(balance, sample(15, 5))
    (late,) = balance.changes()

    assert (early.hour, early.since) == (late.hour, late.since)
    assert (early.energy_j, late.energy_j, late.covered_s) == (5.0, 10.0, 10.0)


def test_an_hour_that_is_over_is_let_go_and_what_comes_late_begins_a_row_beside_it():
    balance = NodeBalance("n")
    idle(balance, sample(0, 5), sample(7200, 5))
    balance.changes()
    idle(balance, sample(5, 5))

    (late,) = balance.changes()

    assert (late.since.second, late.energy_j) == (5, 5.0)


def test_energy_that_turns_out_to_be_a_jobs_moves_even_after_the_hour():
    balance = NodeBalance("n")
    one = sample(-10, 5)
    rows = balance.rows(CPU, one)
    enter(rows, idle_j=3.0, unattributed_j=2.0)
    balance.changes()

    balance.give([Held(row, part * 3.0, part * 2.0) for row, part in rows])

    (moved,) = balance.changes()
    assert (moved.found_j, moved.idle_j, moved.unattributed_j) == (5.0, 0.0, 0.0)


def test_touching_stretches_of_a_counter_are_as_exact_as_one():
    balance = NodeBalance("n")
    idle(balance, *(sample(5 * i, 5, error_j=2.0) for i in range(100)))

    (row,) = balance.changes()

    assert row.error_j < 4.0


@given(st.floats(-20_000, 20_000), st.floats(0, 20_000), st.floats(0, 1e9))
def test_a_stretch_is_spread_over_its_hours_and_nothing_is_lost(
    start_s, duration_s, energy_j
):
    balance = NodeBalance("n")
    idle(balance, sample(start_s, duration_s, energy_j))

    rows = balance.changes()

    assert sum(r.energy_j for r in rows) == pytest.approx(energy_j)
    assert sum(r.covered_s for r in rows) == pytest.approx(duration_s)
    assert all(0 <= r.covered_s <= 3600.001 for r in rows)
    assert len({r.hour for r in rows}) == len(rows)
