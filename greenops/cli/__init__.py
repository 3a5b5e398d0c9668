"""The command line. Each command is its own module, imported when it is called."""

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from greenops.errors import (
    ConfigError,
    GreenopsError,
    JobNotFoundError,
    JobRefusedError,
    RunNotFoundError,
)

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# The helps stand here so that `greenops --help` imports no command.
COMMANDS = {
    "wrap": "Run a command and measure its energy and carbon.",
    "runs": "List measured runs.",
    "show": "Show one run: devices, phases, quality, timeline.",
    "compare": "Compare runs, with a verdict on what differs.",
    "export": "Write runs or samples as CSV, JSON or Parquet.",
    "restate": "Compute past emissions anew with the grid's revised figures.",
    "rm": "Delete runs from the ledger.",
    "intensity": "Show how clean power is in this hour, here or elsewhere.",
    "forecast": "Forecast how clean power will be, with bands.",
    "plan": "Plan where and when jobs should run, and say why.",
    "submit": "Hand over a job that runs when power is clean, within its deadline.",
    "jobs": "List submitted jobs: how they stand, when they start, what they save.",
    "job": "Show one job: its life, every decision with its reason, its runs.",
    "logs": "Show what a job wrote, also while it runs.",
    "cancel": "End jobs for good.",
    "hold": "Keep jobs from running until they are released.",
    "release": "Let held jobs wait for their time again.",
    "run-now": "Run jobs at once, whatever the hours are like.",
    "places": "List where jobs may run, what is free there, how clean it is.",
    "daemon": "Hold, start and pause submitted jobs; sample this node.",
    "zones": "Find grid zones, and what each provider calls them.",
    "doctor": "Check sensors, data and ledger; say how to fix them.",
    "crosscheck": "Measure a command beside codecarbon and explain the gap.",
    "calibrate": "Fit the CPU power model to this machine's meter.",
    "config": "Show the settings in force and where they come from.",
    "completion": "Print a completion script for bash, zsh or fish.",
}
HELP = """Measure what a training job costs in energy and carbon.

\b
greenops wrap train.py --epochs 3   run and measure it
greenops show last                  see where the energy went
greenops doctor                     see what can be measured here
"""


BAD_INPUT = (ConfigError, JobNotFoundError, JobRefusedError, RunNotFoundError)


class Failure(click.ClickException):
    """An error greenops raised on purpose, in plain lines on standard error."""

    exit_code = 1

    def show(self, file: object = None) -> None:
        """Print the message; what it quotes cannot act on the terminal."""
        from greenops.report.text import safe

        del file
        for line in self.message.splitlines() or [""]:
            click.echo(f"greenops: {safe(line)}", err=True)


class BadInput(Failure):
    """What the user asked for cannot be; exit status 2 as for any usage error."""

    exit_code = 2


class LazyGroup(click.Group):
    """Commands by name, imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order people meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None for a name that is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command = getattr(import_module(f"{__name__}.{name}"), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail with names that are near."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the table of commands without importing one."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> "list[CompletionItem]":
        """Complete command names without importing one."""
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=text)
            for name, text in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names or super().shell_complete(ctx, incomplete)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what greenops raised on purpose becomes one line."""
        try:
            return super().invoke(ctx)
        except BAD_INPUT as e:
            raise BadInput(str(e)) from e
        except GreenopsError as e:
            raise Failure(str(e)) from e


def _print_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click calls it by position
    if asked:
        from importlib.metadata import version

        click.echo(f"greenops {version('greenops')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
    help=HELP,
    epilog="`greenops COMMAND --help` explains one command.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version and exit.",
)
def cli() -> None:
    """Measure what a training job costs in energy and carbon."""


def main() -> None:
    """Run the command line; a reader that goes away early is no error."""
    try:
        try:
            cli(prog_name="greenops")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_standard_output()
        sys.exit(1)
    except OSError as e:  # such as a full disk under the output
        _drop_standard_output()
        Failure(": ".join(str(p) for p in (e.filename, e.strerror) if p)).show()
        sys.exit(1)


def _drop_standard_output() -> None:
    """Keep Python from complaining when it flushes a broken stream at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
