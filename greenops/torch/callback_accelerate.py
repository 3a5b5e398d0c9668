"""The meter as a tracker of Accelerate: `Accelerator(log_with=[AccelerateMeter()])`."""

from typing import Any

from accelerate.tracking import GeneralTracker

from greenops.torch.meter import TrainingMeter, attach


class AccelerateMeter(GeneralTracker):
    """Has a training by Accelerate counted, wrapped or not; logs nothing itself."""

    name = "greenops"
    requires_logging_directory = False

    def __init__(self) -> None:
        super().__init__()
        self.meter = attach()

    @property
    def tracker(self) -> TrainingMeter:
        """The meter."""
        return self.meter

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Keep nothing of it: a configuration may hold secrets."""

    def log(self, values: dict[str, Any], step: int | None = None, **_: object) -> None:
        """Log nothing: what is counted goes to the run."""
