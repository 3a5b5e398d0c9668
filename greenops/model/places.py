"""Records of places where jobs can run: what is free, what a joule there emits."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import inf, isfinite

from greenops.model.carbon import Bounded, Forecast
from greenops.model.jobs import aware

EXACTLY_NONE = Bounded(central=0.0, low=0.0, high=0.0)
NO_OVERHEAD = Bounded(central=1.0, low=1.0, high=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """GPUs that are free over `[start, stop)`."""

    start: datetime
    stop: datetime
    gpus: int

    def __post_init__(self) -> None:
        aware("Free", self.start, self.stop)
        if self.start >= self.stop:
            raise ValueError(f"capacity ends before it starts: {self}")
        if self.gpus < 0:
            raise ValueError(f"capacity must be 0 GPUs or more: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What live monitoring saw of a place: this many free GPUs, at this moment."""

    free_gpus: int
    at: datetime

    def __post_init__(self) -> None:
        aware("Seen", self.at)
        if self.free_gpus < 0:
            raise ValueError(f"free GPUs must be 0 or more: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way for data to another place, usable in both directions.

    Attributes:
        energy_wh_per_gb: Of the network in between.
        gb_per_s: None: not known, and then a transfer counts as taking no time.
        price_per_gb: In the currency of the objective.
    """

    to: str
    energy_wh_per_gb: Bounded
    gb_per_s: float | None = None
    price_per_gb: float = 0.0

    def __post_init__(self) -> None:
        if self.energy_wh_per_gb.low < 0.0:
            raise ValueError(f"a link to {self.to} cannot yield energy")
        if self.energy_wh_per_gb.high == inf:
            raise ValueError(f"a link to {self.to} needs a finite energy")
        if self.gb_per_s is not None and not 0.0 < self.gb_per_s < inf:
            raise ValueError(f"a link to {self.to} needs gb_per_s above 0")
        if not isfinite(self.price_per_gb):
            raise ValueError(f"a link to {self.to} needs a finite price_per_gb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere a job can run.

    Attributes:
        zone: Grid zone, canonical code.
        forecast: None: nothing is known of its hours ahead.
        free: What is free beside all that is committed, in spans that do not overlap;
            outside of them nothing is free. None: no limit is stated.
        cpus, memory_gib: The largest job it takes; None: no limit is stated.
        speed: Work per second relative to the place the durations are for.
        power_factor: Power relative to that place.
        embodied_g_per_h: Of the whole job's hardware, for every hour it is held.
        reserved: Its hardware is held for the job from the earliest start until the job
            ends, and idles at `idle_w` while the job waits.
        price_per_h: Of the whole job, for every hour it runs; None: not known.
        private: One's own capacity, not a public cloud's.
        seen: None: nobody looked.
    """

    name: str
    zone: str
    forecast: Forecast | None = None
    free: tuple[Free, ...] | None = None
    cpus: float | None = None
    memory_gib: float | None = None
    pue: Bounded = NO_OVERHEAD
    speed: float = 1.0
    power_factor: float = 1.0
    embodied_g_per_h: Bounded = EXACTLY_NONE
    reserved: bool = False
    idle_w: float = 0.0
    price_per_h: float | None = None
    tags: frozenset[str] = frozenset()
    private: bool = True
    seen: Seen | None = None
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        if self.pue.low < 1.0 or self.pue.high == inf:
            raise ValueError(f"{self.name}: PUE must be at least 1, and finite")
        if not (0.0 < self.speed < inf and 0.0 < self.power_factor < inf):
            raise ValueError(f"{self.name}: speed and power_factor must be above 0")
        embodied = self.embodied_g_per_h
        if not (
            0.0 <= self.idle_w < inf and 0.0 <= embodied.low <= embodied.high < inf
        ):
            raise ValueError(f"{self.name}: idle_w and embodied must be 0 or more")
        if self.price_per_h is not None and not isfinite(self.price_per_h):
            raise ValueError(f"{self.name}: price_per_h must be finite")
        spans = sorted(self.free or (), key=lambda f: f.start)
        if any(a.stop > b.start for a, b in pairwise(spans)):
            raise ValueError(f"{self.name}: two figures of free GPUs for one moment")
