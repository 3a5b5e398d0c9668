"""`greenops submit`: hand over a job that runs when power is clean."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenops.cli.job_options import job_options, wanted_of
from greenops.cli.store import configured

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from greenops.wire.submit import Submitter
    from greenops.wire.submitted import Asked, Submitted


def _complete_file(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


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
@click.argument(
    "command", nargs=-1, type=click.UNPROCESSED, shell_complete=_complete_file
)
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
    if held and now:
        raise click.UsageError("--hold and --now contradict each other")
    if wait and (held or dry_run):
        raise click.UsageError("--wait goes with neither --hold nor --dry-run")
    environ = dict(os.environb)
    # Threads that numpy starts for large matrices: none are here, and they take 25 ms.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from greenops.wire.submit import Submitter
    from greenops.wire.submitted import How

    how = How(held=held, now=now, dry_run=dry_run)
    with Submitter(configured(), environ) as submitter:
        jobs = _jobs(command, job_file, options, submitter)
        if wait and len(jobs) > 1:
            raise click.UsageError("--wait waits for one job; the file holds several")
        done = []
        try:
            for spec, env in jobs:
                done.append(submitter.submit(spec, how, more=env))
        finally:
            _tell(done, dry_run=dry_run, as_json=as_json, several=len(jobs) > 1)
    if wait:
        from greenops.cli.job_wait import wait_for

        sys.exit(wait_for(done[0].job_id))


def _jobs(
    command: tuple[str, ...],
    job_file: Path | None,
    options: dict[str, Any],
    submitter: "Submitter",
) -> "list[Asked]":
    """Return the jobs that are asked for.

    Raises:
        click.UsageError: there is no command, or one beside a file.
        ConfigError: something asked for does not exist.
    """
    from greenops.wire.runnable import working_folder

    config, sites = submitter.config, submitter.sites
    if job_file is None:
        return [_job(command, options, submitter)]
    if command:
        raise click.UsageError("give a command or -f FILE, not both")
    if stray := _stated(options):
        raise click.UsageError(f"with -f these stand in the file: {', '.join(stray)}")
    from greenops.wire.submit_file import jobs_in

    return jobs_in(job_file, config, sites, cwd=working_folder())


def _job(
    command: tuple[str, ...], options: dict[str, Any], submitter: "Submitter"
) -> "Asked":
    from greenops.wire.region import places_named
    from greenops.wire.runnable import runnable, runs_here, working_folder
    from greenops.wire.wanted import spec_of

    wanted = wanted_of(options)
    _check_options(command)
    cwd = working_folder()
    sites = submitter.sites
    here = runs_here(places_named(wanted.regions, sites), sites)
    argv = runnable(command, cwd, path=os.environ.get("PATH"), here=here)
    return spec_of(wanted, argv, submitter.config, sites, cwd=cwd), {}


def _check_options(command: tuple[str, ...]) -> None:
    """Refuse what was meant for an option of ours, and would be run as a program.

    Raises:
        click.UsageError: the command begins with a dash; names what is near.
    """
    if not command or not command[0].startswith("-"):
        return
    from difflib import get_close_matches

    params = click.get_current_context().command.params
    known = [name for param in params for name in param.opts if name[0] == "-"]
    first = command[0].partition("=")[0][:60]
    near = get_close_matches(first, known, n=2)
    hint = f"Did you mean {' or '.join(near)}?" if near else "See --help."
    raise click.UsageError(f"No such option: {first}. {hint}")


def _stated(options: dict[str, Any]) -> list[str]:
    """Return the options of a job that somebody gave."""
    context = click.get_current_context()
    given = click.core.ParameterSource.COMMANDLINE
    return sorted(n for n in options if context.get_parameter_source(n) is given)


def _tell(
    done: "list[Submitted]", *, dry_run: bool, as_json: bool, several: bool
) -> None:
    if not done:
        return
    from greenops.cli.submit_screen import submitted_lines, submitted_to_dict

    if as_json:
        found = [submitted_to_dict(each, dry_run=dry_run) for each in done]
        click.echo(json.dumps(found if several else found[0], indent=2))
        return
    from greenops.cli.text import stdout_look
    from greenops.report.text import safe

    look = stdout_look()
    for each in done:
        for line in submitted_lines(each, look, dry_run=dry_run):
            click.echo(line)
    for note in dict.fromkeys(note for each in done for note in each.notes):
        click.echo(f"greenops: {safe(note)}", err=True)
    if not (dry_run or done[0].daemon):
        click.echo(
            "greenops: no daemon works on this ledger, so nothing starts yet: run"
            " `greenops daemon --detach`, or `greenops daemon install`",
            err=True,
        )
