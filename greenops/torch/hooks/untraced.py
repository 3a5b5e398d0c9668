"""Keeps `torch.compile` from compiling our own functions among the job's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def leave_untraced(function: Callable[..., Any]) -> None:
    """Have `function`, and what it calls, run as it is within compiled code.

    Otherwise each small function of ours costs the job a compilation where a whole
    training step is compiled. `torch.compiler.disable` does the same and is public, but
    it loads the compiler, a second of the job's time, and costs a call at each step; so
    this sets the mark it sets. Where torch has no such mark, nothing is set.
    """
    import torch

    marks = torch._C._dynamo.eval_frame
    code = getattr(function, "__func__", function).__code__
    if hasattr(marks, "set_code_exec_strategy"):
        skip = marks._FrameAction.SKIP
        marks.set_code_exec_strategy(code, marks._FrameExecStrategy(skip, skip))
    elif hasattr(marks, "skip_code"):  # before torch 2.7
        marks.skip_code(code)
