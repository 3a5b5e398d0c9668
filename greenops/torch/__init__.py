"""PyTorch training loops: what `pip install 'greenops[torch]'` adds.

Everything is loaded at its first use; importing this imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenops.torch.advisor import Advisor
    from greenops.torch.callback_accelerate import AccelerateMeter
    from greenops.torch.callback_lightning import LightningMeter
    from greenops.torch.callback_trainer import TrainerMeter
    from greenops.torch.guard import Guard
    from greenops.torch.meter import TrainingMeter, attach
    from greenops.torch.micro_trial import trial
    from greenops.torch.pausing import Resumable, resumable
    from greenops.torch.snapshot import Snapshot
    from greenops.torch.training import Training

_HOME = {
    "AccelerateMeter": "greenops.torch.callback_accelerate",
    "Advisor": "greenops.torch.advisor",
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
    "Advisor",
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


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
