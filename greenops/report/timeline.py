"""A run laid over time: power by device, energy by phase."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from greenops.model import Mark, Stretch

BEFORE_MARKS = "(before the first mark)"


class Bins:
    """Energy over time, between fixed edges.

    Args:
        edges_s: Climbing edges of the bins, in s.
    """

    def __init__(self, edges_s: Sequence[float]) -> None:
        self.edges_s = edges_s
        self.energy_j = [0.0] * (len(edges_s) - 1)
        self._covered_s = [0.0] * (len(edges_s) - 1)

    def add(self, stretch: Stretch) -> None:
        """Add energy spread evenly over its stretch.

        What lies outside of all bins goes to the nearest: clocks disagree by
        milliseconds at the ends of a run, and no energy may get lost for it.
        """
        energy_j = stretch.job_energy_j
        start_s = stretch.start_epoch_s
        stop_s = start_s + stretch.duration_s
        covered = stretch.covered_s / stretch.duration_s if stop_s > start_s else 0.0
        first, last = self.edges_s[0], self.edges_s[-1]
        begin, end = min(max(start_s, first), last), min(max(stop_s, first), last)
        i = min(max(bisect_right(self.edges_s, begin) - 1, 0), len(self.energy_j) - 1)
        if end <= begin:
            self.energy_j[i] += energy_j
            return
        inside_s = end - begin
        while begin < end:
            part_s = min(end, self.edges_s[i + 1]) - begin
            self.energy_j[i] += energy_j * part_s / inside_s
            self._covered_s[i] += part_s * covered
            begin = self.edges_s[i + 1]
            i += 1

    def power_w(self) -> list[float | None]:
        """Return the mean power of each bin over what was measured of it, in W."""
        return [
            energy_j / covered_s if covered_s > 0 else None
            for energy_j, covered_s in zip(self.energy_j, self._covered_s, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A named stretch of a run and the job's energy in it."""

    name: str
    offset_s: float
    duration_s: float
    energy_j: float

    @property
    def mean_power_w(self) -> float | None:
        """Mean power in W; None for an empty stretch."""
        return self.energy_j / self.duration_s if self.duration_s > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One run over time.

    Attributes:
        duration_s: Of the whole.
        power_w: Device id to its job's power in W by bin; None where nothing is known.
        phases: Between the marks; empty without marks.
    """

    duration_s: float
    power_w: dict[str, list[float | None]]
    phases: tuple[Phase, ...]


def timeline(
    stretches: Iterable[Stretch],
    *,
    start_epoch_s: float,
    duration_s: float,
    marks: Sequence[Mark] = (),
    bins: int = 200,
) -> Timeline:
    """Return a run laid over time.

    Args:
        stretches: The energy of its devices; finer than the bins.
        start_epoch_s: When the run began, UTC epoch seconds.
        duration_s: How long it lasted.
        marks: Where phases begin.
        bins: How finely to resolve the time.
    """
    duration_s = max(duration_s, 1e-6)
    even = [start_epoch_s + duration_s * i / bins for i in range(bins + 1)]
    named = _named(marks, start_epoch_s, duration_s)
    by_phase = Bins([at for _, at in named])
    devices: dict[str, Bins] = {}
    for stretch in stretches:
        if stretch.device_id not in devices:
            devices[stretch.device_id] = Bins(even)
        devices[stretch.device_id].add(stretch)
        if marks:
            by_phase.add(stretch)
    return Timeline(
        duration_s=duration_s,
        power_w={device: found.power_w() for device, found in devices.items()},
        phases=_phases(named, by_phase.energy_j) if marks else (),
    )


def ranked(found: Timeline) -> list[str]:
    """Return the devices that drew any power, the hungriest first."""
    sums = {
        device: sum(w for w in power_w if w is not None)
        for device, power_w in found.power_w.items()
    }
    return sorted((d for d in sums if sums[d] > 0), key=lambda d: -sums[d])


def _named(
    marks: Sequence[Mark], start_epoch_s: float, duration_s: float
) -> list[tuple[str, float]]:
    """Return names and starts of all stretches, then the end of the run."""
    stop_s = start_epoch_s + duration_s
    found = [(BEFORE_MARKS, start_epoch_s)]
    for mark in sorted(marks, key=lambda m: m.at_epoch_s):
        at = min(max(mark.at_epoch_s, found[-1][1]), stop_s)
        found.append((mark.name, at))
    return [*found, ("", stop_s)]


def _phases(
    stretches: Sequence[tuple[str, float]], energies_j: Sequence[float]
) -> tuple[Phase, ...]:
    start_s = stretches[0][1]
    phases = [
        Phase(
            name=name,
            offset_s=at - start_s,
            duration_s=stretches[i + 1][1] - at,
            energy_j=energies_j[i],
        )
        for i, (name, at) in enumerate(stretches[:-1])
    ]
    # A mark set at the very start leaves an empty stretch before it.
    if phases[0].duration_s < 0.05 and phases[0].energy_j == 0:
        phases = phases[1:]
    return tuple(phases)
