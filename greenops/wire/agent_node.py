"""Samples this node beside the daemon's loop, in a thread that may hang or fail."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from greenops.agent.node import NodeSampler
from greenops.agent.node_seen import NodeSeen
from greenops.config import Config
from greenops.errors import GreenopsError, SensorUnavailableError
from greenops.tracking.loop import SamplingLoop
from greenops.wire.node import open_node_sampler

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 60.0
"""Before sampling is begun anew after it failed."""
HANGS_AFTER_S = 60.0
STOP_WITHIN_S = 5.0
"""A driver that does nothing for so long is left behind when the daemon ends."""


Open = Callable[..., NodeSampler]


@dataclass(slots=True)
class _Ticking:
    """A sampler as `tracking.loop.Ticking` has it, and when it last got through."""

    sampler: NodeSampler
    ticked_s: float

    @property
    def jitter(self) -> bool:
        return self.sampler.jitter

    @property
    def glance_s(self) -> float | None:
        return self.sampler.glance_s

    def tick(self) -> None:
        self.sampler.tick(time.monotonic(), time.time())
        self.ticked_s = time.monotonic()

    def glance(self) -> None:
        self.sampler.glance(time.monotonic())


class NodeWatch:
    """Keeps the sampling of this node going.

    Sampling times are drawn at random where a sensor shows moments only, as they are
    for `greenops wrap`: a load as fast as the pace would be seen in one phase of it.

    Args:
        config: The settings in force.
        open_sampler: Called in the sampling thread: drivers may hang on opening.
    """

    def __init__(self, config: Config, open_sampler: Open = open_node_sampler) -> None:
        self._config = config
        self._open = open_sampler
        self._loop: SamplingLoop | None = None
        self._ticking: _Ticking | None = None
        self._begun_s = 0.0
        self._failed = ""

    @property
    def seen(self) -> NodeSeen | None:
        """What sampling has found; None: nothing yet."""
        return None if self._ticking is None else self._ticking.sampler.seen

    @property
    def trouble(self) -> str:
        """What keeps it from sampling just now; empty: nothing."""
        if self._failed:
            return f"node: {self._failed}"
        if self._loop is None:
            return ""
        moved_s = self._ticking.ticked_s if self._ticking else self._begun_s
        silent_s = time.monotonic() - moved_s
        if silent_s < HANGS_AFTER_S + self._config.interval_s:
            return ""
        return f"node: a sensor does not answer since {silent_s:.0f} s; see its driver"

    def see_to(self) -> None:
        """Begin to sample; begin anew some time after it failed. Returns at once."""
        now_s = time.monotonic()
        if self._loop is not None and self._loop.failure is not None:
            self._say(self._loop.failure)
            self._release()
        if self._loop is None and (
            not self._begun_s or now_s - self._begun_s >= AGAIN_AFTER_S
        ):
            self._begun_s = now_s
            self._loop = SamplingLoop(self._prepare, self._config.interval_s)
            self._loop.start()
        elif self._failed and self._ticking is not None:
            log.info("the node is sampled again")
            self._failed = ""

    def stop(self) -> None:
        """Stop sampling and close what is open; leave behind what hangs."""
        if self._loop is None:
            return
        if self._loop.stop(STOP_WITHIN_S):
            self._release()
        else:
            log.warning("a sensor does not answer, and is left behind")
        self._loop = None

    def _prepare(self) -> _Ticking:
        at_s = time.monotonic()
        sampler = self._open(self._config, at_s=at_s, epoch_s=time.time())
        self._ticking = _Ticking(sampler, time.monotonic())
        return self._ticking

    def _release(self) -> None:
        ticking, self._ticking, self._loop = self._ticking, None, None
        if ticking is None:
            return
        try:
            ticking.sampler.close()
        except Exception as e:  # noqa: BLE001 - what failed once may fail again
            log.warning("sampling of the node did not end well: %s", e)

    def _say(self, failure: Exception) -> None:
        failed = str(failure)
        if isinstance(failure, SensorUnavailableError):
            failed = f"{failure}; remedy: {failure.remedy}"
        elif not isinstance(failure, GreenopsError):
            failed = f"{type(failure).__name__}: {failure}"
        if failed != self._failed:
            log.error("the node is not sampled: %s", failed)
        self._failed = failed
