"""The options that say what a job is, needs and may; and the job they make."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from greenops.agent.planning import Site
from greenops.cli.amounts import ahead, between, gib, names, number, seconds
from greenops.config import Config
from greenops.errors import ConfigError
from greenops.model import (
    Bounded,
    Dataset,
    JobSpec,
    PauseBy,
    Pausing,
    Workload,
)

Command = TypeVar("Command", bound=Callable[..., object])
LONGEST_NAME = 200
MOST_GPUS, MOST_CPUS = 1_000_000, 1_000_000.0
LARGEST_W, LARGEST_GB = 1e9, 1e9
_WHEN = (
    click.option(
        "--deadline", metavar="SPAN", callback=seconds, help="Be done within: 24h."
    ),
    click.option(
        "--by",
        metavar="WHEN",
        callback=ahead,
        help="Be done by: 2026-12-01T08:00, local time.",
    ),
    click.option(
        "--max-delay",
        metavar="SPAN",
        callback=seconds,
        help="Start within: 6h.  [default: 24h]",
    ),
    click.option(
        "--not-before", metavar="WHEN", callback=ahead, help="Start then or later."
    ),
    click.option(
        "--duration",
        metavar="SPAN",
        callback=between,
        help="How long it runs: 4h, or 3h..6h.  [default: as it ran before]",
    ),
    click.option(
        "--power",
        "power_w",
        metavar="W",
        type=number(1e-3, LARGEST_W, "watts"),
        help="Mean power in W.  [default: as measured before]",
    ),
)
_NEEDS = (
    click.option("--gpus", type=click.IntRange(0, MOST_GPUS), default=0),
    click.option(
        "--cpus", type=number(0.0, MOST_CPUS, "cores"), default=1.0, show_default=True
    ),
    click.option("--mem", "memory_gib", metavar="SIZE", callback=gib, help="16G."),
)
_WHERE = (
    click.option(
        "--regions",
        metavar="NAME,...",
        multiple=True,
        callback=names,
        help="Places or grid zones it may run in.  [default: all places]",
    ),
    click.option(
        "--residency",
        metavar="TAG,...",
        multiple=True,
        callback=names,
        help="Tags that a place must bear, such as EU.",
    ),
    click.option(
        "--kind",
        "workload",
        type=click.Choice([str(w) for w in Workload]),
        default=str(Workload.TRAIN),
        show_default=True,
        help="Training goes to private capacity first, inference to public.",
    ),
    click.option(
        "--private/--public",
        default=None,
        help="Insist on private, or public, capacity.",
    ),
    click.option(
        "--data-gb", type=number(0.0, LARGEST_GB, "GB"), help="Data it reads, in GB."
    ),
    click.option(
        "--data-at",
        metavar="PLACE,...",
        multiple=True,
        callback=names,
        help="Where a copy of it lies.",
    ),
)
_PAUSES = (
    click.option("--interruptible", is_flag=True, help="It may be paused and resumed."),
    click.option(
        "--pause-by",
        type=click.Choice([str(p) for p in PauseBy]),
        default=str(PauseBy.CHECKPOINT),
        show_default=True,
        help="Stop it at a checkpoint, or freeze it where it is.",
    ),
    click.option(
        "--checkpoint-signal",
        metavar="NAME",
        default="USR1",
        show_default=True,
        help="Asks it for a checkpoint; none: it is not asked.",
    ),
    click.option(
        "--grace",
        metavar="SPAN",
        default="60s",
        show_default=True,
        callback=seconds,
        help="Between that signal and being stopped.",
    ),
    click.option(
        "--pause-cost",
        metavar="SPAN",
        default="60s",
        show_default=True,
        callback=seconds,
        help="What a pause and going on again take, at full power.",
    ),
    click.option("--max-pauses", type=click.IntRange(0, 10_000)),
)
_ACCOUNT = (
    click.option("--name", help="What to call it.  [default: the program's name]"),
    click.option(
        "--priority",
        type=click.IntRange(-1_000_000, 1_000_000),
        default=0,
        help="A higher one is served first.",
    ),
    click.option("--project", help="Project to account it to."),
    click.option("--team", help="Team to account it to."),
    click.option(
        "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Free label."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What the options of `job_options` gave; see their helps."""

    deadline: float | None = None
    by: datetime | None = None
    max_delay: float | None = None
    not_before: datetime | None = None
    duration: Bounded | None = None
    power_w: float | None = None
    gpus: int = 0
    cpus: float = 1.0
    memory_gib: float = 0.0
    regions: tuple[str, ...] = ()
    residency: tuple[str, ...] = ()
    workload: str = str(Workload.TRAIN)
    private: bool | None = None
    data_gb: float | None = None
    data_at: tuple[str, ...] = ()
    interruptible: bool = False
    pause_by: str = str(PauseBy.CHECKPOINT)
    checkpoint_signal: str = "USR1"
    grace: float = 60.0
    pause_cost: float = 60.0
    max_pauses: int | None = None
    name: str | None = None
    priority: int = 0
    project: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = field(default=())


def job_options(command: Command) -> Command:
    """Add the options of a job; the command gets them as fields of `JobOptions`."""
    for option in reversed((*_WHEN, *_NEEDS, *_WHERE, *_PAUSES, *_ACCOUNT)):
        command = option(command)
    return command


def spec_of(
    given: JobOptions,
    argv: Sequence[str],
    config: Config,
    sites: Sequence[Site],
    now: datetime,
) -> JobSpec:
    """Return the job that options describe.

    Args:
        given: The options.
        argv: What is to be executed.
        config: For its project, team and tags.
        sites: The places there are.
        now: Aware.

    Raises:
        click.UsageError: they contradict each other, or name what does not exist.
        ConfigError: there is no working folder.
    """
    from greenops.wire.start import run_name

    _check(given)
    name = given.name or run_name(argv)
    return JobSpec(
        name=_named(name),
        argv=_arguments(argv),
        cwd=cwd(),
        user=_user(),
        workload=Workload(given.workload),
        duration_s=given.duration,
        power_w=given.power_w,
        gpus=given.gpus,
        cpus=given.cpus,
        memory_gib=given.memory_gib,
        earliest=given.not_before,
        deadline=_deadline(given, now),
        max_delay_s=given.max_delay,
        interruptible=given.interruptible,
        pause_by=PauseBy(given.pause_by),
        pausing=_pausing(given),
        checkpoint_signal=_signal(given.checkpoint_signal),
        grace_s=given.grace,
        datasets=_datasets(given, sites),
        places=places_named(given.regions, sites),
        needs_tags=_tags_of(given.residency, sites),
        private=given.private,
        priority=given.priority,
        project=given.project or config.project,
        team=given.team or config.team,
        tags={**config.tags, **dict(_label(t) for t in given.tags)},
    )


def places_named(
    regions: Sequence[str], sites: Sequence[Site]
) -> frozenset[str] | None:
    """Return the places that are called so, or lie in zones called so; None: any.

    Raises:
        click.UsageError: there is none; names those that are near.
    """
    if not regions:
        return None
    found: set[str] = set()
    for region in regions:
        here = {s.place.name for s in sites if region in (s.place.name, s.place.zone)}
        found |= here or _in_zone(region, sites)
    return frozenset(found)


def _in_zone(region: str, sites: Sequence[Site]) -> set[str]:
    from greenops.signals.zones import resolve_zone

    try:
        code = resolve_zone(region).code
    except ConfigError:
        code = ""
    if here := {s.place.name for s in sites if s.place.zone == code}:
        return here
    known = sorted({n for s in sites for n in (s.place.name, s.place.zone)})
    near = get_close_matches(region, known, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else ""
    there = f"there are {', '.join(known[:20])} (`greenops places`)"
    raise click.UsageError(f"no place or zone {region!r}; {hint or there}")


def _check(given: JobOptions) -> None:
    limits = (given.deadline, given.by, given.max_delay)
    if sum(limit is not None for limit in limits) > 1:
        raise click.UsageError("give one of --deadline, --by and --max-delay")
    if given.deadline is not None and given.deadline <= 0.0:
        raise click.UsageError("--deadline must lie ahead; try 24h")
    if (given.data_gb is None) != (not given.data_at):
        raise click.UsageError("--data-gb and --data-at go together")


def _deadline(given: JobOptions, now: datetime) -> datetime | None:
    if given.by is None:
        after = given.deadline
        return None if after is None else now + timedelta(seconds=after)
    if given.by <= now:
        raise click.UsageError(
            f"--by {given.by.astimezone():%Y-%m-%d %H:%M} has passed"
        )
    return given.by


def _named(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise click.UsageError(
            f"the name has {len(name)} characters, of which {LONGEST_NAME} are kept"
            " at most; give a shorter one with --name"
        )
    return name


def _arguments(argv: Sequence[str]) -> tuple[str, ...]:
    if any("\0" in a for a in argv):
        raise click.UsageError("an argument holds a NUL character")
    return tuple(argv)


def cwd() -> str:
    """Return the working folder.

    Raises:
        ConfigError: it is gone.
    """
    try:
        return str(Path.cwd())
    except OSError as e:
        raise ConfigError(
            "the working folder is gone; change to one that is there, for the job to"
            " run in"
        ) from e


def _user() -> str:
    from greenops.tracking.identity import user_name

    return user_name()


def _signal(name: str) -> str:
    import signal

    plain = name.strip().upper().removeprefix("SIG")
    if plain in ("", "NONE"):
        return ""
    if plain in ("KILL", "STOP") or f"SIG{plain}" not in signal.Signals.__members__:
        raise click.UsageError(
            f"--checkpoint-signal {name!r} is none that a program can take; try USR1"
        )
    return plain


def _pausing(given: JobOptions) -> Pausing:
    if not given.interruptible:
        return Pausing()
    return Pausing(resume_s=given.pause_cost, max_pauses=given.max_pauses)


def _datasets(given: JobOptions, sites: Sequence[Site]) -> tuple[Dataset, ...]:
    if given.data_gb is None:
        return ()
    at = places_named(given.data_at, sites) or frozenset()
    return (Dataset(name="data", size_gb=given.data_gb, at=at),)


def _tags_of(tags: Sequence[str], sites: Sequence[Site]) -> frozenset[str]:
    known = {tag for site in sites for tag in site.place.tags}
    for tag in tags:
        if tag not in known:
            there = f"there are {', '.join(sorted(known))}" if known else "none has any"
            raise click.UsageError(
                f"no place bears the tag {tag!r}; {there}: `tags` in the file of places"
            )
    return frozenset(tags)


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f"--tag needs KEY=VALUE, not {text!r}")
    return key, value


def given_of(options: dict[str, Any]) -> JobOptions:
    """Return the options of a job out of those of a command, which keeps the others."""
    return JobOptions(**{k: options.pop(k) for k in JobOptions.__dataclass_fields__})


def environment() -> dict[bytes, bytes]:
    """Return the environment as the kernel has it."""
    return dict(os.environb)


def utc_now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)
