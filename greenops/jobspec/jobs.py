"""Reads a job file into records of jobs."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from greenops.jobspec.complaints import Complaints, Spot, shown
from greenops.jobspec.files import Written, named, read_file, repeated
from greenops.jobspec.job_checks import check
from greenops.jobspec.job_keys import JobFile, JobKeys, PauseKeys
from greenops.jobspec.spans import aware, duration_s, window
from greenops.jobspec.submission_keys import EXECUTED
from greenops.model import (
    Bounded,
    Dataset,
    Pausing,
    Phase,
    PlannedJob,
    Workload,
)
from greenops.units import G_PER_KG, J_PER_WH, S_PER_MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsRead:
    """What a job file says, as far as it is right; `now` is the moment of planning."""

    jobs: tuple[PlannedJob, ...] = ()
    now: datetime | None = None
    budgets_g: dict[str, float] = field(default_factory=dict)


def read_jobs(
    path: Path,
    complaints: Complaints,
    *,
    moment: Callable[[Sequence[datetime]], datetime],
    places: Collection[str],
) -> JobsRead:
    """Return the jobs of a file and the budgets of their projects, in g.

    Args:
        path: A TOML file; `docs/planning.md` has its keys.
        complaints: Gets a sentence for every fault: file, line, what is right.
        moment: Returns the moment of planning, aware, UTC, of the earliest starts that
            jobs state: nothing starts before. Called where a job could be read.
        places: Names of the places there are; empty: they are not known.
    """
    written = read_file(path, complaints)
    if written is None:
        return JobsRead()
    tables = [_planned(table) for table in written.tables("job", JobKeys)]
    head = {k: v for k, v in written.tree.items() if k != "job"}
    head = {k: v for k, v in head.items() if k not in JobKeys.model_fields}
    whole = written.spot().checked(JobFile, head | {"job": tables})
    spots = [written.spot("job", i) for i in range(len(tables))]
    read = [(s, s.checked(JobKeys, t)) for s, t in zip(spots, tables, strict=True)]
    good = [(spot, keys) for spot, keys in read if keys is not None]
    for name in repeated(named(tables)):
        written.spot("job").complain(f"more than one job is called {shown(name)}")
    budgets_g = _budgets_g(written, whole.budgets_kg) if whole else {}
    if not good:
        return JobsRead(budgets_g=budgets_g)
    now = moment(_stated(keys for _, keys in good))
    jobs = [_job(keys, spot, now, places) for spot, keys in good]
    return JobsRead(
        jobs=tuple(j for j in jobs if j is not None), now=now, budgets_g=budgets_g
    )


def _planned(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table without how it is executed: one file serves both commands."""
    return {k: v for k, v in table.items() if k not in EXECUTED}


def _stated(jobs: Iterable[JobKeys]) -> list[datetime]:
    starts = [aware(keys.earliest) for keys in jobs if keys.earliest is not None]
    return [start for start in starts if start is not None]


def _budgets_g(written: Written, budgets_kg: dict[str, float]) -> dict[str, float]:
    for project, kg in budgets_kg.items():
        if kg < 0.0:
            written.spot("budgets_kg", project).complain(
                f"budgets_kg.{project} = {kg:g}: must be at least 0"
            )
    return {project: kg * G_PER_KG for project, kg in budgets_kg.items()}


def _job(
    keys: JobKeys, spot: Spot, now: datetime, places: Collection[str]
) -> PlannedJob | None:
    """Return one job; None: it is none, as complaints say."""
    before = spot.complained
    check(keys, spot, places)
    lasts = duration_s(keys, spot)
    span = window(keys, spot, lasts, now) if lasts else None
    if lasts is None or span is None or spot.complained > before:
        return None
    try:
        return _record(keys, lasts, span)
    except ValueError as e:  # whatever the record itself does not take
        spot.complain(str(e))
        return None


def _record(
    keys: JobKeys, lasts: Bounded, span: tuple[datetime, datetime]
) -> PlannedJob:
    return PlannedJob(
        name=keys.name,
        workload=Workload(keys.workload),
        duration_s=lasts,
        phases=_phases(keys),
        home=keys.home,
        earliest=span[0],
        deadline=span[1],
        hard=keys.late_g_per_h is None,
        late_g_per_h=keys.late_g_per_h or 0.0,
        gpus=keys.gpus,
        cpus=keys.cpus,
        memory_gib=keys.memory_gib,
        interruptible=keys.interruptible,
        pausing=pausing_of(keys.pause),
        datasets=tuple(
            Dataset(name=d.name, size_gb=d.size_gb, at=frozenset(d.at))
            for d in keys.data
        ),
        checkpoint_gb=keys.checkpoint_gb,
        places=None if keys.places is None else frozenset(keys.places),
        needs_tags=frozenset(keys.needs_tags),
        shuns_tags=frozenset(keys.shuns_tags),
        private=keys.private,
        priority=keys.priority,
        project=keys.project,
        scaling=tuple(keys.scaling),
    )


def pausing_of(given: PauseKeys | None) -> Pausing:
    """Return what a pause costs; None: as much as one of which nothing is said."""
    keys = given or PauseKeys()
    return Pausing(
        pause_s=keys.save_s,
        resume_s=keys.resume_s,
        energy_j=keys.energy_wh * J_PER_WH,
        min_run_s=keys.min_run_min * S_PER_MINUTE,
        max_pauses=keys.at_most,
    )


def _phases(keys: JobKeys) -> tuple[Phase, ...]:
    if keys.power_w is not None:
        return (Phase(share=1.0, power_w=keys.power_w),)
    return tuple(Phase(share=p.share, power_w=p.power_w) for p in keys.phase)
