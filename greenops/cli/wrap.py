"""`greenops wrap`: run a command as it is, and say what it cost.

The command is started before anything heavy is imported: keep it so. What is needed
to measure loads in a thread while the command already runs.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from greenops.config import Config, load_config_leniently
from greenops.tracking.outcome import EXIT_NOT_FOUND, CommandError, Ended
from greenops.wire.start import start_job

if TYPE_CHECKING:
    from greenops.tracking.loop import Background
    from greenops.tracking.recording import Recording

BEGIN_WITHIN_S = 5.0
LIMITS = ("deadline", "by", "max_delay", "duration")
"""Options that say how long a command may wait, all of `--when-green`."""


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.option("--name", help="What to call the run.  [default: the program's name]")
@click.option("--project", help="Project to account the run to.")
@click.option("--team", help="Team to account the run to.")
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Free label; repeatable."
)
@click.option("--zone", help="Grid zone, such as FR, US-CA or eu-north-1.")
@click.option("--pue", type=float, help="Power usage effectiveness, at least 1.")
@click.option("--interval", type=float, help="Seconds between samples.  [default: 1]")
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False),
    help="Also write the result to this file.",
)
@click.option("--quiet", is_flag=True, help="Print no summary.")
@click.option(
    "--when-green", is_flag=True, help="Wait for clean hours first; within a day, or"
)
@click.option("--deadline", metavar="SPAN", help="... to be done within: 6h,")
@click.option("--by", metavar="WHEN", help="... to be done by: 2026-12-01T08:00,")
@click.option("--max-delay", metavar="SPAN", help="... to start within: 3h.")
@click.option("--duration", metavar="SPAN", help="How long it runs: 2h, or 1h..3h.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def wrap(
    command: tuple[str, ...],
    tags: tuple[str, ...],
    json_path: str | None,
    name: str | None,
    *,
    when_green: bool,
    **options: str | float | bool | None,
) -> NoReturn:
    """Run COMMAND and measure its energy and emissions.

    COMMAND is a Python script (`train.py --epochs 3`) or, after `--`, any command.
    Its output, its signals and its exit status are those of the bare command; the
    summary goes to standard error.
    """
    config, complaints = load_config_leniently(environ=os.environ, cwd=_cwd())
    limits = {name: options.pop(name) for name in LIMITS}
    config = _with_options(config, options, tags)
    if json_path is not None:
        _check_writable(Path(json_path))
    if when_green:
        from greenops.cli.when_green import wait_then_wrap

        wait_then_wrap(config, command, limits, name=name)
    if stray := [n for n, given in limits.items() if given is not None]:
        raise click.UsageError(
            f"--{stray[0].replace('_', '-')} goes with --when-green; a command that is"
            " wrapped starts at once"
        )
    try:
        ended = run_measured(
            config,
            resolved(command),
            name=name,
            json_path=json_path,
            complaints=complaints,
        )
    except CommandError as e:
        from greenops.report.text import safe

        click.echo(f"greenops wrap: {safe(str(e))}", err=True)
        sys.exit(e.exit_code)
    leave_as(ended)


def _cwd() -> Path:
    try:
        return Path.cwd()
    except OSError:  # the folder is gone; the command may not mind
        return Path(os.sep)


def _with_options(
    config: Config,
    options: Mapping[str, str | float | bool | None],
    tags: Sequence[str],
) -> Config:
    given: dict[str, object] = {
        k: v for k, v in options.items() if v is not None and v is not False
    }
    if "interval" in given:
        given["interval_s"] = given.pop("interval")
    if tags:
        given["tags"] = {**config.tags, **dict(_tag(t) for t in tags)}
    if "zone" in given:
        from greenops.signals.zones import resolve_zone

        resolve_zone(
            str(given["zone"])
        )  # a typing error is worth a stop before it runs
    return config.with_options(given)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f"--tag needs KEY=VALUE, not {text!r}")
    return key, value


def resolved(command: Sequence[str]) -> list[str]:
    """Return the argument vector to execute: a `.py` runs under this very Python.

    Raises:
        click.UsageError: no command was given.
        CommandError: the script does not exist.
    """
    if not command or not command[0]:
        raise click.UsageError(
            "no command given; try `greenops wrap train.py` or `greenops wrap -- make`"
        )
    first = command[0]
    if not first.endswith(".py") or (os.sep not in first and shutil.which(first)):
        return list(command)
    if not Path(first).exists():
        raise CommandError(f"{first}: no such script", EXIT_NOT_FOUND)
    return [sys.executable, *command]


def _check_writable(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise click.UsageError(f"--json: there is no folder {folder}")


def run_measured(
    config: Config,
    argv: Sequence[str],
    *,
    name: str | None = None,
    json_path: str | None = None,
    complaints: Sequence[str] = (),
) -> Ended:
    """Run `argv` to its end, measured; print and write what came of it.

    Raises:
        CommandError: the command could not be started.
    """
    job = start_job(config, argv, name=name)
    # The job runs. From here on there is time.
    begun = job.record()
    ended = job.child.wait()
    account(begun, ended, config, json_path=json_path, complaints=complaints)
    return ended


def account(
    begun: "Background[Recording]",
    ended: Ended,
    config: Config,
    *,
    json_path: str | None = None,
    complaints: Sequence[str] = (),
) -> bool:
    """Conclude a measurement and tell what came of it; return whether it stands.

    Never raises: the job's exit status outranks our faults.
    """
    try:
        _account(begun, ended, config, json_path=json_path, complaints=complaints)
    except Exception as e:  # noqa: BLE001 - as said above
        from greenops.cli.outcome import say

        say(f"greenops: not measured: {e!r}; see `greenops doctor`")
        return False
    return True


def _account(
    begun: "Background[Recording]",
    ended: Ended,
    config: Config,
    *,
    json_path: str | None,
    complaints: Sequence[str],
) -> None:
    """Conclude the measurement of a command that has ended, and tell what came of it.

    Raises:
        Exception: whatever kept it from being measured.
    """
    recording = begun.result(BEGIN_WITHIN_S)
    result = recording if isinstance(recording, Exception) else recording.finish(ended)
    if isinstance(result, Exception):
        raise result
    from greenops.cli.outcome import tell

    tell(result, config, json_path=json_path, complaints=complaints)


def leave_as(ended: Ended) -> NoReturn:
    """End this process exactly as the child ended."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue
    if ended.exit_signal is None:
        os._exit(ended.exit_code or 0)
    if sys.platform == "win32":
        os._exit(128 + ended.exit_signal)
    from greenops.tracking.child import die_of

    die_of(ended.exit_signal)
