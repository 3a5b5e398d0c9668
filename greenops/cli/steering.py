"""The commands that ask something of jobs: they differ in what they ask."""

import json
import sys
from typing import TYPE_CHECKING

import click

from greenops.cli.store import complete_job, configured
from greenops.model import RequestKind

if TYPE_CHECKING:
    from greenops.wire.steer import Outcome


def steering(kind: RequestKind, text: str) -> click.Command:
    """Return the command that asks one thing of jobs.

    Args:
        kind: What is asked; the command is called so.
        text: Its help.
    """

    @click.command(name=str(kind), help=text)
    @click.argument(
        "jobs",
        nargs=-1,
        required=True,
        metavar="JOB...",
        shell_complete=complete_job,
    )
    @click.option("--no-wait", is_flag=True, help="Do not wait for the daemon's word.")
    @click.option("--json", "as_json", is_flag=True, help="As JSON.")
    def command(*, jobs: tuple[str, ...], no_wait: bool, as_json: bool) -> None:
        from greenops.report.text import safe
        from greenops.wire.steer import WAIT_S, Steering

        works = Steering(configured(), wait_s=0.0 if no_wait else WAIT_S)
        found = []
        try:
            for outcome in works.ask(jobs, kind):
                found.append(outcome)
                if not as_json:
                    click.echo(f"job {outcome.job_id}: {safe(outcome.words)}")
        finally:
            works.close()
        if as_json:
            click.echo(json.dumps([_to_dict(o, kind) for o in found], indent=2))
        if any(o.done is False for o in found):
            sys.exit(1)

    return command


def _to_dict(outcome: "Outcome", kind: RequestKind) -> dict[str, object]:
    return {
        "job_id": outcome.job_id,
        "asked": str(kind),
        "done": outcome.done,
        "answer": outcome.words,
    }
