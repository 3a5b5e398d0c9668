"""Puts a function in another's place on a class, so that it can be taken out again."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def put_in(cls: Any, name: str, new: Callable[..., Any]) -> Callable[[], None]:
    """Replace `cls.name`; return what puts the old one back.

    What somebody else has put over ours meanwhile stays, and calls ours.
    """
    old = getattr(cls, name)
    setattr(cls, name, new)

    def undo() -> None:
        if getattr(cls, name) is new:
            setattr(cls, name, old)

    return undo
