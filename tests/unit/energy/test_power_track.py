import pytest

from greenops.energy.integrate import PowerPoint
from greenops.energy.power_track import PowerTrack


def track(points, *, from_s=0.0, dropped=False):
    made = PowerTrack(from_s, limit_w=300.0, long_gap_s=5.0)
    for at_s, power_w, window_s in points:
        made.feed(PowerPoint(at_s, power_w, window_s), dropped=dropped)
    return made


def test_nothing_is_handed_out_before_the_first_reading():
    empty = track([])

    assert not empty.ready
    assert empty.peek(0.0) is None
    assert empty.take().energy_j == 0.0


def test_a_step_below_nothing_is_a_debt_that_the_next_ones_pay():
    watched = track([(0.0, 300.0, 1.0)])
    parts_j = []
    for tick in range(1, 41):
        # 300 W until 0 s, nothing until 1 s, 300 W again: as a mean over 1 s.
        power_w = 30.0 * min(abs(10 - tick), 10)
        watched.feed(PowerPoint(tick / 10, power_w, 1.0), dropped=False)
        parts_j.append(watched.take().energy_j)

    assert min(parts_j) == 0
    assert sum(parts_j) == pytest.approx(900.0)


def test_what_is_peeked_at_stays():
    steady = track([(0.0, 100.0, 0.0), (1.0, 100.0, 0.0)])

    assert steady.peek(1.0).energy_j == pytest.approx(100.0)
    assert steady.peek(0.5) is None
    assert steady.take().energy_j == pytest.approx(100.0)
    assert steady.take().energy_j == 0.0


def test_a_gap_marks_the_account_once():
    gapped = track([(0.0, 100.0, 0.0), (60.0, 100.0, 0.0)])

    assert gapped.take().bridged
    gapped.feed(PowerPoint(61.0, 100.0), dropped=False)
    assert not gapped.take().bridged


def test_a_reading_from_before_the_start_counts_from_the_start_only():
    early = track([(9.5, 100.0, 0.0), (10.5, 100.0, 0.0)], from_s=10.0)

    assert early.take().energy_j == pytest.approx(50.0)


def test_energy_that_another_has_accounted_for_is_forgotten():
    shared = track([(0.0, 100.0, 0.0), (1.0, 100.0, 0.0)])

    shared.forget_until(0.9)

    assert shared.take().energy_j == pytest.approx(10.0)


def test_the_end_of_a_run_extends_the_last_power_and_may_be_off_to_the_limit():
    ended = track([(0.0, 100.0, 0.0), (1.0, 100.0, 0.0)])
    ended.take()

    last = ended.close(1.5, interval_s=1.0)

    assert last.energy_j == pytest.approx(50.0)
    assert last.error_j == pytest.approx(100.0)
    assert not last.bridged


def moments(*points):
    return track([(at_s, power_w, 0.0) for at_s, power_w in points]).take()


def test_two_equal_moments_within_a_renewal_prove_no_more_than_one():
    twice = moments((0.0, 100.0), (0.05, 100.0), (0.1, 160.0))
    once = moments((0.0, 100.0), (0.1, 160.0))

    assert twice.error_j == pytest.approx(once.error_j)
    assert twice.energy_j == pytest.approx(100.0 * 0.05 + 130.0 * 0.05)


def test_moments_that_differ_prove_more_than_fewer_of_them():
    many = moments((0.0, 100.0), (0.05, 101.0), (0.1, 100.0))

    assert many.error_j < moments((0.0, 100.0), (0.1, 100.0)).error_j


def test_a_value_that_stays_beyond_a_renewal_is_a_new_one():
    level = moments(*((i / 20, 100.0) for i in range(21)))

    assert level.energy_j == pytest.approx(100.0)
    assert level.error_j < moments((0.0, 100.0), (1.0, 100.0)).error_j


def test_equal_moments_at_the_end_count_once_in_what_is_handed_out():
    watched = track([(0.0, 100.0, 0.0), (0.05, 100.0, 0.0)])

    peeked = watched.peek(0.05)
    taken = watched.take()

    assert peeked == taken
    assert taken.energy_j == pytest.approx(5.0)
    assert taken.error_j > 0
