"""The options that say what a job is, needs and may."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from greenops.cli.amounts import ahead, between, gib, names, number, seconds
from greenops.cli.place_names import complete_place, complete_tag
from greenops.model import PauseBy, Workload

if TYPE_CHECKING:
    from greenops.wire.wanted import Wanted

Command = TypeVar("Command", bound=Callable[..., object])
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
        "max_delay_s",
        metavar="SPAN",
        callback=seconds,
        help="Start within: 6h.  [default: 24h]",
    ),
    click.option(
        "--not-before",
        "earliest",
        metavar="WHEN",
        callback=ahead,
        help="Start then or later.",
    ),
    click.option(
        "--duration",
        "duration_s",
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
        shell_complete=complete_place,
        multiple=True,
        callback=names,
        help="Places or grid zones it may run in.  [default: all places]",
    ),
    click.option(
        "--residency",
        metavar="TAG,...",
        shell_complete=complete_tag,
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
        shell_complete=complete_place,
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
        "grace_s",
        metavar="SPAN",
        default="60s",
        show_default=True,
        callback=seconds,
        help="Between that signal and being stopped.",
    ),
    click.option(
        "--pause-cost",
        "pause_cost_s",
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


def job_options(command: Command) -> Command:
    """Add the options of a job; the command hands them to `wanted_of`."""
    for option in reversed((*_WHEN, *_NEEDS, *_WHERE, *_PAUSES, *_ACCOUNT)):
        command = option(command)
    return command


def wanted_of(options: dict[str, Any]) -> "Wanted":
    """Return what the options of a job ask for.

    Args:
        options: As the command got them.

    Raises:
        click.UsageError: they contradict each other.
    """
    from greenops.wire.wanted import Wanted

    given = dict(options)
    after_s, by = given.pop("deadline"), given.pop("by")
    limits = (after_s, by, given["max_delay_s"])
    if sum(limit is not None for limit in limits) > 1:
        raise click.UsageError("give one of --deadline, --by and --max-delay")
    deadline: datetime | timedelta | None = by
    if after_s is not None:
        deadline = timedelta(seconds=after_s)
    if (given["data_gb"] is None) != (not given["data_at"]):
        raise click.UsageError("--data-gb and --data-at go together")
    tags = dict(_label(text) for text in given.pop("tags"))
    return Wanted(deadline=deadline, tags=tags, **given)


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f"--tag needs KEY=VALUE, not {text[:60]!r}")
    return key, value
