"""A family of plausible CPUs that nobody built, to test the power model on.

The truth here is not the model's formula: cores are simulated one by one, threads are
placed on free cores first, clocks follow a governor and a power limit, cores lose
voltage with clock down to a floor, and readings are noisy. Parameters are drawn from
the ranges that reviews and papers report (see `docs/method.md`), wider than the model's
own guesses.
"""

import random
from dataclasses import dataclass

from greenops.energy.cpu_fit import LoadPoint
from greenops.energy.cpu_power import CpuSpec

SAMPLES = (
    # name, TDP, cores, highest clock, floor share, wake share, W/GHz**3 of a core
    ("Intel Core i5-6500", 65, 4, 3.6, (0.02, 0.10), (0.05, 0.15), (0.13, 0.24)),
    ("Intel Core i7-7700", 65, 4, 4.2, (0.02, 0.10), (0.05, 0.15), (0.12, 0.20)),
    ("Intel Core i7-7600U", 15, 2, 3.9, (0.04, 0.2), (0.06, 0.2), (0.12, 0.20)),
    ("Intel Xeon E3-1270 v5", 80, 4, 4.0, (0.03, 0.1), (0.05, 0.15), (0.12, 0.2)),
    ("Intel Xeon E5-2620 v4", 85, 8, 3.0, (0.1, 0.2), (0.08, 0.2), (0.13, 0.22)),
    ("Intel Xeon E5-2690 v3", 135, 12, 3.5, (0.08, 0.2), (0.08, 0.2), (0.14, 0.24)),
    ("Intel Xeon Gold 6248", 150, 20, 3.9, (0.1, 0.25), (0.08, 0.2), (0.13, 0.2)),
    ("Intel Xeon Platinum 8380", 270, 40, 3.4, (0.12, 0.3), (0.08, 0.2), (0.12, 0.2)),
    ("AMD Ryzen 5 5600X", 65, 6, 4.6, (0.1, 0.25), (0.08, 0.2), (0.07, 0.12)),
    ("AMD Ryzen 9 5950X", 105, 16, 4.9, (0.1, 0.25), (0.08, 0.2), (0.06, 0.11)),
    ("AMD Ryzen Threadripper 1950X", 180, 16, 3.9, (0.1, 0.25), (0.1, 0.2), (0.1, 0.2)),
    ("AMD EPYC 7543P", 225, 32, 3.7, (0.15, 0.35), (0.1, 0.25), (0.06, 0.12)),
    ("AMD EPYC 9654", 360, 96, 3.7, (0.15, 0.35), (0.1, 0.2), (0.05, 0.1)),
)  # fmt: skip
SMT_EXTRA = 0.15
LOADS = tuple(i / 10 for i in range(11))


@dataclass(frozen=True)
class Cpu:
    """One drawn CPU."""

    spec: CpuSpec
    floor_w: float
    wake_w: float
    core_w: float
    limit_w: float
    exponent: float
    powersave: bool
    noise: float

    def sweep(self, rng: random.Random, *, spread: bool) -> list[LoadPoint]:
        """Return 11 points: all CPUs part of the time, or some CPUs all of it."""
        return [self._point(rng, load, spread=spread) for load in LOADS]

    def _point(self, rng: random.Random, load: float, *, spread: bool) -> LoadPoint:
        low, high = self.spec.min_ghz or 1.0, self.spec.max_ghz or 3.0
        load = min(1.0, max(0.0, load + (rng.uniform(0, 0.02) if load < 1 else 0)))
        threads, cores = self.spec.threads, self.spec.cores
        smt = threads > cores
        if spread and smt:  # independent bursts on the two threads of a core
            first, both = 2 * load - load * load, load * load
        elif smt:  # the scheduler fills free cores first
            first, both = min(1.0, 2 * load), max(0.0, 2 * load - 1)
        else:
            first, both = load, 0.0
        busy_ghz = high
        if spread and self.powersave:
            busy_ghz = low + (high - low) * min(1.0, max(0.0, (load - 0.3) / 0.35))
        awake = 1 - (1 - load) ** (threads if spread else 50 * threads)
        while True:
            share = busy_ghz / high
            power_w = self.floor_w + self.wake_w * awake * (0.5 + 0.5 * share)
            dynamic = max(0.3, share) ** self.exponent if share > 0.3 else share * 0.3
            power_w += self.core_w * dynamic * (first + SMT_EXTRA * both)
            if power_w <= self.limit_w or share < 0.4:
                break
            busy_ghz *= 0.98  # the power limit
        mean_ghz = load * busy_ghz + (1 - load) * (low if self.powersave else busy_ghz)
        return LoadPoint(
            load=load,
            power_w=power_w * rng.gauss(1, self.noise),
            mean_ghz=mean_ghz * rng.uniform(0.97, 1.03),
        )


def draw(rng: random.Random) -> Cpu:
    """Return a CPU of the family."""
    name, tdp_w, cores, high, floor, wake, core = rng.choice(SAMPLES)
    smt = rng.random() < 0.75 and "i5" not in name
    return Cpu(
        spec=CpuSpec(
            name=name,
            tdp_w=float(tdp_w),
            cores=cores,
            threads=2 * cores if smt else cores,
            min_ghz=rng.choice((0.8, 1.2, 1.5)),
            max_ghz=high,
        ),
        floor_w=tdp_w * rng.uniform(*floor),
        wake_w=tdp_w * rng.uniform(*wake),
        core_w=cores * rng.uniform(*core) * high**3,
        limit_w=tdp_w * (1.35 if "Ryzen" in name and " 5" in name else 1.0),
        exponent=rng.uniform(2.0, 3.0),
        powersave=rng.random() < 0.6,
        noise=rng.uniform(0.01, 0.04),
    )
