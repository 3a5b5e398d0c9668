import threading
import time

from greenops.tracking import patience


def started(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_thread_that_ends_is_waited_for_no_longer_than_it_lasts():
    begun_s = time.monotonic()

    assert patience.join(started(lambda: time.sleep(0.05)), 5.0)
    assert time.monotonic() - begun_s < 2.0


def test_a_thread_that_hangs_is_given_up():
    release = threading.Event()
    begun_s = time.monotonic()

    assert not patience.join(started(release.wait), 0.3)

    assert 0.3 <= time.monotonic() - begun_s < 3.0
    release.set()


def test_a_thread_that_gets_on_slowly_is_waited_for():
    """As on a machine that gives it a moment of a processor now and then."""

    def slowly():
        for _ in range(10):
            time.sleep(0.15)
            sum(range(50_000))

    assert patience.join(started(slowly), 0.8)


def test_a_driver_that_asks_again_and_again_is_given_up_in_the_end():
    release = threading.Event()

    def spin():
        while not release.wait(0.001):
            pass

    begun_s = time.monotonic()

    assert not patience.join(started(spin), 5.0, longest_s=0.4)

    assert time.monotonic() - begun_s < 3.0
    release.set()


def test_where_no_thread_tells_its_time_the_wait_is_the_idle_time():
    release = threading.Event()

    assert not patience.join(started(release.wait), 0.2, cpu_s=lambda _: None)
    release.set()
