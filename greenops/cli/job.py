"""`greenops job`: one submitted job in full."""

import json

import click

from greenops.cli.store import complete_job, configured, ledger_path
from greenops.cli.text import stdout_look
from greenops.report.job_facts import WholeJob


@click.command()
@click.argument("job", default="last", shell_complete=complete_job)
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
def job(*, job: str, as_json: bool) -> None:
    """Show JOB: its life, every decision with its reason, its runs, what it saved.

    JOB is an id, the start of one, a name, or `last`.
    """
    whole = load_job(job)
    if as_json:
        from greenops.report.job_document import job_to_dict

        click.echo(json.dumps(job_to_dict(whole), indent=2))
        return
    from greenops.cli.job_screen import job_lines

    click.echo("\n".join(job_lines(whole, stdout_look())))


def load_job(name: str) -> WholeJob:
    """Return all that is known of a job.

    Raises:
        JobNotFoundError: there is none; carries near matches.
        LedgerError: the ledger cannot be read.
    """
    from greenops.executors.job_folder import LOG
    from greenops.ledger.job_query import JobLedger
    from greenops.wire.folders import jobs_folder

    config = configured()
    jobs = JobLedger(ledger_path(config))
    try:
        job_id, spec, events = jobs.job(name)
        return WholeJob(
            job_id=job_id,
            spec=spec,
            events=events,
            decisions=jobs.decisions(job_id),
            runs=jobs.attempt_runs(job_id),
            outcomes=jobs.outcomes(job_id),
            log=str(jobs_folder(config) / job_id / LOG),
        )
    finally:
        jobs.close()
