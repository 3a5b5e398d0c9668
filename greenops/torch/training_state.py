"""All that a training is, at one moment: into plain values, and back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from greenops.errors import CheckpointError
from greenops.torch.plain import plain

MOST_SHOWN = 5


class TrainingState:
    """The parts of a training that have a state.

    Args:
        model: One module or several.
        parts: By name, each with `state_dict` and `load_state_dict`, or a list of such.
        generators: Random generators of loaders and samplers, by name.

    Raises:
        CheckpointError: a part has no state, or one that cannot be kept; a model is
            split over several processes.
    """

    def __init__(
        self,
        model: nn.Module | Sequence[nn.Module],
        parts: Mapping[str, Any],
        generators: Mapping[str, torch.Generator],
    ) -> None:
        self._models = [model] if isinstance(model, nn.Module) else list(model)
        self._parts = dict(_flat(parts))
        self._generators = dict(generators)
        for i, each in enumerate(self._models):
            _check_whole(each, i)
        self.capture()  # what cannot be kept is told now, not at the first pause

    def capture(self) -> dict[str, Any]:
        """Return the state; its tensors are the training's own until they are saved."""
        models = [plain(_bare(m).state_dict(), "model") for m in self._models]
        return {
            "models": models,
            "gradients": [_gradients(m) for m in self._models],
            "parts": {n: plain(p.state_dict(), n) for n, p in self._parts.items()},
            "generators": self.generators(),
        }

    def generators(self) -> dict[str, torch.Tensor]:
        """Return how the generators of loaders and samplers stand, by name."""
        return {name: g.get_state() for name, g in self._generators.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Bring the training to a state that `capture` returned.

        Raises:
            CheckpointError: it is of another training; nothing was changed.
        """
        self._check(state)
        for model, kept, grads in zip(
            self._models, state["models"], state["gradients"], strict=True
        ):
            _bare(model).load_state_dict(kept)
            for name, parameter in _bare(model).named_parameters():
                grad = grads.get(name)
                parameter.grad = None if grad is None else grad.to(parameter.device)
        for name, part in self._parts.items():
            part.load_state_dict(state["parts"][name])
        self.restore_generators(state)

    def restore_generators(self, state: Mapping[str, Any]) -> None:
        """Set the generators of loaders and samplers as they were."""
        for name, generator in self._generators.items():
            generator.set_state(state["generators"][name])

    def _check(self, state: Mapping[str, Any]) -> None:
        if len(state["models"]) != len(self._models):
            raise CheckpointError(
                f"the checkpoint is of {len(state['models'])} models, not of"
                f" {len(self._models)}: begin anew in another folder"
            )
        for model, kept in zip(self._models, state["models"], strict=True):
            _check_same(_bare(model).state_dict(), kept)
        if self._parts.keys() != state["parts"].keys():
            known, kept = ", ".join(self._parts), ", ".join(state["parts"])
            raise CheckpointError(
                f"the checkpoint keeps {kept or 'nothing'} beside the model, and the"
                f" training has {known or 'nothing'}: begin anew in another folder"
            )


def generators_of(loader: Any) -> dict[str, torch.Generator]:  # noqa: ANN401 - a DataLoader, or some
    """Return the random generators that loaders and their samplers hold, by name."""
    loaders = loader if isinstance(loader, (list, tuple)) else [loader]
    found: dict[str, torch.Generator] = {}
    for i, each in enumerate(loaders):
        sampler = getattr(each, "sampler", None)
        in_batches = getattr(each, "batch_sampler", None)
        inner = getattr(in_batches, "sampler", None)
        for name, owner in (
            ("loader", each),
            ("sampler", sampler),
            ("batch_sampler", in_batches),
            ("inner_sampler", inner),
        ):
            made = getattr(owner, "generator", None)
            known = any(made is g for g in found.values())
            if isinstance(made, torch.Generator) and not known:
                found[f"{name}{i}"] = made
    return found


def _flat(parts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, part in parts.items():
        if part is None:
            continue
        if isinstance(part, (list, tuple)):
            yield from _flat({f"{name}{i}": each for i, each in enumerate(part)})
        elif hasattr(part, "state_dict") and hasattr(part, "load_state_dict"):
            yield name, part
        else:
            raise CheckpointError(
                f"{name} is a {type(part).__name__} without state_dict and"
                " load_state_dict, so nothing of it can be kept"
            )


def _bare(model: nn.Module) -> nn.Module:
    """Return the model as its author knows it: not compiled, not wrapped by DDP."""
    found = getattr(model, "_orig_mod", model)
    if isinstance(found, nn.parallel.DistributedDataParallel | nn.DataParallel):
        return _bare(found.module)
    return found if isinstance(found, nn.Module) else model


def _check_whole(model: nn.Module, i: int) -> None:
    for name, parameter in model.named_parameters():
        split = hasattr(parameter, "placements") or "_fsdp" in name
        if split or "FlatParameter" in type(parameter).__name__:
            raise CheckpointError(
                f"model {i} is split over processes (FSDP, DTensor): save it with"
                " torch.distributed.checkpoint, and end with exit status 75 yourself"
            )


def _gradients(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return what was accumulated and not applied yet, or will be overwritten."""
    return {
        name: parameter.grad.detach()
        for name, parameter in _bare(model).named_parameters()
        if parameter.grad is not None
    }


def _check_same(here: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    faults = [f"{n} is missing in the checkpoint" for n in here.keys() - kept.keys()]
    faults += [f"{n} is not in the model" for n in kept.keys() - here.keys()]
    for name in here.keys() & kept.keys():
        found, had = here[name], kept[name]
        if not isinstance(found, torch.Tensor):
            continue
        if (found.shape, found.dtype) != (had.shape, had.dtype):
            faults.append(f"{name} is {_said(found)}, and was {_said(had)}")
    if faults:
        shown = "; ".join(sorted(faults)[:MOST_SHOWN])
        more = f"; {len(faults) - MOST_SHOWN} more" if len(faults) > MOST_SHOWN else ""
        raise CheckpointError(
            f"the checkpoint is of another model ({shown}{more}): begin anew in another"
            " folder"
        )


def _said(tensor: torch.Tensor) -> str:
    dtype = str(tensor.dtype).removeprefix("torch.")
    return f"{dtype} {tuple(tensor.shape)}"
