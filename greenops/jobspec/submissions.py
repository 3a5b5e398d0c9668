"""Reads a job file as jobs to be submitted: what is known of them may be little."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from greenops.jobspec.complaints import Complaints, Spot, shown
from greenops.jobspec.files import named, read_file, repeated
from greenops.jobspec.job_checks import check_submitted
from greenops.jobspec.job_keys import JobFile
from greenops.jobspec.jobs import pausing_of
from greenops.jobspec.plain import plain_line, signal_name
from greenops.jobspec.spans import aware, duration_s
from greenops.jobspec.submission_keys import SubmitKeys
from greenops.model import Bounded, Dataset, JobSpec, PauseBy, Workload
from greenops.units import S_PER_HOUR

LONGEST_COMMAND = 1 << 20
"""Characters of a command; Linux takes 2 MiB with the environment. Source: execve(2)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a submission takes from where it is made.

    Attributes:
        cwd: The folder at hand.
        user: Who submits.
        places: Names of the places there are.
        tags_known: What places bear.
        now: Aware.
        project, team, tags: As configured.
    """

    cwd: str
    user: str
    places: Collection[str]
    tags_known: frozenset[str]
    now: datetime
    project: str | None = None
    team: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A job of a file.

    Attributes:
        spec: As it is to be submitted.
        env: Variables of its own, beside those it is submitted with.
    """

    spec: JobSpec
    env: dict[str, str] = field(default_factory=dict)


def read_submissions(
    path: Path, complaints: Complaints, around: Around
) -> tuple[Submission, ...]:
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
        if keys is not None and spec is not None:
            found.append(Submission(spec=spec, env=dict(keys.env)))
    return tuple(found)


def _spec(keys: SubmitKeys, spot: Spot, around: Around) -> JobSpec | None:
    before = spot.complained
    check_submitted(keys, spot, around.places)
    _check_command(keys.command, spot)
    _check_texts(keys, spot, around)
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
    if not command[0]:
        spot.complain("command is a list, the program first; it is empty", "command")
    if any("\0" in argument for argument in command):
        spot.complain("command: an argument holds a NUL, which none may", "command")
    if (whole := sum(map(len, command))) > LONGEST_COMMAND:
        spot.complain(
            f"command has {whole} characters, of which {LONGEST_COMMAND} are taken at"
            " most: pass the rest in a file",
            "command",
        )


def _check_texts(keys: SubmitKeys, spot: Spot, around: Around) -> None:
    named = {"name": keys.name, "project": keys.project, "team": keys.team or ""}
    named |= {f"tags.{shown(k)}": f"{k} {v}" for k, v in keys.tags.items()}
    for what, given in named.items():
        try:
            plain_line(what, given)
        except ValueError as e:
            spot.complain(str(e), what)
    try:
        signal_name(keys.checkpoint_signal)
    except ValueError as e:
        spot.complain(str(e), "checkpoint_signal")
    for tag in sorted(set(keys.needs_tags) - around.tags_known):
        hint = spot.near(tag, around.tags_known)
        spot.complain(f"needs_tags: no place bears {shown(tag)}{hint}", "needs_tags")


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
    cwd = os.path.join(around.cwd, os.path.expanduser(keys.cwd))  # noqa: PTH111, PTH118 - as below
    delay_h = keys.max_delay_h
    return JobSpec(
        name=keys.name,
        argv=tuple(keys.command),
        cwd=os.path.normpath(cwd),  # a runner takes no `..`
        user=around.user,
        workload=Workload(keys.workload),
        duration_s=lasts,
        power_w=_power_w(keys),
        gpus=keys.gpus,
        cpus=keys.cpus,
        memory_gib=keys.memory_gib,
        earliest=moments[0],
        deadline=moments[1],
        max_delay_s=None if delay_h is None else delay_h * S_PER_HOUR,
        interruptible=keys.interruptible,
        pause_by=PauseBy(keys.pause_by),
        pausing=pausing_of(keys.pause),
        checkpoint_signal=signal_name(keys.checkpoint_signal),
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
