"""Power over time, with its exact energy."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

Segment = tuple[float, float, float]
"""Duration in s, power at its start and at its end in W."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Segments of linear power from an epoch on; repeated, or followed by `after_w`."""

    segments: tuple[Segment, ...]
    repeat: bool = False
    before_w: float = 0.0
    after_w: float = 0.0

    @property
    def cycle_s(self) -> float:
        """Length of all segments in s."""
        return sum(duration_s for duration_s, _, _ in self.segments)

    @property
    def cycle_j(self) -> float:
        """Energy of all segments in J."""
        return sum(d * (w0 + w1) / 2 for d, w0, w1 in self.segments)

    def energy_j(self, offset_s: float) -> float:
        """Return the energy from the epoch to `offset_s` in J; negative before it."""
        if offset_s <= 0 or not self.segments:
            return offset_s * (self.before_w if offset_s <= 0 else self.after_w)
        cycles, left_s = (
            divmod(offset_s, self.cycle_s) if self.repeat else (0, offset_s)
        )
        energy_j = cycles * self.cycle_j
        for duration_s, watts0, watts1 in self.segments:
            within_s = min(left_s, duration_s)
            slope = (watts1 - watts0) / duration_s
            energy_j += within_s * (watts0 + slope * within_s / 2)
            left_s -= within_s
            if left_s <= 0:
                break
        return energy_j + left_s * self.after_w

    def power_w(self, offset_s: float) -> float:
        """Return the power at `offset_s` after the epoch in W."""
        if offset_s < 0:
            return self.before_w
        left_s = offset_s % self.cycle_s if self.repeat else offset_s
        for duration_s, watts0, watts1 in self.segments:
            if left_s < duration_s:
                return watts0 + (watts1 - watts0) * left_s / duration_s
            left_s -= duration_s
        return self.after_w

    def starts(self) -> list[tuple[float, float]]:
        """Return when each segment starts, and the energy of those before it."""
        ends_s = accumulate(d for d, _, _ in self.segments)
        ends_j = accumulate(d * (w0 + w1) / 2 for d, w0, w1 in self.segments)
        return [(0.0, 0.0), *zip(ends_s, ends_j, strict=True)][: len(self.segments)]


def constant(power_w: float) -> Profile:
    """Return the same power at all times."""
    return Profile(segments=(), before_w=power_w, after_w=power_w)


def square(high_w: float, low_w: float, period_s: float, duty: float = 0.5) -> Profile:
    """Return a square wave that begins high at its epoch; low before it."""
    high_s = period_s * duty
    return Profile(
        segments=((high_s, high_w, high_w), (period_s - high_s, low_w, low_w)),
        repeat=True,
        before_w=low_w,
    )


def ramp(from_w: float, to_w: float, over_s: float) -> Profile:
    """Return a straight climb or fall from the epoch on, level before and after."""
    segment = (over_s, from_w, to_w)
    return Profile(segments=(segment,), before_w=from_w, after_w=to_w)


def noise(
    mean_w: float, spread_w: float, step_s: float = 0.05, seed: int = 0
) -> Profile:
    """Return uniform noise of `mean_w` +- `spread_w`, a new power every `step_s`."""
    draw = random.Random(seed).uniform
    powers_w = [draw(mean_w - spread_w, mean_w + spread_w) for _ in range(1024)]
    return Profile(
        segments=tuple((step_s, w, w) for w in powers_w), repeat=True, before_w=mean_w
    )


def steps(
    parts: Sequence[tuple[float, float]],
    *,
    repeat: bool = False,
    before_w: float = 0.0,
    after_w: float = 0.0,
) -> Profile:
    """Return levels given as (duration in s, power in W)."""
    return Profile(
        segments=tuple((d, w, w) for d, w in parts),
        repeat=repeat,
        before_w=before_w,
        after_w=after_w,
    )
