"""The meter as a callback of Lightning: `Trainer(callbacks=[LightningMeter()])`."""

from typing import Any

from lightning.pytorch import Callback

from greenops.torch.meter import attach


class LightningMeter(Callback):
    """Has a Lightning training counted, wrapped or not."""

    def on_fit_start(
        self,
        trainer: Any,
        pl_module: Any,
    ) -> None:
        """Begin to count."""
        self.meter = attach(model=pl_module)
