"""Plans the jobs of a file over the places of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from greenops.config import Config
from greenops.errors import SignalError
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.jobs import JobsRead, read_jobs
from greenops.jobspec.places import PlacesRead, read_places
from greenops.model import IntensityKind, Objective
from greenops.planner.plan import plan_jobs, replayed
from greenops.report.plan_facts import Came, Planned
from greenops.signals.zones import resolve_zone
from greenops.wire.plan_outlook import Outlook, forecast_places, replay_places


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants planned.

    Attributes:
        jobs: A job file.
        places: A file of places.
        replay: A folder of recorded hours; None: it is planned now.
        kind: Of the intensities; a replay has what its files hold.
        price_per_t: What a tonne of CO2e counts in money; None: nothing.
        budgets_g: By project, before those of the job file.
    """

    jobs: Path
    places: Path
    replay: Path | None = None
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
    now = None if asked.replay else datetime.now(UTC).replace(microsecond=0)
    jobs, places = _read(asked, now)
    made_at = now or min(job.earliest for job in jobs.jobs)
    outlook = _outlook(asked, config, places, made_at)
    objective = Objective(
        price_per_t=asked.price_per_t,
        budgets_g={**jobs.budgets_g, **asked.budgets_g},
    )
    plans, refusals = plan_jobs(
        jobs.jobs, outlook.places, now=made_at, objective=objective
    )
    planned = Planned(
        made_at=made_at,
        jobs=jobs.jobs,
        places=outlook.places,
        objective=objective,
        plans=plans,
        refusals=refusals,
        actual=outlook.actual,
        notes=outlook.notes,
        sources=outlook.sources,
    )
    return planned if asked.replay is None else _recounted(planned)


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


def _read(asked: Asked, now: datetime | None) -> tuple[JobsRead, PlacesRead]:
    complaints = Complaints()
    places = read_places(
        asked.places, complaints, zone_code=lambda text: resolve_zone(text).code
    )
    jobs = read_jobs(asked.jobs, complaints, now=now, places=places.names)
    complaints.raise_any()
    return jobs, places


def _outlook(asked: Asked, config: Config, read: PlacesRead, now: datetime) -> Outlook:
    if asked.replay is None:
        return forecast_places(read.places, config, now=now, kind=asked.kind)
    return replay_places(read.places, asked.replay, now=now, called=read.traces)
