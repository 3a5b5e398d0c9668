"""A change to a training that may save energy: what a measure offers to a trial."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol


class Risk(StrEnum):
    """What a change may do to the result of a training."""

    NONE = "none"  # the same mathematics; rounding aside
    GUARDED = "guarded"  # usually the same result; watched by a guard
    CHANGES_RESULT = "changes the result"


class TrainingChange(Protocol):
    """One measure, tried on a copy of a training and applied to the training itself.

    Found through the entry-point group `greenops.advice`, which names classes that are
    called without arguments. `training` has `model`, `optimizers`, `scaler`, `device`.

    Attributes:
        name: Short, such as `bf16`.
        says: What it changes, in a sentence.
        risk: What it may do to the result.
    """

    name: str
    says: str
    risk: Risk

    def why_not(self, training: Any) -> str | None:  # noqa: ANN401 - core knows no torch
        """Return why it cannot help here, in a clause; None: it may."""

    def apply(self, training: Any) -> Callable[[], None]:  # noqa: ANN401 - see above
        """Apply it in place; return what takes it back."""
