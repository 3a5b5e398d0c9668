"""What was asked for in a submission, as JSON and back, every field checked.

What stands at its default is left out, so that greenops of two versions can share a
ledger as long as nobody uses what only one of them knows. What this version does not
know it must not ignore: it may be the limit that keeps a job from leaving a country.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

from greenops.errors import LedgerError, LedgerTooNewError
from greenops.model import Bounded, Dataset, JobSpec, PauseBy, Pausing, Workload

MAX_SPEC_CHARS = 1 << 20
"""Longest submission that is kept; data belongs into files."""
T = TypeVar("T")


def spec_json(spec: JobSpec, argv: tuple[str, ...]) -> str:
    """Return the submission as JSON in ASCII, with `argv` for its command.

    Raises:
        ValueError: it is too long, or holds a number that is none.
    """
    plain = {
        f.name: _plain(getattr(spec, f.name))
        for f in fields(spec)
        if getattr(spec, f.name) != _default(f)
    }
    text = json.dumps(plain | {"argv": argv}, separators=(",", ":"), allow_nan=False)
    if len(text) > MAX_SPEC_CHARS:
        raise ValueError(
            f"job {spec.name[:80]!r} takes {len(text)} characters, of which"
            f" {MAX_SPEC_CHARS} are kept: pass long arguments in a file"
        )
    return text


def spec_of(text: str, *, job_id: str, written_by: str) -> JobSpec:
    """Return the submission of `spec_json`.

    Args:
        text: As kept.
        job_id: Named in messages.
        written_by: The version of greenops that wrote it.

    Raises:
        LedgerTooNewError: it holds what only a newer greenops knows.
        LedgerError: it is no submission.
    """
    try:
        return _record(JobSpec, _READERS)(json.loads(text))
    except _UnknownError as e:
        raise LedgerTooNewError(
            f"job {job_id} was submitted by greenops {written_by} with what this one"
            f" does not know ({e}): upgrade greenops"
        ) from e
    except (TypeError, ValueError, KeyError, RecursionError) as e:
        raise LedgerError(
            f"the submission of job {job_id} cannot be read ({e}): cancel it, and"
            " submit it again"
        ) from e


class _UnknownError(Exception):
    """Something that a newer greenops may know."""


def _default(field: Field[Any]) -> object:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in asdict(value).items()}
    match value:
        case frozenset():
            return sorted(value)
        case tuple():
            return [_plain(part) for part in value]
        case datetime():
            return value.isoformat()
        case Mapping():
            return dict(value)
        case _:
            return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{type(value).__name__} where fields should be")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where text should be")
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{type(value).__name__} where true or false should be")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{type(value).__name__} where a whole number should be")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{type(value).__name__} where a number should be")
    return float(value)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} where a list should be")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(part) for part in _list(value))


def _names(value: object) -> frozenset[str]:
    return frozenset(_texts(value))


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(_text(value))


def _maybe(read: Callable[[object], T]) -> Callable[[object], T | None]:
    return lambda value: None if value is None else read(value)


def _known(read: Callable[[str], T]) -> Callable[[object], T]:
    """Return a reader of a name among those that this greenops knows."""

    def named(value: object) -> T:
        try:
            return read(_text(value))
        except ValueError as e:
            raise _UnknownError(str(value)) from e

    return named


def _record(
    make: Callable[..., T], readers: Mapping[str, Callable[[object], object]]
) -> Callable[[object], T]:
    """Return a reader of a record within the submission."""

    def read(value: object) -> T:
        plain = _mapping(value)
        if unknown := plain.keys() - readers.keys():
            raise _UnknownError(", ".join(sorted(unknown)))
        return make(**{name: readers[name](plain[name]) for name in plain})

    return read


_BOUNDED = _record(Bounded, dict.fromkeys(("central", "low", "high"), _number))
_PAUSING = _record(
    Pausing,
    dict.fromkeys(("pause_s", "resume_s", "energy_j", "min_run_s"), _number)
    | {"max_pauses": _maybe(_whole)},
)
_DATASET = _record(Dataset, {"name": _text, "size_gb": _number, "at": _names})
_READERS: dict[str, Callable[[object], Any]] = {
    "name": _text,
    "argv": _texts,
    "cwd": _text,
    "user": _text,
    "workload": _known(Workload),
    "environment_names": _texts,
    "duration_s": _maybe(_BOUNDED),
    "power_w": _maybe(_number),
    "gpus": _whole,
    "cpus": _number,
    "memory_gib": _number,
    "earliest": _maybe(_moment),
    "deadline": _maybe(_moment),
    "max_delay_s": _maybe(_number),
    "hard": _yes_or_no,
    "interruptible": _yes_or_no,
    "pause_by": _known(PauseBy),
    "pausing": _PAUSING,
    "checkpoint_signal": _text,
    "grace_s": _number,
    "datasets": lambda value: tuple(_DATASET(part) for part in _list(value)),
    "checkpoint_gb": _number,
    "places": _maybe(_names),
    "needs_tags": _names,
    "shuns_tags": _names,
    "private": _maybe(_yes_or_no),
    "priority": _whole,
    "project": _maybe(_text),
    "team": _maybe(_text),
    "tags": lambda value: {k: _text(v) for k, v in _mapping(value).items()},
}
"""How each field is read; a test holds it to the fields of `JobSpec`."""
