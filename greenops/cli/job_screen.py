"""One submitted job on the screen."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from greenops.cli.job_plan import candidates_words, chosen_words
from greenops.cli.store import at_home
from greenops.cli.text import Column, lasted, local, table
from greenops.model import Bounded, IntensityKind, JobSpec, Realised
from greenops.report.job_facts import AttemptFacts, WholeJob, attempts_of
from greenops.report.look import Look
from greenops.report.plan_text import Said
from greenops.report.text import (
    ENERGY_SCALE,
    MASS_SCALE,
    Scale,
    bounds,
    duration,
    energy,
    figure,
    fold,
    mass,
    pick,
    power,
    safe,
)

LABEL = 11
INDENT = 4
_ATTEMPTS = (
    Column(title="ATTEMPT", grows=True),
    Column(title="PLACE", rank=4, grows=True),
    Column(title="ENDED", rank=2, grows=True),
    Column(title="LASTED", right=True, rank=3),
    Column(title="ENERGY", right=True),
    Column(title="CO2e", right=True),
    Column(title="RUN", rank=1),
)


def job_lines(whole: WholeJob, look: Look) -> Iterator[str]:
    """Yield everything about a job, for a screen."""
    name = safe(whole.spec.name, unicode=look.unicode)
    yield look.paint("bold", f"job {whole.job_id}: {name} is {whole.last.state}")
    for label, text in _facts(whole, look):
        yield from labelled(label, text, look)
    yield from _title("life", look)
    for event in whole.events:
        at = f"{_moment(event.at)}  {event.state!s:<10}"
        yield from _entry(f"{at} {event.why}", look)
    if whole.decisions:
        yield from _title("decisions", look)
        yield from _decisions(whole, look)
    if attempts := attempts_of(whole.events):
        yield ""
        rows = [_attempt(a, whole, look) for a in attempts]
        yield from table(_ATTEMPTS, rows, look)


def labelled(label: str, text: str, look: Look, width: int = LABEL) -> Iterator[str]:
    """Yield the text, made safe and folded, beside its label."""
    room = max(look.columns - width - 2, 20)
    for line in fold(safe(text, unicode=look.unicode), room):
        yield f"  {label:<{width}}{line}"
        label = ""


def _title(words: str, look: Look) -> Iterator[str]:
    yield ""
    yield look.paint("bold", words)


def _facts(whole: WholeJob, look: Look) -> Iterator[tuple[str, str]]:
    spec, last = whole.spec, whole.last
    yield "why", last.why
    yield "command", " ".join(spec.argv)
    yield "in", spec.cwd
    yield "needs", ", ".join(_needs(spec))
    if limits := [*_when(spec), *_where(spec)]:
        yield "limits", ", ".join(limits)
    labels = {"project": spec.project, "team": spec.team, **spec.tags}
    if said := ", ".join(f"{k} {v}" for k, v in labels.items() if v):
        yield "of", said
    if not last.state.final and whole.decisions:
        yield "plan", chosen_words(whole.decisions[-1], Said(dash=look.dash))
    yield from _outcomes(whole, look)
    yield "log", at_home(Path(whole.log))


def _outcomes(whole: WholeJob, look: Look) -> Iterator[tuple[str, str]]:
    """Yield what was saved by kind of intensity, beside what was promised of it."""
    for kind, realised in whole.outcomes.items():
        average = kind is IntensityKind.AVERAGE
        used = bounds(realised.energy_j, ENERGY_SCALE, dash=look.dash)
        if average:
            yield "used", f"{energy(realised.energy_j.central)} ({used})"
        yield ("saved" if average else str(kind)), _saved(realised, look)
        if realised.promised_g is not None:
            promised = signed_mass(realised.promised_g)
            yield "promised", f"{promised} by the plan it began by"


def _saved(realised: Realised, look: Look) -> str:
    emitted = realised.emitted_g
    within = bounds(emitted, MASS_SCALE, dash=look.dash)
    told = f"it emitted {mass(emitted.central)} ({within})"
    if realised.saved_g is None or realised.run_now_g is None:
        return f"not known{f': {realised.how}' if realised.how else ''}; {told}"
    saved = f"{signed_mass(realised.saved_g.central)} ({_span(realised.saved_g)})"
    return f"{saved} of {mass(realised.run_now_g.central)} begun at once; {told}"


def _span(given: Bounded) -> str:
    """Return both ends, each with its sign: a dash between them would read as one."""
    return f"{signed_mass(given.low)} to {signed_mass(given.high)}"


def signed_mass(mass_g: float) -> str:
    """Return a mass that may be below nothing."""
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
    for dataset in spec.datasets:
        yield f"{figure(dataset.size_gb)} GB of {dataset.name}"


def _when(spec: JobSpec) -> Iterator[str]:
    if spec.earliest:
        yield f"not before {local(spec.earliest)}"
    if spec.deadline:
        yield f"{'by' if spec.hard else 'preferably by'} {local(spec.deadline)}"
    if spec.max_delay_s is not None:
        yield f"to start within {duration(spec.max_delay_s)}"
    if spec.interruptible:
        yield f"interruptible ({spec.pause_by})"


def _where(spec: JobSpec) -> Iterator[str]:
    if spec.places:
        yield f"at {', '.join(sorted(spec.places))}"
    if spec.private:
        yield "only where it is private"
    if spec.needs_tags:
        yield f"only where tagged {', '.join(sorted(spec.needs_tags))}"
    if spec.shuns_tags:
        yield f"not where tagged {', '.join(sorted(spec.shuns_tags))}"


def _decisions(whole: WholeJob, look: Look) -> Iterator[str]:
    said = Said(dash=look.dash)
    for decision in whole.decisions:
        yield from _entry(
            f"{_moment(decision.at)}  {decision.cause}: {decision.reason}", look
        )
        plan = f"runs {chosen_words(decision, said)}"
        if decision.predicted_saved_g is not None:
            plan += f"; saves {signed_mass(decision.predicted_saved_g)}"
        yield from _entry(plan, look, indent=INDENT)
        for words in candidates_words(decision, said):
            yield from _entry(f"weighed {words}", look, indent=INDENT)


def _attempt(attempt: AttemptFacts, whole: WholeJob, look: Look) -> tuple[str, ...]:
    run = whole.run_of(attempt)
    lasts_s = run.duration_s if run else None
    if lasts_s is None and attempt.began_at and attempt.ended_at:
        lasts_s = (attempt.ended_at - attempt.began_at).total_seconds()
    return (
        attempt.attempt_id.removeprefix(f"{whole.job_id}."),
        attempt.place or "-",
        _how(attempt),
        lasted(lasts_s),
        _within(run.energy_j if run else None, ENERGY_SCALE, look),
        _within(run.total_g if run else None, MASS_SCALE, look),
        attempt.run_id or "-",
    )


def _how(attempt: AttemptFacts) -> str:
    if attempt.exit_signal is not None:
        return f"by signal {attempt.exit_signal}"
    if attempt.exit_code is not None:
        return f"with {attempt.exit_code}"
    if attempt.ended_at is None:
        return "-"
    return "unknown" if attempt.began_at else "never began"


def _within(given: Bounded | None, scale: Scale, look: Look) -> str:
    if given is None:
        return "-"
    factor, unit = pick(given.central, scale)
    edges = bounds(given, scale, dash=look.dash).removesuffix(f" {unit}")
    return f"{figure(given.central / factor)} ({edges}) {unit}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%a %d %b %H:%M:%S}"


def _entry(text: str, look: Look, *, indent: int = 2) -> Iterator[str]:
    """Yield text in lines, those after the first a little further to the right."""
    room = look.columns - indent - INDENT
    first, *rest = fold(safe(text, unicode=look.unicode), room)
    yield " " * indent + first
    for line in rest:
        yield " " * (indent + INDENT) + line
