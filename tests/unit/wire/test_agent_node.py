"""Sampling the node beside the daemon's loop, with samplers that fail and hang."""

import threading
import time

import pytest

from greenops.agent.node_seen import MOST_CHARS, MOST_NAMES, NodeSeen
from greenops.config import Config
from greenops.errors import SensorUnavailableError
from greenops.wire import agent_node
from greenops.wire.agent_node import NodeWatch

SEEN = NodeSeen(sampled_epoch_s=1.0, devices=("A GPU (nvml)",))


class Sampler:
    """A sampler that does as it is told."""

    jitter = False
    glance_s = None
    seen = SEEN

    def __init__(self, tick=lambda: None):
        self.ticks = 0
        self.closed = 0
        self._tick = tick

    def tick(self, _at_s, _epoch_s):
        self.ticks += 1
        self._tick()

    def close(self):
        self.closed += 1


def a_watch(open_sampler):
    return NodeWatch(Config(interval_s=0.1), open_sampler)


def until(condition, within_s=20.0):
    stop = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < stop
        time.sleep(0.005)


def test_the_node_is_sampled_again_and_again_and_closed_in_the_end():
    sampler = Sampler()
    watch = a_watch(lambda *_, **__: sampler)
    assert (watch.seen, watch.trouble) == (None, "")
    watch.see_to()
    until(lambda: sampler.ticks >= 3)
    assert (watch.seen, watch.trouble) == (SEEN, "")
    watch.stop()
    assert sampler.closed == 1


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (SensorUnavailableError("no /proc", remedy="mount it"), "remedy: mount it"),
        (RuntimeError("a driver's bug"), "RuntimeError: a driver's bug"),
    ],
    ids=["unavailable", "bug"],
)
def test_a_sampler_that_cannot_be_opened_is_said_once_and_tried_again(
    failure, said, monkeypatch, caplog
):
    monkeypatch.setattr(agent_node, "AGAIN_AFTER_S", 0.0)
    sampler, tries = Sampler(), []

    def opened(*_, **__):
        tries.append(1)
        if len(tries) < 3:
            raise failure
        return sampler

    watch = a_watch(opened)
    watch.see_to()
    until(lambda: not watch._loop._thread.is_alive())
    watch.see_to()
    assert said in watch.trouble
    until(lambda: (watch.see_to(), sampler.ticks)[1] >= 2)
    watch.see_to()
    assert watch.trouble == ""
    watch.stop()
    assert sum("not sampled" in r.getMessage() for r in caplog.records) == 1


def test_a_tick_that_fails_ends_in_a_new_sampler_and_closes_the_old(monkeypatch):
    monkeypatch.setattr(agent_node, "AGAIN_AFTER_S", 0.0)

    def fail():
        raise OSError("gone")

    made = [Sampler(fail), Sampler()]
    watch = a_watch(lambda *_, **__: made[0 if not made[0].ticks else 1])
    until(lambda: (watch.see_to(), made[1].ticks)[1] >= 2)
    assert made[0].closed == 1
    watch.stop()


def test_sampling_that_failed_is_not_begun_anew_at_once():
    tries = []

    def refuse(*_, **__):
        tries.append(1)
        raise SensorUnavailableError("no", remedy="none")

    watch = a_watch(refuse)
    watch.see_to()
    until(lambda: not watch._loop._thread.is_alive())
    for _ in range(5):
        watch.see_to()
    assert tries == [1]


def test_a_sensor_that_hangs_is_said_and_left_behind(monkeypatch, caplog):
    monkeypatch.setattr(agent_node, "HANGS_AFTER_S", 0.0)
    monkeypatch.setattr(agent_node, "STOP_WITHIN_S", 0.3)
    go_on = threading.Event()
    sampler = Sampler(lambda: go_on.wait(60) and None)
    watch = a_watch(lambda *_, **__: sampler)
    watch.see_to()
    until(lambda: "does not answer" in watch.trouble)
    watch.stop()
    assert "left behind" in caplog.text
    assert sampler.closed == 0
    go_on.set()


def test_what_a_heartbeat_says_of_a_node_is_short():
    many = [f"job {n} " + "x" * 999 for n in range(99)]
    seen = NodeSeen.of(1.0, devices=many, found=many, problems=many)
    assert (len(seen.found), seen.found_jobs) == (MOST_NAMES, 99)
    assert max(map(len, (*seen.devices, *seen.found, *seen.problems))) == MOST_CHARS
