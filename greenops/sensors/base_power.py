"""What the rest of a machine draws, by the figure its owner has configured."""

from collections.abc import Sequence

from greenops.model import Device, DeviceKind, Reading

DEVICE_ID = "node:base"
CONFIGURED_REL_UNCERTAINTY = 0.10
"""A figure read off a wall meter at idle and taken as constant; fans move more than
the meter's class (1 to 2 %)."""


class BasePowerSensor:
    """Constant power of board, fans, disks and losses of the power supply.

    Args:
        power_w: As configured, in W; above zero.

    Raises:
        ValueError: it is not above zero.
    """

    name = "base_power"

    def __init__(self, power_w: float) -> None:
        if not 0 < power_w < float("inf"):
            raise ValueError(f"base power must be above zero, got {power_w} W")
        self._power_w = power_w
        self._start_s: float | None = None

    def devices(self) -> Sequence[Device]:
        """Return the rest of the node, as one device."""
        return (
            Device(
                device_id=DEVICE_ID,
                kind=DeviceKind.NODE,
                name="rest of the machine",
                source="configured",
                rel_uncertainty=CONFIGURED_REL_UNCERTAINTY,
            ),
        )

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
