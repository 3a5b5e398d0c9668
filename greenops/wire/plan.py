"""Plans the jobs of a file over the places of a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from greenops.config import Config
from greenops.errors import SignalError
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.jobs import JobsRead, read_jobs
from greenops.jobspec.places import PlacesRead, read_places
from greenops.model import IntensityKind, Objective, Place
from greenops.planner.plan import plan_jobs, replayed
from greenops.report.plan_facts import Came, Planned
from greenops.signals.zones import resolve_zone
from greenops.wire.plan_outlook import Outlook, forecast_places, replay_places
from greenops.wire.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants planned.

    Attributes:
        jobs: A job file.
        places: A file of places.
        replay: A folder of recorded hours; None: it is planned now.
        at: The moment that a replay takes for now, UTC; None: the first at which a job
            could start.
        kind: Of the intensities; a replay has what its files hold.
        price_per_t: What a tonne of CO2e counts in money; None: nothing.
        budgets_g: By project, before those of the job file.
    """

    jobs: Path
    places: Path
    replay: Path | None = None
    at: datetime | None = None
    kind: IntensityKind = IntensityKind.AVERAGE
    price_per_t: float | None = None
    budgets_g: Mapping[str, float] = field(default_factory=dict)


def plan_files(asked: Asked, config: Config) -> Planned:
    """Return plans and refusals, in a replay with what they came to.

    Raises:
        ConfigError: a file is wrong; every complaint about both is listed.
        SignalError: nothing is known of the hours ahead anywhere, or intensities of
            two kinds would be compared.
    """
    traces = None if asked.replay is None else Traces(asked.replay)
    jobs, places = _read(asked, traces)
    now = jobs.now or datetime.now(UTC)
    outlook = _outlook(asked, config, places, traces, now)
    objective = Objective(
        price_per_t=asked.price_per_t,
        budgets_g={**jobs.budgets_g, **asked.budgets_g},
    )
    plans, refusals = plan_jobs(jobs.jobs, outlook.places, now=now, objective=objective)
    planned = Planned(
        made_at=now,
        jobs=jobs.jobs,
        places=outlook.places,
        objective=objective,
        plans=plans,
        refusals=refusals,
        actual=outlook.actual,
        notes=outlook.notes,
        sources=outlook.sources,
    )
    return planned if traces is None else _recounted(planned)


def _read(asked: Asked, traces: Traces | None) -> tuple[JobsRead, PlacesRead]:
    complaints = Complaints()
    places = read_places(
        asked.places, complaints, zone_code=lambda text: resolve_zone(text).code
    )
    jobs = read_jobs(
        asked.jobs,
        complaints,
        moment=lambda stated: _moment(asked, traces, places, stated),
        places=places.names,
    )
    complaints.raise_any()
    return jobs, places


def _moment(
    asked: Asked,
    traces: Traces | None,
    read: PlacesRead,
    stated: Sequence[datetime],
) -> datetime:
    """Return when it is planned: now, or in a replay when the jobs could first start.

    Where they do not say either, a week before the recorded hours end: the latest
    moment of which the outcome is known.
    """
    if traces is None:
        return datetime.now(UTC).replace(microsecond=0)
    if asked.at is not None:
        return asked.at
    if stated:
        return min(stated)
    if not read.places:  # their file is wrong, and that is what will be said
        return datetime.now(UTC)
    return traces.week_before_end([_called(place, read) for place in read.places])


def _called(place: Place, read: PlacesRead) -> str:
    return read.traces.get(place.name, place.zone)


def _outlook(
    asked: Asked,
    config: Config,
    read: PlacesRead,
    traces: Traces | None,
    now: datetime,
) -> Outlook:
    if traces is None:
        return forecast_places(read.places, config, now=now, kind=asked.kind)
    called = {place.name: _called(place, read) for place in read.places}
    return replay_places(read.places, traces, now=now, called=called)


def _recounted(planned: Planned) -> Planned:
    """Return a replay with what its plans came to, as far as it is known."""
    came, notes = {}, list(planned.notes)
    for plan in planned.plans:
        try:
            then = replayed(
                plan,
                planned.job(plan.job),
                planned.places,
                planned.actual,
                objective=planned.objective,
            )
        except SignalError as e:
            notes.append(f"what {plan.job} came to is not known: {e}")
            continue
        came[plan.job] = Came(
            chosen=then.chosen.cost, at_once=then.at_once, oracle=then.oracle
        )
    return replace(planned, came=came, notes=tuple(notes))
