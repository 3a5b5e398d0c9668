"""PyTorch training loops: what `pip install 'greenops[torch]'` adds.

Everything is loaded at its first use; importing this imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenops.torch.callback_accelerate import AccelerateMeter
    from greenops.torch.callback_lightning import LightningMeter
    from greenops.torch.callback_trainer import TrainerMeter
    from greenops.torch.meter import TrainingMeter, attach
    from greenops.torch.pausing import Resumable, resumable

_HOME = {
    "AccelerateMeter": "greenops.torch.callback_accelerate",
    "LightningMeter": "greenops.torch.callback_lightning",
    "Resumable": "greenops.torch.pausing",
    "TrainerMeter": "greenops.torch.callback_trainer",
    "TrainingMeter": "greenops.torch.meter",
    "attach": "greenops.torch.meter",
    "resumable": "greenops.torch.pausing",
}
__all__ = [
    "AccelerateMeter",
    "LightningMeter",
    "Resumable",
    "TrainerMeter",
    "TrainingMeter",
    "attach",
    "resumable",
]


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
