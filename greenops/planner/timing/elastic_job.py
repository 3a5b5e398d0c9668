"""What an elastic job gets done, and draws, on how many GPUs."""

from dataclasses import dataclass
from math import inf

Point = tuple[float, float, int]
"""Work per second, factor on the run rate, number of GPUs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elastic:
    """A job whose number of GPUs may change at any time while it runs.

    Attributes:
        work: To be done, in the unit of `work_per_s` times seconds.
        work_per_s: On 1, 2, ... GPUs; need be neither concave nor rising.
        factors: On the run rate of a curve, which is that of one GPU; empty: as many
            as there are GPUs.
        min_gpus: It runs on that many or not at all.
        max_gpus: None: as many as `work_per_s` knows.
    """

    work: float
    work_per_s: tuple[float, ...]
    factors: tuple[float, ...] = ()
    min_gpus: int = 1
    max_gpus: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.work < inf:
            raise ValueError(f"work must be above 0, is {self.work}")
        if not self.work_per_s or not all(0.0 < w < inf for w in self.work_per_s):
            raise ValueError("work_per_s must be above 0 for every count of GPUs")
        if self.factors and len(self.factors) != len(self.work_per_s):
            raise ValueError("factors must be as many as work_per_s, or none")
        if not all(0.0 < f < inf for f in self.factors):
            raise ValueError("factors must be above 0")
        if not 1 <= self.min_gpus <= self.most_gpus <= len(self.work_per_s):
            raise ValueError(
                f"{self.min_gpus} to {self.most_gpus} GPUs are not within "
                f"1 to {len(self.work_per_s)}, for which work_per_s is known"
            )

    @property
    def most_gpus(self) -> int:
        """The most GPUs it may run on."""
        return len(self.work_per_s) if self.max_gpus is None else self.max_gpus

    def fastest(self, gpus: int) -> float:
        """Return the most work per second on up to so many GPUs; 0: it cannot run."""
        return max(self.work_per_s[self.min_gpus - 1 : gpus], default=0.0)

    def hull(self, gpus: int, sign: int) -> list[Point]:
        """Return the levels worth using where up to so many GPUs are free.

        From rest to the fastest; in between, each level is cheaper than a mix of its
        neighbours.

        Args:
            gpus: At most this many.
            sign: 1: least cost; -1: most, for slots in which running earns.
        """
        allowed = range(self.min_gpus, min(gpus, self.most_gpus) + 1)
        levels = [(self.work_per_s[n - 1], self.factor(n), n) for n in allowed]
        levels.sort(key=lambda p: (p[0], sign * p[1]))
        hull: list[Point] = [(0.0, 0.0, 0)]
        for level in levels:
            if level[0] == hull[-1][0]:
                continue
            while len(hull) > 1 and not _bends(hull[-2], hull[-1], level, sign):
                hull.pop()
            hull.append(level)
        return hull

    def factor(self, gpus: int) -> float:
        """Return what the run rate is multiplied by on so many GPUs."""
        return self.factors[gpus - 1] if self.factors else float(gpus)


def _bends(a: Point, b: Point, c: Point, sign: int) -> bool:
    """Return whether b is strictly better than what a and c mixed would cost."""
    left = (b[0] - a[0]) * (c[1] - a[1])
    right = (c[0] - a[0]) * (b[1] - a[1])
    return sign * left > sign * right
