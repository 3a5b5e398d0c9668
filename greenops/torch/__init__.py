"""PyTorch training loops: what `pip install 'greenops[torch]'` adds.

Everything is loaded at its first use; importing this imports no torch.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "AccelerateMeter": "greenops.torch.callback_accelerate",
    "Guard": "greenops.torch.guard",
    "LightningMeter": "greenops.torch.callback_lightning",
    "Resumable": "greenops.torch.pausing",
    "Snapshot": "greenops.torch.snapshot",
    "TrainerMeter": "greenops.torch.callback_trainer",
    "Training": "greenops.torch.training",
    "TrainingMeter": "greenops.torch.meter",
    "attach": "greenops.torch.meter",
    "resumable": "greenops.torch.pausing",
    "trial": "greenops.torch.micro_trial",
}
__all__ = [
    "AccelerateMeter",
    "Guard",
    "LightningMeter",
    "Resumable",
    "Snapshot",
    "TrainerMeter",
    "Training",
    "TrainingMeter",
    "attach",
    "resumable",
    "trial",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name offers
    """Load what is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
