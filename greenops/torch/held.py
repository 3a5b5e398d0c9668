"""A graph of Python objects and tensors, held so that it can be put back in place.

Everything keeps its identity: a parameter that an optimizer, a tied layer and a
compiled graph refer to is the same object afterwards, with the content it had. What
cannot be held is refused while nothing has been touched yet.
"""

import datetime
import enum
import functools
import logging
import re
import types
import weakref
from collections import deque
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import numpy as np
import torch

from greenops.errors import SnapshotRefusedError
from greenops.torch.held_states import PutBack, later, own_state, tensor_content

_UNCHANGING = (
    type(None), bool, int, float, complex, str, bytes, range, slice, type, enum.Enum,
    types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.MethodType,
    types.MethodDescriptorType, types.WrapperDescriptorType, types.GenericAlias,
    functools.partial, re.Pattern, property, weakref.ref, logging.Logger, type(...),
    torch.dtype, torch.device, torch.Size, torch.layout, torch.memory_format,
    torch.finfo, torch.iinfo, torch.utils.hooks.RemovableHandle, np.dtype, np.generic,
    torch.Stream, datetime.datetime, datetime.timedelta, Decimal, PurePath,
)  # fmt: skip
"""Kept as they are: they cannot change, or belong to the process and not to the
training."""

_COMPILED_IN_PLACE = frozenset({"_compiled_call_impl"})
_COMPILED = _COMPILED_IN_PLACE | {
    "__call__",
    "_torchdynamo_orig_callable",
    "dynamo_ctx",
    "forward",
    "get_compiler_config",
}
"""Attributes of compiled modules that hold graphs, which nothing here changes."""


class Holder:
    """Holds objects, each once, however often and from wherever it is reached."""

    def __init__(self) -> None:
        self._seen: dict[int, Any] = {}  # keeps the objects alive, so ids stay theirs
        self._put_backs: list[PutBack] = []

    def hold(self, value: Any, path: str) -> None:  # noqa: ANN401 - any object
        """Hold `value` and all it refers to.

        Raises:
            SnapshotRefusedError: something cannot be held; `path` says where it is.
        """
        if isinstance(value, _UNCHANGING) or id(value) in self._seen:
            return
        self._seen[id(value)] = value
        if isinstance(value, torch.Tensor):
            self._tensor(value, path)
        elif isinstance(value, dict):
            self._dict(value, path)
        elif isinstance(value, list | deque):
            self._sequence(value, path)
        elif isinstance(value, set):
            self._set(value, path)
        elif not self._frozen(value, path):
            put_back = own_state(value)
            if put_back is None:
                self._object(value, path)
            else:
                self._put_backs.append(put_back)

    def put_back(self) -> None:
        """Give every object the content it had. May be called more than once."""
        for put_back in self._put_backs:
            put_back()

    def _tensor(self, tensor: torch.Tensor, path: str) -> None:
        if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
            raise SnapshotRefusedError(
                f"{path} has no shape yet; run one batch through the model first"
            )
        if not tensor.is_leaf:
            return  # computed from leaves by the next forward pass, as pruning does
        self._put_backs.append(tensor_content(tensor))
        self.hold(tensor.grad, f"{path}.grad")
        if vars(tensor):
            self._dict(vars(tensor), path)

    def _dict(self, value: dict[Any, Any], path: str) -> None:
        items = list(value.items())

        def put_back() -> None:
            value.clear()
            value.update(items)

        self._put_backs.append(put_back)
        for key, item in items:
            self.hold(key, f"{path} key")
            name = f".{key}" if isinstance(key, str) else f"[{_named(key)}]"
            self.hold(item, path + name)

    def _sequence(self, value: list[Any] | deque[Any], path: str) -> None:
        items = list(value)

        def put_back() -> None:
            value.clear()
            value.extend(items)

        self._put_backs.append(put_back)
        for i, item in enumerate(items):
            self.hold(item, f"{path}[{i}]")

    def _set(self, value: set[Any], path: str) -> None:
        items = list(value)

        def put_back() -> None:
            value.clear()
            value.update(items)

        self._put_backs.append(put_back)
        for item in items:
            self.hold(item, f"{path} member")

    def _frozen(self, value: object, path: str) -> bool:
        """Hold what is in a collection that cannot change itself."""
        if not isinstance(value, tuple | frozenset):
            return False
        for i, item in enumerate(value):
            self.hold(item, f"{path}[{i}]")
        return True

    def _object(self, value: Any, path: str) -> None:  # noqa: ANN401 - any object
        attributes = getattr(value, "__dict__", None)
        slots = _slots(type(value))
        if not isinstance(attributes, dict) and not slots:
            raise SnapshotRefusedError(
                f"{path} is a {type(value).__qualname__}, which cannot be captured; "
                "keep it outside the model and the optimizer"
            )
        self._kind(value)
        if isinstance(attributes, dict):
            self._attributes(value, attributes, path)
        for name in slots:
            if hasattr(value, name):
                item = getattr(value, name)
                self._put_backs.append(later(object.__setattr__, value, name, item))
                self.hold(item, f"{path}.{name}")

    def _attributes(self, value: object, held: dict[str, Any], path: str) -> None:
        """Hold a `__dict__`, but leave what a compiler put there."""
        graphs = _COMPILED if hasattr(value, "_orig_mod") else _COMPILED_IN_PLACE
        kept = {k: v for k, v in held.items() if k not in graphs}

        def put_back() -> None:
            for name in held.keys() - kept.keys() - graphs:
                del held[name]
            held.update(kept)

        self._put_backs.append(put_back)
        for name, item in kept.items():
            self.hold(item, f"{path}.{name}")

    def _kind(self, value: Any) -> None:  # noqa: ANN401 - any object
        """Hold the class of a module, which a parametrisation makes for it alone.

        Taking the parametrisation off deletes the class's properties as well.
        """
        if not isinstance(value, torch.nn.Module):
            return
        kind = type(value)
        own = {k: v for k, v in vars(kind).items() if isinstance(v, property)}

        def put_back() -> None:
            if type(value) is kind:
                return
            value.__class__ = kind
            for name, found in own.items():
                setattr(kind, name, found)

        self._put_backs.append(put_back)


def _named(key: object) -> str:
    return "parameter" if isinstance(key, torch.Tensor) else repr(key)


def _slots(kind: type) -> list[str]:
    found: list[str] = []
    for ancestor in kind.__mro__:
        names = vars(ancestor).get("__slots__", ())
        found += [names] if isinstance(names, str) else list(names)
    return [name for name in found if name not in ("__dict__", "__weakref__")]
