import pytest

from greenops.energy.counter_track import CounterTrack
from greenops.energy.counters import CounterPoint
from greenops.energy.power_track import Account
from greenops.model import Device, DeviceKind


def fed(values, *, hint_w=None, by_power=None, moment_w=None):
    """Feed `(at_s, counter_j)` pairs; return the track and the accounts."""
    device = Device(
        device_id="cpu:0",
        kind=DeviceKind.CPU,
        name="CPU",
        source="rapl",
        rel_uncertainty=0.05,
        limit_w=300.0,
    )
    track = CounterTrack(device, 0.0, brief_s=0.5)
    found = [
        track.feed(
            CounterPoint(at_s, counter_j),
            hint_w=hint_w,
            by_power=by_power,
            moment_w=moment_w,
        )
        for at_s, counter_j in values
    ]
    return track, [account for account in found if account is not None]


def test_two_strange_values_that_do_not_fit_each_other_are_two_glitches():
    track, found = fed([(0, 100.0), (1, 9e5), (2, 5e6), (3, 400.0)])

    assert track.glitches == 2
    assert track.resets == 0
    assert [account.energy_j for account in found] == [300.0]


def test_a_value_that_returns_to_the_trusted_one_was_a_glitch():
    track, found = fed([(0, 100.0), (1, 9e5), (2, 100.0)])

    assert (track.glitches, track.doubtful, found) == (1, False, [])


def test_a_reset_takes_the_account_of_the_power_readings_where_there_is_one():
    power = Account(3.0, 222.0, 5.0, bridged=False)

    track, found = fed([(0, 9e5), (2, 0.0), (3, 100.0)], by_power=power)

    assert track.resets == 1
    assert found == [Account(3.0, 222.0, 5.0, bridged=True)]


def test_a_strange_value_that_stays_is_not_yet_a_reset():
    track, found = fed([(0, 9e5), (1, 0.0), (2, 0.0), (3, 9e5 + 300.0)])

    assert (track.glitches, track.resets) == (1, 0)
    assert [account.energy_j for account in found] == [300.0]


@pytest.mark.parametrize(
    ("hint_w", "late_j", "stuck"),
    [(None, 210.0, 1), (None, 600.0, 0), (200.0, 210.0, 0)],
    ids=["came back with too little", "caught up", "power can tell"],
)
def test_a_counter_back_from_standing_still_is_doubted_only_if_it_lost_energy(
    hint_w, late_j, stuck
):
    values = [(0, 0.0), (1, 200.0), (2, 200.0), (3, 200.0), (4, 200.0 + late_j)]

    track, found = fed(values, hint_w=hint_w)

    assert track.stuck == stuck
    assert found[-1].bridged == bool(stuck)


def test_a_value_of_the_same_renewal_says_nothing_new():
    _, found = fed([(0, 0.0), (1, 100.0), (1, 100.0)])

    assert len(found) == 1


@pytest.mark.parametrize("first_s", [0.1, 2.0], ids=["brief", "long"])
def test_the_edge_before_the_first_value_may_hold_anything_up_to_the_limit(first_s):
    """A mean of 100 W tells nothing of a tenth of a second that drew 300 W."""
    _, found = fed([(first_s, 0.0), (first_s + 4, 400.0)])

    assert found[0].energy_j == pytest.approx(400.0 + 100.0 * first_s)
    assert found[0].error_j == pytest.approx((300.0 - 100.0) * first_s)


def test_a_power_beside_the_first_value_fills_the_edge_before_it():
    """A job that has just begun idles; the mean of its first second is too much."""
    _, found = fed([(0.1, 0.0), (1.1, 200.0)], moment_w=60.0)

    assert found[0].energy_j == pytest.approx(200.0 + 6.0)
    assert 0 < found[0].error_j < (300.0 - 60.0) * 0.1


def test_only_the_first_edge_is_filled_by_that_power():
    track, _ = fed([(0.1, 0.0), (1.1, 200.0)], moment_w=60.0)
    track.from_s = 1.1

    account = track.feed(CounterPoint(2.1, 400.0), hint_w=None, by_power=None)

    assert account.energy_j == pytest.approx(200.0)
    assert account.error_j == 0
