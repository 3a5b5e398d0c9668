import pytest

from greenops.errors import SensorReadError
from greenops.model import Reading
from greenops.testing import ReplaySensor
from greenops.tracking.glances import MOST_PART, PACE_S, Glances
from tests.unit.tracking.test_meter import CPU, GPU, Bench

MOMENT = Reading(device_id=GPU.device_id, power_w=100.0)
AVERAGE = Reading(device_id=GPU.device_id, power_w=100.0, averaged_over_s=1.0)
BRIEF_AVERAGE = Reading(device_id=GPU.device_id, power_w=100.0, averaged_over_s=0.1)
COUNTER = Reading(device_id=GPU.device_id, power_w=100.0, counter_j=5.0)


class Looking(ReplaySensor):
    """A sensor that can be glanced at; `takes_s` long each time."""

    def __init__(self, ticks, looks=(), *, takes_s=0.0):
        super().__init__([GPU], ticks)
        self.looks = list(looks)
        self.takes_s = takes_s
        self.spent_s = 0.0

    def clock(self):
        return self.spent_s

    def glance(self, _at_s):
        self.spent_s += self.takes_s
        look = self.looks.pop(0) if self.looks else MOMENT
        if isinstance(look, Exception):
            raise look
        return [look]


@pytest.mark.parametrize(
    ("reading", "pace_s", "jitter"),
    [
        (MOMENT, PACE_S, False),
        (AVERAGE, None, False),
        (BRIEF_AVERAGE, None, True),
        (COUNTER, None, False),
    ],
    ids=["moments", "1 s means", "0.1 s means", "counter"],
)
def test_only_what_shows_mere_moments_is_looked_at_between_ticks(
    reading, pace_s, jitter
):
    glances = Glances(1.0)
    glances.plan([(Looking([[reading]]), [reading])])

    assert (glances.pace_s, glances.jitter) == (pace_s, jitter)


def test_a_sensor_that_cannot_be_glanced_at_gets_ticks_at_random_times():
    glances = Glances(1.0)
    glances.plan([(ReplaySensor([GPU], [[MOMENT]]), [MOMENT])])

    assert glances.pace_s is None
    assert glances.jitter


def test_a_sensor_that_failed_at_the_tick_is_left_alone_until_the_next():
    glances = Glances(1.0)
    glances.plan([(Looking([[MOMENT]]), [])])

    assert glances.pace_s is None


@pytest.mark.parametrize(
    ("takes_s", "pace_s", "jitter"),
    [(0.0001, PACE_S, False), (0.002, 0.002 / MOST_PART, False), (0.1, None, True)],
    ids=["quick", "slow: asked less often", "too slow: not at all"],
)
def test_glances_take_a_bounded_part_of_a_core(takes_s, pace_s, jitter):
    sensor = Looking([[MOMENT]], takes_s=takes_s)
    glances = Glances(1.0, clock=sensor.clock)
    for _ in range(100):
        list(glances.take(0.0))
        glances.plan([(sensor, [MOMENT])])
    if pace_s is None:
        assert glances.pace_s is None
    else:
        assert glances.pace_s == pytest.approx(pace_s, rel=0.01)
    assert glances.jitter is jitter


def test_waiting_for_the_processor_now_and_then_is_no_slow_driver():
    sensor = Looking([[MOMENT]], takes_s=0.0001)
    glances = Glances(1.0, clock=sensor.clock)
    for i in range(100):
        sensor.takes_s = 0.0001 if i % 10 == 0 else 0.05
        list(glances.take(0.0))
        glances.plan([(sensor, [MOMENT])])

    assert glances.pace_s == PACE_S


def test_ticks_faster_than_two_glances_need_none():
    glances = Glances(PACE_S)
    glances.plan([(Looking([[MOMENT]]), [MOMENT])])

    assert glances.pace_s is None
    assert glances.jitter


def test_what_was_seen_between_ticks_is_in_the_energy_and_a_failed_look_is_not():
    sensor = Looking(
        [[MOMENT]] * 3,
        [
            Reading(device_id=GPU.device_id, power_w=300.0),
            SensorReadError("busy"),
            Reading(device_id="gpu:unknown", power_w=300.0),
        ],
    )
    bench = Bench(sensor)
    bench.meter.tick()
    assert bench.meter.glance_s == PACE_S

    for _ in range(3):
        bench.clock.sleep(0.25)
        bench.meter.glance()
    bench.tick(0.25)

    # 100 -> 300 W within a quarter, then back to 100 W over three quarters.
    total = bench.finish()[GPU.device_id]
    assert total.node_energy_j == pytest.approx(200.0)
    assert total.quality.gaps == 0


def test_devices_with_counters_beside_one_without_are_not_asked_more_often():
    counters = ReplaySensor([CPU], [[Reading(device_id=CPU.device_id, counter_j=1.0)]])
    bench = Bench(Looking([[MOMENT]] * 2), counters)
    bench.meter.tick()

    bench.clock.sleep(0.5)
    bench.meter.glance()

    assert len(counters.read_at_s) == 1
