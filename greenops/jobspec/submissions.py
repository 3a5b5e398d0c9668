"""Reads a job file as jobs to be submitted: what is known of them may be little."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from greenops.jobspec.complaints import Complaints, Spot, shown
from greenops.jobspec.files import named, read_file, repeated
from greenops.jobspec.job_checks import check_submitted
from greenops.jobspec.job_keys import JobFile, JobKeys
from greenops.jobspec.jobs import pausing_of
from greenops.jobspec.spans import aware, duration_s
from greenops.jobspec.tables import Text, amount, key
from greenops.model import Bounded, Dataset, JobSpec, PauseBy, Workload
from greenops.units import S_PER_HOUR

MOST_ARGUMENTS = 10_000
LONGEST_ARGUMENT = 1 << 17
"""Bytes of one argument that Linux takes (MAX_ARG_STRLEN)."""


class SubmitKeys(JobKeys):
    """`[[job]]` with what is to be executed."""

    command: list[str] = key(
        '["train.py", "--epochs", "3"]', "what is executed, never through a shell"
    )
    cwd: str = key('"~/training"', "folder it runs in; without it the one at hand", "")
    home: str = key('"lab"', "for `greenops plan`; a daemon decides by itself", "")
    pause_by: Literal["checkpoint", "freeze"] = key(
        '"checkpoint"',
        "stop it at a checkpoint, or freeze it where it is",
        "checkpoint",
    )
    checkpoint_signal: str = key(
        '"USR1"', "asks it for a checkpoint; empty: it is not asked", "USR1"
    )
    grace_s: float = amount(
        "60.0", "seconds between that signal and being stopped", 60.0
    )
    team: Text | None = key('"red"', "team it is accounted to", None)
    tags: dict[str, str] = key('{stage = "pretrain"}', "free labels", {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a submission takes from where it is made.

    Attributes:
        cwd: The folder at hand.
        user: Who submits.
        places: Names of the places there are.
        now: Aware.
        project, team, tags: As configured.
    """

    cwd: str
    user: str
    places: Collection[str]
    now: datetime
    project: str | None = None
    team: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


def read_submissions(
    path: Path, complaints: Complaints, around: Around
) -> tuple[JobSpec, ...]:
    """Return the jobs of a file, as far as they are right.

    Args:
        path: A TOML file; `docs/jobs.md` has its keys.
        complaints: Gets a sentence for every fault: file, line, what is right.
        around: What is not in the file.
    """
    written = read_file(path, complaints)
    if written is None:
        return ()
    tables = written.tables("job", SubmitKeys)
    head = {k: v for k, v in written.tree.items() if k != "job"}
    head = {k: v for k, v in head.items() if k not in SubmitKeys.model_fields}
    written.spot().checked(JobFile, head | {"job": tables})
    for name in repeated(named(tables)):
        written.spot("job").complain(f"more than one job is called {shown(name)}")
    found = []
    for i, table in enumerate(tables):
        spot = written.spot("job", i)
        keys = spot.checked(SubmitKeys, table)
        spec = None if keys is None else _spec(keys, spot, around)
        if spec is not None:
            found.append(spec)
    return tuple(found)


def _spec(keys: SubmitKeys, spot: Spot, around: Around) -> JobSpec | None:
    before = spot.complained
    check_submitted(keys, spot, around.places)
    _check_command(keys.command, spot)
    lasts = _lasts(keys, spot)
    moments = _moments(keys, spot, around.now)
    if spot.complained > before or moments is None:
        return None
    try:
        return _record(keys, lasts, moments, around)
    except ValueError as e:  # whatever the record itself does not take
        spot.complain(str(e))
        return None


def _check_command(command: Sequence[str], spot: Spot) -> None:
    if not command or not command[0]:
        spot.complain("command is empty; it is a list, the program first", "command")
    if len(command) > MOST_ARGUMENTS:
        spot.complain(f"command has more than {MOST_ARGUMENTS} arguments", "command")
    if any("\0" in a or len(a) > LONGEST_ARGUMENT for a in command):
        spot.complain(
            f"an argument holds a NUL, or more than {LONGEST_ARGUMENT} characters",
            "command",
        )


def _lasts(keys: SubmitKeys, spot: Spot) -> Bounded | None:
    stated = keys.duration_h is not None or keys.duration_min is not None
    return duration_s(keys, spot) if stated else None


def _moments(
    keys: SubmitKeys, spot: Spot, now: datetime
) -> tuple[datetime | None, datetime | None] | None:
    """Return the earliest start and the deadline, UTC; None: complained."""
    before = spot.complained
    earliest = None if keys.earliest is None else aware(keys.earliest)
    deadline = None if keys.deadline is None else aware(keys.deadline)
    if keys.deadline is not None and keys.max_delay_h is not None:
        spot.complain("give deadline or max_delay_h, not both", "deadline")
    if deadline is not None and deadline <= now:
        spot.complain(
            f"the deadline {deadline:%Y-%m-%d %H:%M} UTC has passed", "deadline"
        )
    if deadline is not None and earliest is not None and deadline <= earliest:
        spot.complain("the deadline is not after the earliest start", "deadline")
    return None if spot.complained > before else (earliest, deadline)


def _record(
    keys: SubmitKeys,
    lasts: Bounded | None,
    moments: tuple[datetime | None, datetime | None],
    around: Around,
) -> JobSpec:
    cwd = str(Path(keys.cwd).expanduser()) if keys.cwd else around.cwd
    delay_h = keys.max_delay_h
    return JobSpec(
        name=keys.name,
        argv=tuple(keys.command),
        cwd=str(Path(around.cwd) / cwd),
        user=around.user,
        workload=Workload(keys.workload),
        duration_s=lasts,
        power_w=_power_w(keys),
        gpus=keys.gpus,
        cpus=keys.cpus or 1.0,
        memory_gib=keys.memory_gib,
        earliest=moments[0],
        deadline=moments[1],
        max_delay_s=None if delay_h is None else delay_h * S_PER_HOUR,
        hard=keys.late_g_per_h is None,
        interruptible=keys.interruptible,
        pause_by=PauseBy(keys.pause_by),
        pausing=pausing_of(keys.pause),
        checkpoint_signal=keys.checkpoint_signal.upper().removeprefix("SIG"),
        grace_s=keys.grace_s,
        datasets=tuple(
            Dataset(name=d.name, size_gb=d.size_gb, at=frozenset(d.at))
            for d in keys.data
        ),
        checkpoint_gb=keys.checkpoint_gb,
        places=None if keys.places is None else frozenset(keys.places),
        needs_tags=frozenset(keys.needs_tags),
        shuns_tags=frozenset(keys.shuns_tags),
        private=keys.private,
        priority=keys.priority,
        project=keys.project or around.project,
        team=keys.team or around.team,
        tags={**around.tags, **keys.tags},
    )


def _power_w(keys: SubmitKeys) -> float | None:
    """Return the mean power over the phases, or as stated; None: neither."""
    if keys.phase:
        return sum(p.share * p.power_w for p in keys.phase)
    return keys.power_w
