"""What a job will probably take: as stated, as its name took before, or assumed."""

from dataclasses import dataclass
from math import inf

from greenops.model import Bounded, JobSpec, Past
from greenops.units import S_PER_HOUR

ASSUMED_DURATION_S = Bounded(
    central=S_PER_HOUR, low=S_PER_HOUR / 12.0, high=6.0 * S_PER_HOUR
)
"""Of a job of which nothing is known: a guess that is as wide as it is poor."""
ASSUMED_GPU_W = 250.0
"""Of a GPU at work with its share of the host; said to be assumed wherever it is used.

Only the ratio of powers between jobs depends on it: every hour and place is compared at
the same power."""
ASSUMED_CPU_W = 10.0
"""Of a busy core."""
LEAST_LEFT = 0.05
"""Share of a job's duration that is taken to be left of it, however long it ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one job takes, all of it.

    Attributes:
        duration_s: Of running, without pauses.
        power_w: Mean.
        said: Where each figure is from, in words.
    """

    duration_s: Bounded
    power_w: float
    said: str


def estimated(spec: JobSpec, past: Past | None) -> Estimate:
    """Return what a job takes: what its owner states goes before what was measured.

    Args:
        spec: As submitted.
        past: What jobs and runs of its name took; None: there were none.
    """
    duration_s, told = _duration_s(spec, past)
    power_w, measured = _power_w(spec, past)
    said = f"{told}, {measured} power"
    return Estimate(duration_s=duration_s, power_w=power_w, said=said)


def left_of(duration_s: Bounded, ran_s: float) -> Bounded:
    """Return what is left of a duration after some of it; never nothing.

    A job that runs longer than expected was expected wrongly: up to the upper end that
    is what is left, and beyond it a small share.
    """
    if ran_s <= 0.0:
        return duration_s
    least_s = LEAST_LEFT * duration_s.central
    high = max(duration_s.high - ran_s, least_s)
    central = min(max(duration_s.central - ran_s, least_s), high)
    low = min(max(duration_s.low - ran_s, least_s), central)
    return Bounded(central=central, low=low, high=high)


def _duration_s(spec: JobSpec, past: Past | None) -> tuple[Bounded, str]:
    stated = spec.duration_s
    if stated is not None and 0.0 < stated.low <= stated.high < inf:
        return stated, "stated duration"
    if past is not None:
        return past.duration_s, f"duration of {past.n} past run{'s' * (past.n != 1)}"
    return ASSUMED_DURATION_S, "assumed duration"


def _power_w(spec: JobSpec, past: Past | None) -> tuple[float, str]:
    if spec.power_w is not None:
        return spec.power_w, "stated"
    if past is not None and past.power_w is not None:
        return past.power_w.central, "measured"
    return spec.gpus * ASSUMED_GPU_W + max(spec.cpus, 1.0) * ASSUMED_CPU_W, "assumed"
