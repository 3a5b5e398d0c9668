"""`greenops plan`: where and when jobs should run, why, and what that saves."""

import json
import os
import sys
from datetime import datetime
from math import inf
from pathlib import Path

import click

from greenops.cli.store import complete_job, configured
from greenops.cli.text import moment, picture_path, stdout_look
from greenops.model import IntensityKind
from greenops.units import G_PER_KG


def _price(
    _ctx: click.Context, _param: click.Parameter, given: float | None
) -> float | None:
    if given is not None and not 0.0 < given < inf:
        raise click.BadParameter("a price per tonne is above 0, such as 80")
    return given


def _budgets(
    _ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]
) -> dict[str, float]:
    """Return budgets in g by project; one without a name is of jobs without one."""
    budgets_g = {}
    for text in given:
        project, _, amount = text.rpartition("=")
        try:
            kg = float(amount)
        except ValueError:
            kg = -1.0
        if not 0.0 <= kg < inf:
            raise click.BadParameter(f"{text!r} is no budget; try vision=12.5 or 12.5")
        budgets_g[project.strip()] = kg * G_PER_KG
    return budgets_g


@click.command()
@click.argument("job", required=False, shell_complete=complete_job)
@click.option(
    "--job",
    "job_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What is to run: one job or several, in TOML.",
)
@click.option(
    "--places",
    "places_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where it may run, in TOML.",
)
@click.option(
    "--replay",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Plan at a past moment with recorded hours; say what came of it.",
)
@click.option(
    "--at",
    metavar="WHEN",
    callback=moment,
    help="That moment: 2021-09-06T08:00Z.  [default: the jobs' earliest start]",
)
@click.option(
    "--carbon-price",
    metavar="PRICE",
    type=float,
    callback=_price,
    help="What a tonne of CO2e counts beside the places' prices.",
)
@click.option(
    "--carbon-budget",
    "budgets_g",
    metavar="[PROJECT=]KG",
    multiple=True,
    callback=_budgets,
    help="What a project may still emit; again for more.",
)
@click.option(
    "--marginal",
    is_flag=True,
    help="What a further kWh emits (signals.marginal_order), not the grid's mean.",
)
@click.option(
    "--plot",
    metavar="FILE",
    callback=picture_path,
    help="Draw into a .png, .svg or .pdf file as well.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
def plan(
    *,
    job: str | None,
    job_file: Path | None,
    places_file: Path | None,
    replay: Path | None,
    at: datetime | None,
    carbon_price: float | None,
    budgets_g: dict[str, float],
    marginal: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Plan where and when jobs should run, and say why.

    With JOB, a submitted one (its id, the start of it, its name, or `last`): the plan
    that it waits by. Otherwise from two files:

    Of all places that a job may run at, at the best time of each, the greenest: energy,
    waiting, moving data and the making of the hardware counted, against running at once
    at home. Forecasts are those of `greenops forecast`. `docs/planning.md` explains the
    files; `examples/` has two to begin with.
    """
    if job is not None:
        _show_standing(job, job_file or places_file, as_json=as_json)
        return
    if job_file is None or places_file is None:
        raise click.UsageError(
            "give --job FILE and --places FILE, or the JOB that was submitted"
        )
    from greenops.report.plan_document import plans_to_dict
    from greenops.wire.plan import Asked, plan_files

    if replay is None and at is not None:
        raise click.UsageError("--at is the moment of a replay: give --replay FOLDER")
    if replay is not None and marginal:
        raise click.UsageError("a replay has the kind its files hold: leave --marginal")
    asked = Asked(
        jobs=job_file,
        places=places_file,
        replay=replay,
        at=at,
        kind=IntensityKind.MARGINAL if marginal else IntensityKind.AVERAGE,
        price_per_t=carbon_price,
        budgets_g=budgets_g,
    )
    planned = plan_files(asked, configured())
    if as_json:
        click.echo(json.dumps(plans_to_dict(planned), indent=2))
    else:
        from greenops.cli.plan_screen import Screen

        click.echo("\n".join(Screen(planned, stdout_look()).lines()))
    if plot and planned.plans:
        from greenops.report.plan_picture import save_plans

        save_plans(planned, plot)
        click.echo(f"greenops: drew {plot}", err=True)
    if planned.refusals:
        sys.exit(1)


def _show_standing(job: str, file: Path | None, *, as_json: bool) -> None:
    """Show the plan that a submitted job waits by."""
    from greenops.cli.job_plan import plan_lines
    from greenops.cli.store import ledger_path
    from greenops.errors import JobNotFoundError
    from greenops.ledger.job_query import JobLedger
    from greenops.report.job_document import plan_to_dict

    if file is not None:
        raise click.UsageError("give JOB, or --job and --places, not both")
    ledger = JobLedger(ledger_path(configured()))
    try:
        job_id, _, _ = ledger.job(job)
        decisions = ledger.decisions(job_id)
    except JobNotFoundError as e:
        if not os.path.isfile(job):  # noqa: PTH113 - no error, whatever it is called
            raise
        raise click.UsageError(
            f"no job was submitted as {job!r}. To plan that file: greenops plan --job"
            f" {job} --places FILE"
        ) from e
    finally:
        ledger.close()
    last = decisions[-1] if decisions else None
    if as_json:
        click.echo(json.dumps(plan_to_dict(job_id, last), indent=2))
        return
    click.echo("\n".join(plan_lines(job_id, last, stdout_look())))
