"""One line in a training's own code: what it is, and steps that no hook can see.

Under `greenops wrap` the counts go to the run; elsewhere they are kept for whoever asks
the meter. Nothing here raises into the training, whatever fails.
"""

import atexit
import os
import sys
from typing import Any

from greenops.torch.watch_folder import VARIABLE, WatchFolder


class TrainingMeter:
    """Counts for one training; made by `attach`.

    Args:
        hooks: The package of the hooks that are at work.
        observer: This process's; None: nothing can be counted here.
    """

    def __init__(self, hooks: Any, observer: Any) -> None:
        self._hooks = hooks
        self._observer = observer
        self._handles: list[Any] = []

    def step(self, samples: int | None = None) -> None:
        """Count one step of a loop written by hand, without an optimizer of torch's.

        Once a step was told, told steps are the run's steps, and those that the hooks
        see are not. The same holds of samples.

        Args:
            samples: How many it was made on; None: as its loaders say.
        """
        if self._observer is not None:
            self._hooks.tell_step(self._observer, samples or 0)

    @property
    def steps(self) -> int:
        """Steps counted in this process so far."""
        return self._hooks.steps_of(self._observer) if self._observer else 0

    def follow(self, optimizer: Any) -> None:
        """Let the steps of this optimizer be the steps, and no other's."""
        register = getattr(optimizer, "register_step_post_hook", None)
        if register is not None:
            self._handles.append(register(lambda *_: self.step()))

    def close(self) -> None:
        """Follow no optimizer any more. May be called twice."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


def attach(
    model: Any = None,
    optimizer: Any = None,
    loader: Any = None,
) -> TrainingMeter:
    """Have this process's training counted; return its meter. Never raises.

    Args:
        model: Its parameters are counted into the run's facts.
        optimizer: Whose steps count, where several step (a GAN); all, if None.
        loader: Its batch size and workers go into the run's facts.
    """
    try:
        hooks, observer = _hooks()
        facts = {**_facts_of_model(model), **_facts_of_loader(loader)}
        if facts:
            observer.tell(**facts)
    except Exception:  # noqa: BLE001 - the training outranks its meter
        return TrainingMeter(None, None)
    meter = TrainingMeter(hooks, observer)
    if optimizer is not None:
        meter.follow(optimizer)
    return meter


def _hooks() -> tuple[Any, Any]:
    """Return the hooks at work in this process, and their observer.

    The start-up shim may have loaded them already; from another greenops, even.
    """
    loaded = sys.modules.get("_greenops_hooks")
    if loaded is not None and (observer := loaded.current()) is not None:
        return loaded, observer
    import torch

    from greenops.torch import hooks

    observer = hooks.current()
    if observer is None:
        hooks.imported(torch, _folder())
        observer = hooks.current()
    return hooks, observer


def _folder() -> str:
    """Return the run's folder, or one of our own where no run is recorded."""
    told = os.environ.get(VARIABLE.decode())
    if told and os.path.isdir(told):
        return told
    folder, owner = WatchFolder(), os.getpid()
    atexit.register(lambda: folder.remove() if os.getpid() == owner else None)
    return folder.path


def _facts_of_model(model: Any) -> dict[str, int]:
    if model is None:
        return {}
    return {"parameters": sum(p.numel() for p in model.parameters())}


def _facts_of_loader(loader: Any) -> dict[str, int | None]:
    if loader is None:
        return {}
    return {
        "batch_size": getattr(loader, "batch_size", None),
        "workers": getattr(loader, "num_workers", None),
    }
