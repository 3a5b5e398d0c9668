"""Reads a job file into records of jobs."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from math import isclose
from pathlib import Path

from greenops.jobspec.complaints import Complaints, Spot, near, shown
from greenops.jobspec.files import Written, named, read_file
from greenops.jobspec.job_keys import JobFile, JobKeys, PauseKeys
from greenops.jobspec.spans import duration_s, window
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
    """What a job file says, as far as it is right."""

    jobs: tuple[PlannedJob, ...] = ()
    budgets_g: dict[str, float] = field(default_factory=dict)


def read_jobs(
    path: Path,
    complaints: Complaints,
    *,
    now: datetime | None,
    places: Collection[str],
) -> JobsRead:
    """Return the jobs of a file and the budgets of their projects, in g.

    Args:
        path: A TOML file; `docs/planning.md` has its keys.
        complaints: Gets a sentence for every fault: file, line, what is right.
        now: Aware, UTC; None: a replay, whose jobs state their earliest start.
        places: Names of the places there are; empty: they are not known.
    """
    written = read_file(path, complaints)
    if written is None:
        return JobsRead()
    tables = written.tables("job", JobKeys)
    head = {k: v for k, v in written.tree.items() if k != "job"}
    head = {k: v for k, v in head.items() if k not in JobKeys.model_fields}
    whole = written.spot().checked(JobFile, head | {"job": tables})
    read = [_job(written, i, table, now, places) for i, table in enumerate(tables)]
    names = named(tables)
    for name in sorted({n for n in names if names.count(n) > 1}):
        written.spot("job").complain(f"more than one job is called {shown(name)}")
    budgets_g = _budgets_g(written, whole.budgets_kg) if whole else {}
    return JobsRead(jobs=tuple(j for j in read if j is not None), budgets_g=budgets_g)


def _budgets_g(written: Written, budgets_kg: dict[str, float]) -> dict[str, float]:
    for project, kg in budgets_kg.items():
        if kg < 0.0:
            written.spot("budgets_kg", project).complain(
                f"budgets_kg.{project} = {kg:g}: must be at least 0"
            )
    return {project: kg * G_PER_KG for project, kg in budgets_kg.items()}


def _job(
    written: Written,
    i: int,
    table: dict[str, object],
    now: datetime | None,
    places: Collection[str],
) -> PlannedJob | None:
    """Return one job; None: it is none, as complaints say."""
    spot = written.spot("job", i)
    keys = spot.checked(JobKeys, table)
    if keys is None:
        return None
    before = len(written.complaints)
    if places:
        _check_names(keys, spot, places)
    _check_sense(keys, spot)
    phases = _phases(keys, spot)
    lasts = duration_s(keys, spot)
    span = window(keys, spot, lasts, now) if lasts else None
    if lasts is None or span is None or len(written.complaints) > before:
        return None
    try:
        return _record(keys, phases, lasts, span)
    except ValueError as e:  # whatever the record itself does not take
        spot.complain(str(e))
        return None


def _record(
    keys: JobKeys,
    phases: tuple[Phase, ...],
    lasts: Bounded,
    span: tuple[datetime, datetime],
) -> PlannedJob:
    return PlannedJob(
        name=keys.name,
        workload=Workload(keys.workload),
        duration_s=lasts,
        phases=phases,
        home=keys.home,
        earliest=span[0],
        deadline=span[1],
        hard=keys.late_g_per_h is None,
        late_g_per_h=keys.late_g_per_h or 0.0,
        gpus=keys.gpus,
        cpus=keys.cpus,
        memory_gib=keys.memory_gib,
        interruptible=keys.interruptible,
        pausing=_pausing(keys.pause or PauseKeys()),
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


def _pausing(keys: PauseKeys) -> Pausing:
    return Pausing(
        pause_s=keys.save_s,
        resume_s=keys.resume_s,
        energy_j=keys.energy_wh * J_PER_WH,
        min_run_s=keys.min_run_min * S_PER_MINUTE,
        max_pauses=keys.at_most,
    )


def _phases(keys: JobKeys, spot: Spot) -> tuple[Phase, ...]:
    if (keys.power_w is None) == (not keys.phase):
        spot.complain(
            "power_w, phase: give one of them, such as power_w = 350.0 (power in W)"
        )
        return ()
    if keys.power_w is not None:
        return (Phase(share=1.0, power_w=keys.power_w),)
    total = sum(p.share for p in keys.phase)
    if not isclose(total, 1.0, abs_tol=1e-6):
        spot.complain(
            f"the shares of the phases add up to {total:g}; they must add up to 1",
            "phase",
        )
    return tuple(Phase(share=p.share, power_w=p.power_w) for p in keys.phase)


def _check_sense(keys: JobKeys, spot: Spot) -> None:
    """Complain of keys that contradict each other."""
    if both := sorted(set(keys.needs_tags) & set(keys.shuns_tags)):
        spot.complain(
            f"needs and shuns the same tags: {', '.join(both)}; take them out of one",
            "shuns_tags",
        )
    if keys.places is not None and not keys.places:
        spot.complain(
            "places is empty, so it may run nowhere; name one, or leave the key out",
            "places",
        )
    if keys.pause is not None and not keys.interruptible:
        spot.complain(
            "pause is for jobs with interruptible = true; this one has it not", "pause"
        )
    for i, work in enumerate(keys.scaling):
        if work <= 0.0:
            spot.complain(
                f"scaling[{i}] = {work:g}: work per second must be above 0", "scaling"
            )
    twice = [d.name for d in keys.data]
    for name in sorted({n for n in twice if twice.count(n) > 1}):
        spot.complain(f"data {shown(name)} is there twice", "data")


def _check_names(keys: JobKeys, spot: Spot, places: Collection[str]) -> None:
    """Complain of places that do not exist."""
    named_at: list[tuple[str, tuple[str | int, ...]]] = [(keys.home, ("home",))]
    named_at += [(name, ("places",)) for name in keys.places or ()]
    named_at += [
        (name, ("data", i, "at")) for i, d in enumerate(keys.data) for name in d.at
    ]
    for name, path in named_at:
        if name not in places:
            hint = near(name, places) or f"; there are {', '.join(sorted(places)[:20])}"
            dotted = ".".join(p for p in path if isinstance(p, str))
            spot.complain(f"{dotted}: no place {shown(name)}{hint}", *path)
