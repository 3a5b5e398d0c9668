"""Turns what a recorder was told into the rows that are kept of it."""

from collections.abc import Callable, Sequence
from typing import Any

from greenops.ledger.node_rows import node_entry
from greenops.ledger.process import namespace
from greenops.ledger.rows import (
    Entry,
    devices_entry,
    end_entry,
    footprint_rows,
    mark_entry,
    run_entry,
    tick_entry,
)
from greenops.ledger.text import MAX_TEXT_CHARS
from greenops.ledger.training_rows import training_entry
from greenops.ledger.version import greenops_version
from greenops.model import DeviceTotal, Footprint, JobUse, Run, RunEnd, Sample

Complain = Callable[[str], None]


def entry_of(note: tuple[Any, ...], complain: Complain) -> Entry:
    """Return the rows of `note`, the name of a recorder's method and its arguments.

    Args:
        note: What the recorder was told.
        complain: Told what of it cannot be kept.

    Raises:
        Exception: whatever a record that is none may lead to.
    """
    told, *given = note
    match told:
        case "begin":
            return _begin(*given, complain=complain)
        case "add_devices":
            return devices_entry(*given)
        case "add":
            return _tick(*given, complain=complain)
        case "add_training":
            return training_entry(*given)
        case "mark":
            return mark_entry(*given)
        case "keep":
            return node_entry(*given)
        case "finish":
            return _end(*given, complain=complain)
        case _:
            raise ValueError(f"no such note: {told!r}")


def _begin(run: Run, *, complain: Complain) -> Entry:
    texts = (run.name, *run.command, *run.tags.values())
    if any(len(text) > MAX_TEXT_CHARS for text in texts):
        complain(f"names, arguments and tags are cut at {MAX_TEXT_CHARS} characters")
    return run_entry(run, namespace=namespace(), version=greenops_version())


def _tick(
    run_id: str, samples: Sequence[Sample], use: JobUse | None, *, complain: Complain
) -> Entry:
    entry = tick_entry(run_id, samples, use)
    if len(entry.rows["samples"]) < len(samples):
        complain("samples without a finite energy were left out")
    return entry


def _end(
    end: RunEnd,
    totals: Sequence[DeviceTotal],
    footprint: Footprint | None,
    now_epoch_s: float,
    *,
    complain: Complain,
) -> Entry:
    rows = None
    if footprint is not None:
        try:
            rows = footprint_rows(
                footprint, computed_epoch_s=now_epoch_s, version=greenops_version()
            )
        except ValueError as e:
            complain(f"the footprint was left out: {e}")
    return end_entry(end, totals, footprint=rows)
