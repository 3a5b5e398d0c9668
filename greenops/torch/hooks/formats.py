"""Sees once in which number format, and on which device, autocast computes."""

from __future__ import annotations

from .replacing import put_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .observer import Observer


def watch_autocast(observer: Observer) -> None:
    """Look at the first autocast that is entered, then take the look-out away.

    By the time of an optimizer's step autocast is left again, and a look at each would
    cost every step; programs seldom change their format on the way.

    Raises:
        Exception: this torch's autocast is not built as it was.
    """
    import torch

    autocast: Any = torch.autocast
    old_enter = autocast.__enter__

    def __enter__(self: Any) -> Any:  # noqa: N807 - it stands in for one
        undo()
        try:
            if getattr(self, "_enabled", True) and not observer.off:
                device = getattr(self, "device", "")
                dtype = str(getattr(self, "fast_dtype", "")).replace("torch.", "")
                observer.tell(autocast=f"{device} {dtype}".strip())
        except Exception as e:
            observer.give_up(e)
        return old_enter(self)

    undo = put_in(autocast, "__enter__", __enter__)
    observer.on_undo(undo)
