"""`greenops job`: one submitted job in full."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import click

from greenops.cli.job_plan import chosen_words
from greenops.cli.store import at_home, configured, ledger_path
from greenops.cli.text import Column, lasted, local, stdout_look, table
from greenops.model import (
    JOB_ID_TAG,
    Bounded,
    Decision,
    IntensityKind,
    JobEvent,
    JobSpec,
    Realised,
    RunRow,
)
from greenops.report.look import Look
from greenops.report.text import (
    MASS_SCALE,
    bounds,
    duration,
    energy,
    figure,
    fold,
    mass,
    power,
    safe,
)

SCHEMA = "greenops.job/1"
LABEL = 11
_RUNS = (
    Column(title="RUN"),
    Column(title="STATUS", rank=2),
    Column(title="LASTED", right=True, rank=1),
    Column(title="ZONE", rank=3),
    Column(title="ENERGY", right=True),
    Column(title="CO2e", right=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that is known of a job."""

    job_id: str
    spec: JobSpec
    events: Sequence[JobEvent]
    decisions: Sequence[Decision]
    runs: Sequence[RunRow]
    outcomes: dict[IntensityKind, Realised]
    folder: Path


@click.command()
@click.argument("job", default="last")
@click.option("--json", "as_json", is_flag=True, help="As JSON, times in UTC.")
def job(*, job: str, as_json: bool) -> None:
    """Show JOB: its life, every decision with its reason, its runs, what it saved.

    JOB is an id, the start of one, a name, or `last`.
    """
    whole = load_job(job)
    if as_json:
        click.echo(json.dumps(job_to_dict(whole), indent=2))
        return
    for line in _lines(whole, stdout_look()):
        click.echo(line)


def load_job(name: str) -> Whole:
    """Return all that is known of a job.

    Raises:
        JobNotFoundError: there is none; carries near matches.
        LedgerError: the ledger cannot be read.
    """
    from greenops.ledger.job_query import JobLedger
    from greenops.ledger.query import Ledger
    from greenops.wire.agent_sites import jobs_folder

    config = configured()
    jobs = JobLedger(ledger_path(config))
    runs = Ledger(ledger_path(config))
    try:
        job_id, spec, events = jobs.job(name)
        tagged = runs.find_runs(tag=(JOB_ID_TAG, job_id))
        return Whole(
            job_id=job_id,
            spec=spec,
            events=events,
            decisions=jobs.decisions(job_id),
            runs=sorted(tagged, key=lambda run: run.started_at),
            outcomes=dict(jobs.outcomes(job_id)),
            folder=jobs_folder(config) / job_id,
        )
    finally:
        jobs.close()
        runs.close()


def job_to_dict(whole: Whole) -> dict[str, Any]:
    """Return a job as plain data, with units in the keys and times in UTC."""
    from greenops.cli.runs import row_to_dict

    last = whole.events[-1]
    return {
        "schema": SCHEMA,
        "job_id": whole.job_id,
        "name": whole.spec.name,
        "state": str(last.state),
        "why": last.why,
        "place": last.place,
        "spec": plain(whole.spec),
        "events": [plain(e) for e in whole.events],
        "decisions": [plain(d) for d in whole.decisions],
        "runs": [row_to_dict(run) for run in whole.runs],
        "outcomes": {str(kind): plain(o) for kind, o in whole.outcomes.items()},
        "log": str(whole.folder / "output.log"),
    }


def plain(value: Any) -> Any:  # noqa: ANN401 - records and what they hold
    """Return a record as JSON types: times in UTC, sets sorted."""
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(plain(v) for v in value)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "items"):
        return {str(k): plain(v) for k, v in value.items()}
    return value


def _lines(whole: Whole, look: Look) -> Iterator[str]:
    last = whole.events[-1]
    name = safe(whole.spec.name, unicode=look.unicode)
    yield look.paint("bold", f"job {whole.job_id}: {name} is {last.state}")
    yield from _labelled(_facts(whole), look)
    yield ""
    yield look.paint("bold", "life")
    for event in whole.events:
        at = f"{event.at.astimezone():%a %d %b %H:%M:%S}"
        yield from _entry(f"{at}  {event.state!s:<10}", event.why, look)
    if whole.decisions:
        yield ""
        yield look.paint("bold", "decisions")
        for decision in whole.decisions:
            at = f"{decision.at.astimezone():%a %d %b %H:%M:%S}"
            yield from _entry(f"{at}  {safe(decision.cause)}:", decision.reason, look)
    if whole.runs:
        yield ""
        yield from table(_RUNS, [_run(run) for run in whole.runs], look)


def _facts(whole: Whole) -> Iterator[tuple[str, str]]:
    spec, last = whole.spec, whole.events[-1]
    yield "why", last.why
    yield "command", " ".join(spec.argv)
    yield "in", spec.cwd
    yield "needs", ", ".join(_needs(spec))
    if limits := [*_limits(spec)]:
        yield "limits", ", ".join(limits)
    labels = {"project": spec.project, "team": spec.team, **spec.tags}
    if said := ", ".join(f"{k} {v}" for k, v in labels.items() if v):
        yield "of", said
    if not last.state.final and whole.decisions:
        yield "plan", chosen_words(whole.decisions[-1])
    yield from _outcomes(whole)
    yield "log", at_home(whole.folder / "output.log")


def _outcomes(whole: Whole) -> Iterator[tuple[str, str]]:
    for kind, realised in whole.outcomes.items():
        label = "saved" if kind is IntensityKind.AVERAGE else f"saved ({kind})"
        yield label, _saved(realised)
        if realised.promised_g is not None:
            yield "promised", f"{_mass(realised.promised_g)} by the plan it began by"


def _saved(realised: Realised) -> str:
    emitted = f"it emitted {mass(realised.emitted_g.central)}"
    if realised.saved_g is None or realised.run_now_g is None:
        return f"not known; {emitted}"
    within = _bounds(realised.saved_g)
    at_once = f"{mass(realised.run_now_g.central)} begun at once"
    return f"{_mass(realised.saved_g.central)} ({within}) of {at_once}; {emitted}"


def _bounds(given: Bounded) -> str:
    if given.low < 0.0:
        return f"{_mass(given.low)} to {_mass(given.high)}"
    return bounds(given, MASS_SCALE)


def _mass(mass_g: float) -> str:
    return f"-{mass(-mass_g)}" if mass_g < 0.0 else mass(mass_g)


def _needs(spec: JobSpec) -> Iterator[str]:
    if spec.gpus:
        yield f"{spec.gpus} GPU{'s' * (spec.gpus != 1)}"
    yield f"{figure(spec.cpus)} CPU{'s' * (spec.cpus != 1)}"
    if spec.memory_gib:
        yield f"{figure(spec.memory_gib)} GiB"
    if spec.duration_s:
        low, high = spec.duration_s.low, spec.duration_s.high
        yield duration(low) if low == high else f"{duration(low)} to {duration(high)}"
    if spec.power_w:
        yield power(spec.power_w)


def _limits(spec: JobSpec) -> Iterator[str]:
    if spec.earliest:
        yield f"not before {local(spec.earliest)}"
    if spec.deadline:
        yield f"{'by' if spec.hard else 'preferably by'} {local(spec.deadline)}"
    if spec.max_delay_s is not None:
        yield f"to start within {duration(spec.max_delay_s)}"
    if spec.places:
        yield f"at {', '.join(sorted(spec.places))}"
    if spec.needs_tags:
        yield f"only where tagged {', '.join(sorted(spec.needs_tags))}"
    if spec.shuns_tags:
        yield f"not where tagged {', '.join(sorted(spec.shuns_tags))}"
    if spec.interruptible:
        yield f"interruptible ({spec.pause_by})"


def _run(run: RunRow) -> tuple[str, ...]:
    return (
        run.run_id,
        str(run.status),
        lasted(run.duration_s),
        run.zone or "-",
        "-" if run.energy_j is None else energy(run.energy_j),
        "-" if run.total_g is None else mass(run.total_g),
    )


def _labelled(rows: Iterator[tuple[str, str]], look: Look) -> Iterator[str]:
    for label, text in rows:
        room = max(look.columns - LABEL - 2, 20)
        for line in fold(safe(text, unicode=look.unicode), room):
            yield f"  {label:<{LABEL}}{line}"
            label = ""


def _entry(head: str, text: str, look: Look) -> Iterator[str]:
    for line in fold(f"{head} {safe(text, unicode=look.unicode)}", look.columns - 2):
        yield f"  {line}"
