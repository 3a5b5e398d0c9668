"""`greenops show`: one run in full."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import click

from greenops.cli.loading import LoadedRun, load
from greenops.cli.statements import statement_lines, statements_to_list
from greenops.cli.store import complete_run, open_ledger
from greenops.cli.text import (
    Column,
    lasted,
    local,
    picture_path,
    stdout_look,
    table,
    terminal_height,
)
from greenops.report.look import Look
from greenops.report.text import energy, mass, percent, power
from greenops.report.timeline import Phase

MOST_PHASES = 30
_PHASES = (
    Column(title="PHASE", grows=True),
    Column(title="BEGINS", right=True, rank=2),
    Column(title="LASTS", right=True),
    Column(title="ENERGY", right=True),
    Column(title="SHARE", right=True, rank=1),
    Column(title="MEAN", right=True, rank=1),
    Column(title="CO2e", right=True, rank=3),
)


@click.command()
@click.argument("run", default="last", shell_complete=complete_run)
@click.option(
    "--plot",
    metavar="FILE",
    callback=picture_path,
    help="Also draw the timeline into a .png, .svg or .pdf file.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(*, run: str, plot: Path | None, as_json: bool) -> None:
    """Show one run: RUN is an id, the start of one, a name, or `last`."""
    look = stdout_look()
    loaded = load(open_ledger(), run)
    if plot is not None:
        from greenops.report.picture import save_timeline

        save_timeline(
            loaded.timeline, loaded.device_names, plot, title=run_title(loaded)
        )
        click.echo(f"greenops: drew {plot}", err=True)
    if as_json:
        click.echo(json.dumps(document(loaded), indent=2))
        return
    for line in _lines(loaded, look):
        click.echo(line)


def run_title(loaded: LoadedRun) -> str:
    """Return a heading for a picture of the run."""
    from greenops.report.text import safe

    run = loaded.summary.record.run
    return f"{safe(run.name[:60])}, {local(run.started_at)}"


def document(loaded: LoadedRun) -> dict[str, object]:
    """Return the run as JSON types, its phases among them."""
    from greenops.report.document import summary_to_dict

    phases = [
        {
            "name": phase.name,
            "offset_s": phase.offset_s,
            "duration_s": phase.duration_s,
            "energy_j": phase.energy_j,
            "mean_power_w": phase.mean_power_w,
        }
        for phase in loaded.timeline.phases
    ]
    found = summary_to_dict(loaded.summary)
    if isinstance(emissions := found["emissions"], dict):
        stated = loaded.summary.record.statements
        emissions["statements"] = statements_to_list(stated)
    from greenops.report.training import training_to_dict

    training = training_to_dict(loaded.training, loaded.training_energy)
    return {**found, "phases": phases, "training": training}


def _lines(loaded: LoadedRun, look: Look) -> Iterator[str]:
    from greenops.report.plot import render_timeline
    from greenops.report.render import render_summary

    yield render_summary(
        loaded.summary, width=look.width, color=look.color, unicode=look.unicode
    )
    yield from _facts(loaded, look)
    if len(loaded.summary.record.statements) > 1:
        yield ""
        yield from statement_lines(loaded.summary.record.statements, look)
    if loaded.training is not None:
        from greenops.report.training import training_lines

        yield ""
        yield from training_lines(loaded.training, loaded.training_energy, look)
    if loaded.timeline.phases:
        yield ""
        yield from _phases(loaded, look)
    charts = render_timeline(
        loaded.timeline, loaded.device_names, look, height=terminal_height()
    )
    if charts:
        yield ""
        yield from charts
    elif loaded.summary.record.totals and not loaded.timeline.power_w:
        yield from look.labelled("timeline", "no samples are kept of this run", "dim")


def _facts(loaded: LoadedRun, look: Look) -> Iterator[str]:
    record = loaded.summary.record
    run = record.run
    yield from look.labelled("command", " ".join(run.command))
    where = f"{local(run.started_at)} by {run.user} on {run.host}, in {run.cwd}"
    yield from look.labelled("began", where)
    grouped = {"project": run.project, "team": run.team, "within": run.parent_run_id}
    yield from look.labelled(
        "of", ", ".join(f"{key} {text}" for key, text in grouped.items() if text)
    )
    yield from look.labelled("tags", _pairs(run.tags))
    yield from look.labelled("machine", _pairs(run.machine))
    if record.footprint:
        for i, (name, factor) in enumerate(record.footprint.factors.items()):
            label = "" if i else "factors"
            yield from look.labelled(label, f"{name}: {factor}", "dim")
    for note in record.end.notes if record.end else ():
        yield from look.labelled("note", note, "bad")


def _pairs(given: Mapping[str, object]) -> str:
    return ", ".join(
        f"{key}={text:g}" if isinstance(text, float) else f"{key}={text}"
        for key, text in given.items()
        if text is not None
    )


def _phases(loaded: LoadedRun, look: Look) -> list[str]:
    phases = loaded.timeline.phases
    whole_j = sum(phase.energy_j for phase in phases)
    footprint = loaded.summary.footprint
    total_g = footprint.total_g.central if footprint else None
    rows = [_phase(phase, whole_j, total_g) for phase in phases[:MOST_PHASES]]
    lines = table(_PHASES, rows, replace(look, width=look.columns - 2))
    if len(phases) > MOST_PHASES:
        lines.append(f"and {len(phases) - MOST_PHASES} more phases: --json has all")
    return [f"  {line}" for line in lines]


def _phase(phase: Phase, whole_j: float, total_g: float | None) -> tuple[str, ...]:
    share = phase.energy_j / whole_j if whole_j > 0 else None
    mean_w = phase.mean_power_w
    return (
        phase.name,
        f"+{lasted(phase.offset_s)}",
        lasted(phase.duration_s),
        energy(phase.energy_j),
        "-" if share is None else percent(share),
        "-" if mean_w is None else power(mean_w),
        "-" if total_g is None or share is None else mass(total_g * share),
    )
