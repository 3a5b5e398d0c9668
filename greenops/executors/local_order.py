"""What a runner is told about its attempt: checked, as plain data and back."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenops.errors import ExecutorRefusedError

if TYPE_CHECKING:  # a runner starts its job before it loads what a record is made of
    from greenops.model import Attempt

ATTEMPT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
MAX_TEXT = 1 << 20
"""Characters of a command in all; the kernel takes 2 MiB with the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One attempt, as its runner needs it.

    Attributes:
        user: Whose job it is; empty in orders from before it was kept.
        gpu_ids: What it was assigned; None: GPUs are none of this place's business.
        gpus, cpus, memory_gib: What it asked for; held until it has ended.
        enforce: Whether its control group is to hold it to `cpus` and `memory_gib`.
        log_mib, logs_kept: Size at which its log is rotated, and how many are kept.
    """

    attempt_id: str
    job_id: str
    name: str
    argv: tuple[str, ...]
    cwd: str
    folder: str
    place: str
    user: str = ""
    environment_names: tuple[str, ...] = ()
    resume: bool = False
    gpu_ids: tuple[str, ...] | None = None
    gpus: int = 0
    cpus: float = 0.0
    memory_gib: float = 0.0
    enforce: bool = False
    zone: str | None = None
    pue: float | None = None
    project: str | None = None
    team: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    log_mib: float = 64.0
    logs_kept: int = 4

    @classmethod
    def of(cls, attempt: "Attempt", **place: Any) -> "Order":  # noqa: ANN401 - fields of its own
        """Return the order for an attempt.

        Args:
            attempt: As it was handed over.
            place: `enforce`, `log_mib` and `logs_kept`, by the place's options.

        Raises:
            ExecutorRefusedError: an id, a path or an argument cannot be used.
        """
        _check(attempt)
        spec = attempt.spec
        return cls(
            attempt_id=attempt.attempt_id,
            job_id=attempt.job_id,
            name=spec.name,
            argv=tuple(spec.argv),
            cwd=spec.cwd,
            folder=attempt.folder,
            place=attempt.place,
            user=spec.user,
            environment_names=tuple(spec.environment_names),
            resume=attempt.resume,
            gpus=spec.gpus,
            cpus=spec.cpus,
            memory_gib=spec.memory_gib,
            zone=attempt.zone,
            pue=attempt.pue,
            project=spec.project,
            team=spec.team,
            tags=dict(spec.tags),
            **place,
        )

    def as_record(self) -> dict[str, object]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Order":
        """Return what `as_record` wrote; what a newer greenops added is left out.

        Raises:
            ValueError: it is no such record.
        """
        known = {f.name: record[f.name] for f in fields(cls) if f.name in record}
        for name in ("argv", "environment_names", "gpu_ids"):
            if isinstance(known.get(name), list):
                known[name] = tuple(known[name])
        try:
            return cls(**known)
        except TypeError as e:
            raise ValueError(f"not the record of an attempt: {e}") from e

    def same_as(self, other: "Order") -> bool:
        """Return whether both are about one command of one job."""
        return (self.job_id, self.argv) == (other.job_id, other.argv)


def checked_id(attempt_id: str) -> str:
    """Return an id that names a file of one folder and nothing else.

    Raises:
        ExecutorRefusedError: it does not.
    """
    if not ATTEMPT_ID.fullmatch(attempt_id):
        raise ExecutorRefusedError(
            f"attempt id {attempt_id[:80]!r}: use letters, digits, `-`, `_` and `.`, "
            "128 at most, the first a letter or digit"
        )
    return attempt_id


def _check(attempt: "Attempt") -> None:
    checked_id(attempt.attempt_id)
    spec = attempt.spec
    for what, path in (("folder", attempt.folder), ("working folder", spec.cwd)):
        if not path.startswith("/") or ".." in Path(path).parts:
            raise ExecutorRefusedError(f"{what} {path!r}: name it in full, without ..")
    texts = (*spec.argv, spec.cwd, attempt.folder, attempt.job_id, spec.name)
    if any("\0" in text for text in texts):
        raise ExecutorRefusedError(f"{spec.name!r}: an argument holds a NUL character")
    if sum(map(len, spec.argv)) > MAX_TEXT:
        raise ExecutorRefusedError(
            f"{spec.name}: its arguments are longer than {MAX_TEXT} characters; put "
            "them into a file"
        )
