"""Counts batches and samples, and the time that the loop waits for them."""

from __future__ import annotations

import time
from functools import wraps

from .cells import BATCHES, LAST_S, PASS_WAITED_S, SAMPLES
from .replacing import put_in
from .untraced import leave_untraced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .cells import Cells
    from .observer import Observer
    from .passes import Pass

PASS = "_greenops_pass"  # noqa: S105 - an attribute of iterators


def watch_loaders(observer: Observer) -> None:
    """Have every `DataLoader` of this process counted.

    Raises:
        Exception: this torch's loaders are not built as they were.
    """
    import torch
    from torch.utils.data import dataloader

    loader, iterator = dataloader.DataLoader, dataloader._BaseDataLoaderIter
    old_iter, old_next = loader.__iter__, iterator.__next__
    new_iter = _counted_iter(observer, old_iter)
    new_next = _counted_next(observer, old_next, torch.is_grad_enabled)
    if not hasattr(iterator, PASS):
        setattr(iterator, PASS, None)  # of iterators that were there before us
    leave_untraced(new_iter)
    observer.on_undo(put_in(loader, "__iter__", new_iter))
    observer.on_undo(put_in(iterator, "__next__", new_next))


def _counted_iter(observer: Observer, old: Callable[[Any], Any]) -> Callable[..., Any]:
    clock = time.monotonic

    @wraps(old)
    def __iter__(self: Any) -> Any:  # noqa: N807 - it stands in for one
        began_s = clock()
        iterator = old(self)
        if observer.off:
            return iterator
        try:
            counts = observer.counts or observer.ready()
            passes: Any = observer.passes
            found = passes.open(iterator, began_s, sizes=certain_sizes(self))
            setattr(iterator, PASS, found)
            found.waited_s = clock() - began_s  # workers may have been started
            counts.times[found.at + PASS_WAITED_S] = found.waited_s
        except Exception as e:
            observer.give_up(e)
        return iterator

    return __iter__


def _counted_next(
    observer: Observer, old: Callable[[Any], Any], gradients: Callable[[], bool]
) -> Callable[..., Any]:
    clock = time.monotonic

    @wraps(old)
    def __next__(self: Any) -> Any:  # noqa: N807 - it stands in for one
        began_s = clock()
        try:
            batch = old(self)
        except StopIteration:
            if found := getattr(self, PASS, None):
                found.done = True
            raise
        now_s = clock()
        found = self._greenops_pass
        counts = observer.counts
        if found is None or counts is None:
            return batch
        try:
            at = found.at
            found.batches = batches = found.batches + 1
            counts.whole[at + BATCHES] = batches
            times = counts.times
            times[at + LAST_S] = now_s
            found.waited_s = waited_s = found.waited_s + now_s - began_s
            times[at + PASS_WAITED_S] = waited_s
            if not found.sizes_known:
                _count_samples(found, counts, batch)
            passes = observer.passes
            if found is not passes.latest:  # type: ignore[union-attr]
                passes.turn_to(found, gradients=gradients())  # type: ignore[union-attr]
        except Exception as e:
            observer.give_up(e)
        return batch

    return __next__


def _count_samples(found: Pass, counts: Cells, batch: Any) -> None:
    if found.size_of is None:
        found.size_of = size_of_like(batch)
    counts.whole[found.at + SAMPLES] += found.size_of(batch)


def certain_sizes(loader: Any) -> tuple[int, int] | None:
    """Return the size of a batch and of a whole pass, where torch's samplers rule them.

    None: a sampler of somebody's own, or a stream, may do as it likes.
    """
    batches = getattr(loader, "batch_sampler", None)
    sampler: Any = getattr(batches, "sampler", None)
    known = (type(batches).__module__, type(sampler).__module__)
    if loader.batch_size is None or not all(
        k.startswith("torch.utils.") for k in known
    ):
        return None
    size = int(loader.batch_size)
    try:
        whole = len(sampler)
    except TypeError:  # a stream's sampler has no end
        return None
    return size, whole // size * size if loader.drop_last else whole


def size_of_like(batch: Any) -> Callable[[Any], int]:
    """Return a function that tells how many samples batches like this one hold.

    The size is that of the first tensor, or list, that is found by going first into
    tuples and mappings; what has no size counts as no samples.
    """
    if isinstance(batch, (list, tuple)) and batch and _sized(batch[0]):
        return _of_first_tensor if hasattr(batch[0], "shape") else _of_first
    if _is_mapping(batch):
        for key in batch:
            if _sized(batch[key]):
                return lambda b: len(b[key])
    if _sized(batch):
        return len
    if isinstance(batch, (list, tuple)) and batch:
        inner = size_of_like(batch[0])
        return lambda b: inner(b[0])
    return _no_samples


def _of_first(batch: Any) -> int:
    return len(batch[0])


def _of_first_tensor(batch: Any) -> int:
    size: int = batch[0].shape[0]  # `len` of a tensor takes three times as long
    return size


def _no_samples(_batch: Any) -> int:
    return 0


def _sized(found: Any) -> bool:
    shape = getattr(found, "shape", None)
    if shape is not None:
        return len(shape) > 0
    return isinstance(found, list)


def _is_mapping(batch: Any) -> bool:
    return hasattr(batch, "keys") and hasattr(batch, "__getitem__")
