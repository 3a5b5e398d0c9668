"""DRAM energy without a meter: by the module where they are known, else by the GiB."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from greenops.errors import SensorUnavailableError
from greenops.model import Device, DeviceKind, Reading
from greenops.sensors.detect import ROOT, MemoryFacts, detect_cpu, detect_memory

DEVICE_ID = "dram:model"

IDLE_W_PER_DIMM = 1.0
ACTIVE_W_PER_DIMM = 5.0
W_PER_DIMM = 3.0
"""Source: Micron TN-40-07 (DDR4 power calculations) and data sheets of DDR4 and DDR5
RDIMMs of 16 to 64 GiB: about 1 W in power-down, 4 to 6 W streaming."""

SHARED_W_PER_GIB = 0.1
SHARED_LOW_W_PER_GIB = 0.04
SHARED_HIGH_W_PER_GIB = 0.19
"""A rented slice lies on large modules of its host: 1 to 5 W per 32 GiB, with 64 GiB
modules at the lower end. Same sources."""

MODULE_GIB_BY_TOTAL = ((16.0, 8.0), (128.0, 16.0), (512.0, 32.0), (float("inf"), 64.0))
"""Usual module for a machine of up to so many GiB, where the slots are not readable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DramPower:
    """Power in W with 95 % bounds, and the rule that gave it."""

    power_w: float
    low_w: float
    high_w: float
    rule: str

    @property
    def rel_uncertainty(self) -> float:
        """Return the larger half-width as a fraction."""
        widest_w = max(self.power_w - self.low_w, self.high_w - self.power_w)
        return widest_w / self.power_w


def dram_power(memory: MemoryFacts, *, is_virtual: bool) -> DramPower:
    """Return what the memory draws, idle or busy.

    A guest, or a container with a memory limit, is charged its slice only.
    """
    if is_virtual or memory.is_slice:
        gib = memory.allowed_gib
        return DramPower(
            power_w=gib * SHARED_W_PER_GIB,
            low_w=gib * SHARED_LOW_W_PER_GIB,
            high_w=gib * SHARED_HIGH_W_PER_GIB,
            rule=f"{gib:.1f} GiB of a shared machine",
        )
    modules = memory.dimms or _usual_modules(memory.allowed_gib)
    how = "modules" if memory.dimms else "modules, guessed"
    return DramPower(
        power_w=modules * W_PER_DIMM,
        low_w=modules * IDLE_W_PER_DIMM,
        high_w=modules * ACTIVE_W_PER_DIMM,
        rule=f"{modules} {how}",
    )


def _usual_modules(gib: float) -> int:
    size_gib = next(size for total, size in MODULE_GIB_BY_TOTAL if gib <= total)
    return max(1, round(gib / size_gib))


class DramModelSensor:
    """Estimated energy of main memory: constant power, exact over any gap.

    Args:
        root: Where `proc` and `sys` are.

    Raises:
        SensorUnavailableError: the amount of memory is unknown.
    """

    name = "dram_model"

    def __init__(self, root: Path = ROOT) -> None:
        memory = detect_memory(root)
        if memory is None:
            raise SensorUnavailableError("the amount of memory is unknown here")
        power = dram_power(memory, is_virtual=detect_cpu(root).is_virtual)
        self.basis = power.rule
        self._power_w = power.power_w
        self._start_s: float | None = None
        self._device = Device(
            device_id=DEVICE_ID,
            kind=DeviceKind.DRAM,
            name=f"{memory.allowed_gib:.0f} GiB of memory",
            source="model",
            rel_uncertainty=power.rel_uncertainty,
        )

    def devices(self) -> Sequence[Device]:
        """Return the memory, as one device."""
        return (self._device,)

    def read(self, at_s: float) -> Sequence[Reading]:
        """Return energy in J since the first read, and the power in W.

        Args:
            at_s: Monotonic time in s.
        """
        if self._start_s is None:
            self._start_s = at_s
        return (
            Reading(
                device_id=DEVICE_ID,
                counter_j=self._power_w * max(0.0, at_s - self._start_s),
                power_w=self._power_w,
            ),
        )

    def close(self) -> None:
        """Hold nothing, release nothing."""
