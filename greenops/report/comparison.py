"""Two runs side by side, and what may be claimed about their difference."""

from collections.abc import Sequence
from dataclasses import dataclass

from greenops.model import Bounded, DeviceKind
from greenops.report.summary import Summary

_KINDS = {
    DeviceKind.GPU: "GPU energy",
    DeviceKind.CPU: "CPU energy",
    DeviceKind.DRAM: "DRAM energy",
    DeviceKind.NODE: "rest of the node",
    DeviceKind.OTHER: "other devices",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One quantity of two runs.

    Attributes:
        key: With its unit, such as `energy_j`.
        label: For people.
        base: Of the first run; None is not known.
        other: Of the run compared to it.
    """

    key: str
    label: str
    base: Bounded | None
    other: Bounded | None

    @property
    def ratio(self) -> float | None:
        """Other over base; None where that says nothing."""
        if self.base is None or self.other is None or self.base.central <= 0:
            return None
        return self.other.central / self.base.central

    @property
    def overlap(self) -> bool | None:
        """Whether the 95 % intervals share a point; None where one is not known."""
        if self.base is None or self.other is None:
            return None
        return self.base.low <= self.other.high and self.other.low <= self.base.high

    @property
    def verdict(self) -> str:
        """What may be said. Overlapping intervals support no claim."""
        if self.overlap is None:
            return "not known for both"
        if self.overlap:
            return "no difference can be claimed"
        assert self.base is not None  # noqa: S101 - overlap would be None
        assert self.other is not None  # noqa: S101
        return "less" if self.other.high < self.base.low else "more"


def compare(base: Summary, other: Summary) -> list[Compared]:
    """Return the quantities of two runs side by side.

    Intervals are compared as they stand. Where both runs were measured by one meter,
    part of their error is shared and cancels: then this is on the cautious side.
    """
    kinds = [k for k in DeviceKind if _has(base, k) or _has(other, k)]
    if len(kinds) < 2:
        kinds = []  # one kind of device is the whole energy
    ours, theirs = _quantities(base, kinds), _quantities(other, kinds)
    return [
        Compared(key=key, label=label, base=ours[key, label], other=theirs[key, label])
        for key, label in ours
    ]


def _quantities(
    summary: Summary, kinds: Sequence[DeviceKind]
) -> dict[tuple[str, str], Bounded | None]:
    """Return key and label to the quantity."""
    return {
        ("duration_s", "duration"): _exact(summary.duration_s),
        ("energy_j", "energy"): summary.energy_j,
        **{(f"{k}_energy_j", _KINDS[k]): _of_kind(summary, k) for k in kinds},
        ("mean_power_w", "mean power"): _mean_power(summary),
        ("total_g", "emissions"): (
            summary.footprint.total_g if summary.footprint else None
        ),
    }


def _exact(quantity: float | None) -> Bounded | None:
    if quantity is None:
        return None
    return Bounded(central=quantity, low=quantity, high=quantity)


def _has(summary: Summary, kind: DeviceKind) -> bool:
    return any(line.total.device.kind is kind for line in summary.devices)


def _of_kind(summary: Summary, kind: DeviceKind) -> Bounded | None:
    parts = [d.energy_j for d in summary.devices if d.total.device.kind is kind]
    if not parts:
        return None
    # Devices of one kind share their source's error, so the bounds add up.
    return Bounded(
        central=sum(p.central for p in parts),
        low=sum(p.low for p in parts),
        high=sum(p.high for p in parts),
    )


def _mean_power(summary: Summary) -> Bounded | None:
    energy_j, duration_s = summary.energy_j, summary.duration_s
    if energy_j is None or not duration_s:
        return None
    return Bounded(
        central=energy_j.central / duration_s,
        low=energy_j.low / duration_s,
        high=energy_j.high / duration_s,
    )
