import threading
import time
from itertools import pairwise

from greenops.tracking.loop import SamplingLoop


class Ticks:
    """Calls `do` at each tick, and `look` about every `glance_s` between them."""

    def __init__(self, do, *, jitter=False, look=None, glance_s=None):
        self.tick = do
        self.jitter = jitter
        self.glance = look
        self.glance_s = glance_s


def test_ticks_come_at_their_interval_and_one_comes_at_once():
    times = []
    loop = SamplingLoop(lambda: Ticks(lambda: times.append(time.monotonic())), 0.05)
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

    loop = SamplingLoop(lambda: Ticks(tick), 0.1)
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
    loop = SamplingLoop(lambda: Ticks(release.wait), 0.1)
    loop.start()

    assert not loop.stop(0.1)
    release.set()


def test_random_sampling_keeps_the_mean_pace_and_no_phase():
    times = []
    ticks = Ticks(lambda: times.append(time.monotonic()), jitter=True)
    loop = SamplingLoop(lambda: ticks, 0.02)
    loop.start()
    time.sleep(1.0)
    loop.stop(1.0)

    gaps = [b - a for a, b in pairwise(times)]
    assert 35 <= len(times) <= 60
    assert max(gaps) > 1.2 * min(gaps)


def test_glances_fill_the_time_between_ticks_and_leave_their_pace_alone():
    seen = []
    ticks = Ticks(
        lambda: seen.append(("tick", time.monotonic())),
        look=lambda: seen.append(("glance", time.monotonic())),
        glance_s=0.02,
    )
    loop = SamplingLoop(lambda: ticks, 0.25)
    loop.start()
    time.sleep(0.9)
    loop.stop(1.0)

    at_s = {kind: [t for k, t in seen if k == kind] for kind in ("tick", "glance")}
    gaps_s = [b - a for a, b in pairwise(at_s["glance"])]
    # Fewer where the machine is busy; never many more.
    assert 2 <= len(at_s["tick"]) <= 4
    assert 8 <= len(at_s["glance"]) <= 60
    assert max(gaps_s) > 1.2 * min(gaps_s)  # at random times


def test_a_glance_that_is_no_longer_wanted_stops_at_once():
    ticks = Ticks(lambda: None, glance_s=0.01)
    looks: list[None] = []

    def look():
        looks.append(None)
        ticks.glance_s = None

    ticks.glance = look
    loop = SamplingLoop(lambda: ticks, 0.5)
    loop.start()
    time.sleep(0.2)
    loop.stop(1.0)

    assert len(looks) == 1


def test_the_end_does_not_wait_for_the_next_glance():
    loop = SamplingLoop(
        lambda: Ticks(lambda: None, look=lambda: None, glance_s=30.0), 60.0
    )
    loop.start()
    time.sleep(0.05)

    assert loop.stop(0.5)
