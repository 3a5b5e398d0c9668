"""The meter as a callback of Hugging Face's Trainer: `callbacks=[TrainerMeter()]`."""

from typing import Any

from transformers import TrainerCallback

from greenops.torch.meter import attach


class TrainerMeter(TrainerCallback):
    """Has a training by the Trainer counted, wrapped or not."""

    def on_train_begin(
        self,
        args: Any,
        state: Any,
        control: Any,
        **given: Any,
    ) -> None:
        """Begin to count."""
        loader = given.get("train_dataloader")
        self.meter = attach(model=given.get("model"), loader=loader)
