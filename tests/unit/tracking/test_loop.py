import threading
import time

from greenops.tracking.loop import SamplingLoop


def test_ticks_come_at_their_interval_and_one_comes_at_once():
    times = []
    loop = SamplingLoop(lambda: lambda: times.append(time.monotonic()), 0.05)
    begun = time.monotonic()
    loop.start()
    time.sleep(0.28)

    assert loop.stop(1.0)
    assert times[0] - begun < 0.04
    assert 4 <= len(times) <= 6


def test_a_slow_tick_is_not_made_up_for():
    times = []

    def tick():
        times.append(time.monotonic())
        if len(times) == 1:
            time.sleep(0.25)

    loop = SamplingLoop(lambda: tick, 0.1)
    loop.start()
    time.sleep(0.45)
    loop.stop(1.0)

    assert 2 <= len(times) <= 4


def test_a_failing_meter_ends_the_loop_and_nothing_else():
    loop = SamplingLoop(lambda: (_ for _ in ()).throw(ValueError("no")), 0.1)
    loop.start()

    assert loop.stop(1.0)
    assert isinstance(loop.failure, ValueError)


def test_a_driver_that_hangs_is_left_behind():
    release = threading.Event()
    loop = SamplingLoop(lambda: release.wait, 0.1)
    loop.start()

    assert not loop.stop(0.1)
    release.set()
