"""`greenops wrap --when-green`: wait for the hour of a command, then wrap it."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from greenops.cli.amounts import ahead, between, seconds
from greenops.config import Config
from greenops.tracking.outcome import CommandError

if TYPE_CHECKING:
    from greenops.agent.when_green import Look
    from greenops.wire.wanted import Wanted

INTERRUPTED = 130
T = TypeVar("T")


def wait_then_wrap(
    config: Config,
    command: Sequence[str],
    limits: Mapping[str, object],
    *,
    name: str | None,
) -> NoReturn:
    """Wait for clean hours; begin again as a wrap that does not wait.

    Args:
        config: The settings in force.
        command: As it was given.
        limits: `deadline`, `by`, `max_delay` and `duration`, as they were given.
        name: What it is called; None: as its program.

    Raises:
        click.UsageError: a limit is none, or contradicts another; no such script.
        GreenopsError: the deadline cannot be met.
    """
    from greenops.cli.wrap import resolved

    try:
        argv = resolved(command)  # what cannot start is told now
    except CommandError as e:
        raise click.UsageError(str(e)) from e
    _wait(config, _wanted(limits, name), argv)
    wrap_anew(_options_again(click.get_current_context()), command)


def _wait(config: Config, wanted: "Wanted", argv: Sequence[str]) -> None:
    from greenops.report.text import safe
    from greenops.wire.when_green import wait_when_green

    def say(look: "Look") -> None:
        if not config.quiet:
            click.echo(f"greenops: {_words(look)}", err=True)

    try:
        began = wait_when_green(config, wanted, argv, say)
    except KeyboardInterrupt:
        click.echo("greenops: the waiting was ended; nothing was started", err=True)
        sys.exit(INTERRUPTED)
    if not config.quiet:
        click.echo(f"greenops: starts now: {safe(began.why)}", err=True)


def wrap_anew(options: Sequence[str], command: Sequence[str]) -> NoReturn:
    """Become `greenops wrap` with these options.

    What planning has loaded, and the threads that it started, have no business beside
    a job that is measured: this process begins again, under the same number.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    argv = [sys.executable, "-P", "-m", "greenops", "wrap", *options, "--", *command]
    os.execv(sys.executable, argv)  # noqa: S606 - ourselves


def _options_again(context: click.Context) -> list[str]:
    """Return the options of a wrap as they were given, without those of waiting."""
    from greenops.cli.wrap import LIMITS

    words: list[str] = []
    for param in context.command.params:
        given = context.params.get(param.name or "")
        skipped = param.name in {*LIMITS, "when_green", "command"}
        if skipped or given is None or given is False:
            continue
        for value in given if isinstance(given, tuple) else (given,):
            words += [param.opts[0]] if value is True else [param.opts[0], str(value)]
    return words


def _wanted(limits: Mapping[str, object], name: str | None) -> "Wanted":
    from datetime import timedelta

    from greenops.wire.wanted import Wanted

    def read(callback: Callable[..., T], what: str) -> T | None:
        context, given = click.get_current_context(), limits[what]
        param = next(p for p in context.command.params if p.name == what)
        return None if given is None else callback(context, param, str(given))

    after_s, by = read(seconds, "deadline"), read(ahead, "by")
    delay_s = read(seconds, "max_delay")
    if sum(limit is not None for limit in (after_s, by, delay_s)) > 1:
        raise click.UsageError("give one of --deadline, --by and --max-delay")
    return Wanted(
        name=name,
        deadline=by if after_s is None else timedelta(seconds=after_s),
        max_delay_s=delay_s,
        duration_s=read(between, "duration"),
        private=True,  # it runs here, whatever is free elsewhere
    )


def _words(look: "Look") -> str:
    from greenops.report.text import mass, safe

    saves = ""
    if look.saved_g is not None and look.saved_g > 0.0:
        saves = f", which saves about {mass(look.saved_g)}"
    at = f"{look.start.astimezone():%a %d %b %H:%M}"
    return (
        f"waits until {at}{saves}: {safe(look.why)} Ctrl-C ends the waiting and starts"
        " nothing."
    )
