"""PyTorch training loops: what `pip install 'greenops[torch]'` adds.

Everything is loaded at its first use; importing this imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenops.torch.pausing import Resumable, resumable

_HOME = {
    "Resumable": "greenops.torch.pausing",
    "resumable": "greenops.torch.pausing",
}
__all__ = ["Resumable", "resumable"]


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
