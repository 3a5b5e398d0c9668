"""What a trial asks of the outside world: the energy used so far."""

from typing import Protocol


class EnergyMeter(Protocol):
    """Counts the energy that the work of this process takes, in J.

    Called from one thread, a few times a second at most, never while the GPU works on
    what shall be counted: the caller waits for the GPU first.

    Attributes:
        basis: Where the figures come from, for people, such as `NVML counter`.
        resolves_s: The shortest block in s whose energy it tells; 0: any.
    """

    basis: str
    resolves_s: float

    def energy_j(self) -> float:
        """Return the energy in J since some moment in the past; never falls.

        May wait, up to about `resolves_s`, for a counter to be renewed.

        Raises:
            SensorReadError: it could not be read this time.
        """
