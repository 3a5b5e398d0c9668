"""PyTorch training loops: what `pip install 'greenops[torch]'` adds.

Everything is loaded at its first use; importing this imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenops.torch.advisor import Advisor
    from greenops.torch.guard import Guard
    from greenops.torch.micro_trial import trial
    from greenops.torch.pausing import Resumable, resumable
    from greenops.torch.snapshot import Snapshot
    from greenops.torch.training import Training

_HOME = {
    "Advisor": "greenops.torch.advisor",
    "Guard": "greenops.torch.guard",
    "Resumable": "greenops.torch.pausing",
    "Snapshot": "greenops.torch.snapshot",
    "Training": "greenops.torch.training",
    "resumable": "greenops.torch.pausing",
    "trial": "greenops.torch.micro_trial",
}
__all__ = [
    "Advisor",
    "Guard",
    "Resumable",
    "Snapshot",
    "Training",
    "resumable",
    "trial",
]


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
