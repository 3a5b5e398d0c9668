"""The ledger as the reading commands see it: opened late, filtered alike."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from greenops.cli.text import moment
from greenops.errors import GreenopsError
from greenops.report.text import safe

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from greenops.config import Config
    from greenops.ledger.query import Ledger

Command = TypeVar("Command", bound=Callable[..., object])
SORTS = ("started", "duration", "energy", "emissions", "name")


def configured() -> "Config":
    """Return the configuration in force.

    Raises:
        ConfigError: something in it is wrong.
    """
    from greenops.config import load_config, working_folder

    return load_config(environ=os.environ, cwd=working_folder())


def ledger_path(config: "Config") -> Path:
    """Return the file that keeps the runs."""
    from greenops.ledger.place import default_path

    return config.ledger_path or default_path()


def at_home(path: Path) -> str:
    """Return a path as people write it, with `~` for their home."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def open_ledger() -> "Ledger":
    """Return the configured ledger, for reading and deleting.

    Raises:
        ConfigError: the configuration is wrong.
        LedgerError: the ledger cannot be opened.
    """
    from greenops.ledger.query import Ledger
    from greenops.wire.tend import tend

    config = configured()
    tend(config)
    return Ledger(ledger_path(config))


def complete_run(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return the newest runs that begin so, by id and by name. Never raises."""
    from click.shell_completion import CompletionItem

    try:
        newest = open_ledger().find_runs(limit=50)
    except (GreenopsError, OSError):
        return []
    found = {"last": ""} | {row.run_id: safe(row.name[:40]) for row in newest}
    # Names that a shell would take apart are left to their ids.
    plain = (row.name for row in newest if row.name.replace(".", "").isalnum())
    found |= dict.fromkeys(plain, "")
    return [
        CompletionItem(text, help=name)
        for text, name in found.items()
        if text.startswith(incomplete)
    ]


def complete_job(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return the jobs that begin so, open ones first, by id and name. Never raises."""
    from click.shell_completion import CompletionItem

    from greenops.ledger.job_query import JobLedger

    try:
        ledger = JobLedger(ledger_path(configured()))
        newest = [*ledger.find_jobs(open_only=True, limit=50)]
        newest += ledger.find_jobs(limit=50)
        ledger.close()
    except (GreenopsError, OSError):
        return []
    found = {"last": ""}
    found |= {line.job_id: f"{line.state} {safe(line.name[:40])}" for line in newest}
    # Names that a shell would take apart are left to their ids.
    plain = (line.name for line in newest if line.name.replace(".", "").isalnum())
    found |= dict.fromkeys(plain, "")
    return [
        CompletionItem(text, help=told)
        for text, told in found.items()
        if text.startswith(incomplete)
    ]


def filters(command: Command) -> Command:
    """Add the options that choose runs; the command gets them by their names."""
    for option in reversed(
        (
            click.option("--project", help="Only runs of this project."),
            click.option("--team", help="Only runs of this team."),
            click.option("--user", help="Only runs of this user."),
            click.option("--name", "name_like", help="Only names that contain this."),
            click.option(
                "--status",
                type=click.Choice(("running", "finished", "failed", "lost")),
                help="Only runs that stand so.",
            ),
            click.option(
                "--tag", metavar="KEY=VALUE", callback=_tag, help="Only runs tagged so."
            ),
            click.option(
                "--since",
                metavar="WHEN",
                callback=moment,
                help="Only runs begun since: 7d, 36h, today, 2026-03-01.",
            ),
            click.option(
                "--until",
                metavar="WHEN",
                callback=moment,
                help="Only runs begun before.",
            ),
        )
    ):
        command = option(command)
    return command


def _tag(
    _ctx: click.Context, _param: click.Parameter, given: str | None
) -> tuple[str, str] | None:
    if given is None:
        return None
    key, equals, content = given.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"write it as KEY=VALUE, not {given!r}")
    return key, content
