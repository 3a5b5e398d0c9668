"""What somebody wants run, checked and made into a job.

The command line and the Python interface ask for the same things in the same names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf

from greenops.agent.planning import Site
from greenops.config import Config
from greenops.errors import ConfigError
from greenops.jobspec.plain import LONGEST_NAME, plain_line, signal_name
from greenops.model import Bounded, Dataset, JobSpec, PauseBy, Pausing, Workload
from greenops.tracking.identity import user_name
from greenops.wire.region import places_named, tags_known

LONGEST_COMMAND = 1 << 20
LONGEST_ARGUMENT = 1 << 17
"""Characters of a command, and of one argument of it; Linux takes no more of either.

Source: execve(2): 128 KiB an argument (MAX_ARG_STRLEN), 2 MiB with the environment."""
MOST_TAGS = 64
LONGEST_S = 366 * 86400.0
_LARGEST = {
    "power_w": 1e9,
    "gpus": 1e6,
    "cpus": 1e6,
    "memory_gib": float(1 << 20),
    "data_gb": 1e9,
    "max_delay_s": LONGEST_S,
    "grace_s": LONGEST_S,
    "pause_cost_s": LONGEST_S,
}
"""Nothing anybody asks for is larger: a slip of the keyboard is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A job, as far as its owner says.

    Attributes:
        name: None: that of its script or program.
        deadline: It is done by then, or so long from now.
        max_delay_s: In place of it: so long its start may be put off.
        earliest: It starts then or later.
        duration_s: Of running, in s, with bounds where it varies.
        regions: Names of places, or grid zones, it may run in; empty: any.
        residency: Tags that a place must bear.
        private: Private capacity, or public; None: by the kind of work.
        data_gb: What it reads; lies at `data_at`.
        checkpoint_signal: Such as `USR1`; empty or `none`: it understands none.
        pause_cost_s: What going on again takes, at full power.
    """

    name: str | None = None
    deadline: datetime | timedelta | None = None
    max_delay_s: float | None = None
    earliest: datetime | None = None
    duration_s: float | Bounded | None = None
    power_w: float | None = None
    gpus: int = 0
    cpus: float = 1.0
    memory_gib: float = 0.0
    regions: Sequence[str] = ()
    residency: Sequence[str] = ()
    workload: str = str(Workload.TRAIN)
    private: bool | None = None
    data_gb: float | None = None
    data_at: Sequence[str] = ()
    interruptible: bool = False
    pause_by: str = str(PauseBy.CHECKPOINT)
    checkpoint_signal: str = "USR1"
    grace_s: float = 60.0
    pause_cost_s: float = 60.0
    max_pauses: int | None = None
    priority: int = 0
    project: str | None = None
    team: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def spec_of(
    wanted: Wanted,
    argv: Sequence[str],
    config: Config,
    sites: Sequence[Site],
    *,
    cwd: str,
    now: datetime | None = None,
) -> JobSpec:
    """Return the job that is wanted.

    Args:
        wanted: What is known of it.
        argv: What is to be executed.
        config: For its project, team and tags.
        sites: The places there are.
        cwd: Where it runs.
        now: Aware; None: now.

    Raises:
        ConfigError: something contradicts itself, or names what does not exist.
    """
    from greenops.wire.start import run_name

    _check(wanted)
    earliest = _aware("earliest", wanted.earliest)
    # A script may be called anything; a name that somebody gives is theirs to correct.
    name = wanted.name or _plain(run_name(argv))[:LONGEST_NAME]
    try:
        return JobSpec(
            name=plain_line("name", name),
            argv=_arguments(argv),
            cwd=cwd,
            user=user_name(),
            workload=Workload(wanted.workload),
            duration_s=_duration(wanted.duration_s),
            power_w=wanted.power_w,
            gpus=wanted.gpus,
            cpus=wanted.cpus,
            memory_gib=wanted.memory_gib,
            earliest=earliest,
            deadline=_deadline(wanted.deadline, now or datetime.now(UTC), earliest),
            max_delay_s=wanted.max_delay_s,
            interruptible=wanted.interruptible,
            pause_by=PauseBy(wanted.pause_by),
            pausing=_pausing(wanted),
            checkpoint_signal=signal_name(wanted.checkpoint_signal),
            grace_s=wanted.grace_s,
            datasets=_datasets(wanted, sites),
            places=places_named(wanted.regions, sites),
            needs_tags=tags_known(wanted.residency, sites),
            private=wanted.private,
            priority=wanted.priority,
            project=_account("project", wanted.project, config.project),
            team=_account("team", wanted.team, config.team),
            tags=_tags({**config.tags, **wanted.tags}),
        )
    except (ValueError, TypeError) as e:  # what the record itself does not take
        raise ConfigError(str(e)) from e


def _check(wanted: Wanted) -> None:
    if wanted.deadline is not None and wanted.max_delay_s is not None:
        raise ConfigError("give a deadline or a longest delay, not both")
    if (wanted.data_gb is None) != (not wanted.data_at):
        raise ConfigError("data: its size and where it lies go together")
    for name, most in _LARGEST.items():
        given = getattr(wanted, name)
        if given is None:
            continue
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise ConfigError(f"{name} = {given!r:.60}: must be a number")
        if not 0.0 <= given <= most:
            raise ConfigError(f"{name} = {given:g}: must be within 0 and {most:g}")
    if wanted.gpus != int(wanted.gpus):
        raise ConfigError(f"gpus = {wanted.gpus:g}: must be a whole number")


def _deadline(
    given: datetime | timedelta | None, now: datetime, earliest: datetime | None
) -> datetime | None:
    if isinstance(given, timedelta):
        if not timedelta(0) < given <= timedelta(seconds=LONGEST_S):
            raise ConfigError("the deadline must lie ahead, within a year; such as 24h")
        return now + given
    deadline = _aware("deadline", given)
    if deadline is None:
        return None
    if deadline <= now:
        raise ConfigError(
            f"the deadline {deadline.astimezone():%Y-%m-%d %H:%M} has passed; it is"
            f" {now.astimezone():%Y-%m-%d %H:%M}"
        )
    if earliest is not None and deadline <= earliest:
        raise ConfigError("the deadline is not after the earliest start")
    return deadline


def _aware(what: str, given: datetime | None) -> datetime | None:
    if given is None:
        return None
    if not isinstance(given, datetime):
        raise ConfigError(f"{what} {given!r:.60}: must be a datetime")
    if given.tzinfo is None:
        raise ConfigError(
            f"{what} {given} has no time zone; say which, such as by .astimezone()"
        )
    return given


def _duration(given: float | Bounded | None) -> Bounded | None:
    if given is None:
        return None
    if isinstance(given, Bounded):
        lasts = given
    elif given > 0.0:
        lasts = Bounded(central=given, low=given, high=given)
    else:
        raise ConfigError("the duration must be above 0 s")
    if not 0.0 < lasts.low <= lasts.central <= lasts.high < inf:
        raise ConfigError("the duration must be above 0 s, its low end first")
    if lasts.high > LONGEST_S:
        raise ConfigError("the duration is more than a year")
    return lasts


def _arguments(argv: Sequence[str]) -> tuple[str, ...]:
    if any("\0" in a for a in argv):
        raise ConfigError("an argument holds a NUL character, which no command takes")
    longest = max(map(len, argv))
    if longest > LONGEST_ARGUMENT or sum(map(len, argv)) > LONGEST_COMMAND:
        raise ConfigError(
            f"the command has {sum(map(len, argv))} characters, {longest} in one"
            f" argument; {LONGEST_COMMAND} and {LONGEST_ARGUMENT} are taken at most:"
            " pass the rest in a file"
        )
    return tuple(argv)


def _pausing(wanted: Wanted) -> Pausing:
    if not wanted.interruptible:
        return Pausing()
    return Pausing(resume_s=wanted.pause_cost_s, max_pauses=wanted.max_pauses)


def _datasets(wanted: Wanted, sites: Sequence[Site]) -> tuple[Dataset, ...]:
    if wanted.data_gb is None:
        return ()
    at = places_named(wanted.data_at, sites) or frozenset()
    return (Dataset(name="data", size_gb=wanted.data_gb, at=at),)


def _account(what: str, given: str | None, configured: str | None) -> str | None:
    name = given or configured
    return None if name is None else plain_line(what, name)


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise ConfigError(f"{len(tags)} tags; {MOST_TAGS} are kept at most")
    return {plain_line("tag", k): plain_line(f"tag {k}", v) for k, v in tags.items()}


def _plain(given: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in given) or "?"
