"""PyTorch training loops: what `pip install 'greenops[torch]'` adds.

Everything is loaded at its first use; importing this imports no torch.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "Guard": "greenops.torch.guard",
    "Resumable": "greenops.torch.pausing",
    "Snapshot": "greenops.torch.snapshot",
    "Training": "greenops.torch.training",
    "resumable": "greenops.torch.pausing",
    "trial": "greenops.torch.micro_trial",
}
__all__ = [
    "Guard",
    "Resumable",
    "Snapshot",
    "Training",
    "resumable",
    "trial",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name offers
    """Load what is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
