"""`greenops submit`: hand over a job that runs when power is clean."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenops.cli.job_options import (
    cwd,
    environment,
    given_of,
    job_options,
    spec_of,
    utc_now,
)
from greenops.cli.store import configured
from greenops.cli.wrap import resolved
from greenops.tracking.outcome import CommandError

if TYPE_CHECKING:
    from greenops.model import JobSpec
    from greenops.wire.submit import Submitted, Submitter


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@job_options
@click.option(
    "-f",
    "--file",
    "job_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Jobs in TOML, in place of COMMAND and the options above.",
)
@click.option("--hold", "held", is_flag=True, help="Wait for `greenops release`.")
@click.option("--now", is_flag=True, help="Run at once, whatever the hours are like.")
@click.option("--dry-run", is_flag=True, help="Say the plan, write nothing.")
@click.option(
    "--wait", is_flag=True, help="Show its output, and end with its exit status."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def submit(
    command: tuple[str, ...],
    job_file: Path | None,
    *,
    held: bool,
    now: bool,
    dry_run: bool,
    wait: bool,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - those of `job_options`
) -> None:
    """Hand over COMMAND: it runs when and where power is clean, within its deadline.

    COMMAND is a Python script (`train.py --epochs 3`) or, after `--`, any command. It
    runs in this folder and with this environment. Its id, its plan and the reason are
    printed at once; `greenops daemon` starts it.
    """
    from greenops.wire.submit import How, Submitter

    if held and now:
        raise click.UsageError("--hold and --now contradict each other")
    if wait and (held or dry_run):
        raise click.UsageError("--wait goes with neither --hold nor --dry-run")
    how = How(held=held, now=now, dry_run=dry_run)
    with Submitter(configured(), environment()) as submitter:
        specs = _specs(command, job_file, options, submitter)
        if wait and len(specs) > 1:
            raise click.UsageError("--wait waits for one job; the file holds several")
        done = [submitter.submit(spec, how) for spec in specs]
    _tell(done, how, as_json=as_json)
    if wait:
        from greenops.cli.job_wait import wait_for

        sys.exit(wait_for(done[0].job_id))


def _specs(
    command: tuple[str, ...],
    job_file: Path | None,
    options: dict[str, Any],
    submitter: "Submitter",
) -> "list[JobSpec]":
    """Return the jobs that are asked for.

    Raises:
        click.UsageError: there is no command, or one beside a file.
        ConfigError: the file is wrong.
    """
    given = given_of(options)
    if job_file is None:
        try:
            argv = resolved(command)
        except click.UsageError as e:
            hint = "`greenops submit train.py` or `greenops submit -- make train`"
            raise click.UsageError(f"no command given; try {hint}") from e
        except CommandError as e:
            raise click.UsageError(str(e)) from e
        spec = spec_of(given, argv, submitter.config, submitter.sites, utc_now())
        return [spec]
    if command:
        raise click.UsageError("give a command or -f FILE, not both")
    context = click.get_current_context()
    source = click.core.ParameterSource.COMMANDLINE
    stated = [n for n in context.params if context.get_parameter_source(n) is source]
    if stray := sorted(set(stated) & set(type(given).__dataclass_fields__)):
        raise click.UsageError(f"with -f these stand in the file: {', '.join(stray)}")
    from greenops.wire.submit_file import specs_in

    return specs_in(job_file, submitter.config, submitter.sites, cwd=cwd())


def _tell(done: "list[Submitted]", how: object, *, as_json: bool) -> None:
    from greenops.cli.submit_screen import submitted_lines, submitted_to_dict
    from greenops.cli.text import stdout_look
    from greenops.wire.submit import How

    dry_run = isinstance(how, How) and how.dry_run
    if as_json:
        found = [submitted_to_dict(each, dry_run=dry_run) for each in done]
        click.echo(json.dumps(found[0] if len(found) == 1 else found, indent=2))
        return
    look = stdout_look()
    for each in done:
        for line in submitted_lines(each, look, dry_run=dry_run):
            click.echo(line)
    for note in dict.fromkeys(note for each in done for note in each.notes):
        click.echo(f"greenops: {note}", err=True)
    if not (dry_run or done[0].daemon):
        click.echo(
            "greenops: no daemon works on this ledger, so nothing starts yet: run"
            " `greenops daemon --detach`, or `greenops daemon install`",
            err=True,
        )
