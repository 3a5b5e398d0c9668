"""The keys of a job file."""

from datetime import datetime
from typing import Literal

from greenops.jobspec.tables import MOST_HOURS, Names, Table, Text, amount, key

MOST_MINUTES = MOST_HOURS * 60


class PhaseKeys(Table):
    """`[[job.phase]]`: a part of the run at one power."""

    share: float = amount("0.2", "part of the duration, 0 to 1", ..., gt=0.0, le=1.0)
    power_w: float = amount("350.0", "power in it in W", ..., gt=0.0)


class PauseKeys(Table):
    """`[job.pause]`: what a pause costs, and how often it may be."""

    save_s: float = amount("60.0", "seconds to write a checkpoint", 0.0)
    resume_s: float = amount("90.0", "seconds until it goes on from there", 0.0)
    energy_wh: float = amount(
        "20.0", "energy of both in Wh, on top of the job's power meanwhile", 0.0
    )
    min_run_min: float = amount("30.0", "every stretch lasts at least this", 0.0)
    at_most: int | None = key(
        "2", "number of pauses; without it as many as pay off", None, ge=0, le=10_000
    )


class DataKeys(Table):
    """`[[job.data]]`: data that must lie where the job runs before it starts."""

    name: Text = key('"corpus"', "name of the dataset")
    size_gb: float = amount("150.0", "size in GB", ...)
    at: Names = key('["lab"]', "places that hold a copy", min_length=1)


class JobKeys(Table):
    """`[[job]]`: one job."""

    name: Text = key('"pretrain"', "name of the job, like no other in the file")
    workload: Literal["train", "infer"] = key(
        '"train"', "what it does; decides between private and public capacity"
    )
    duration_h: float | None = amount(
        "6.0", "hours it runs at a place of speed 1", gt=0.0, le=MOST_HOURS
    )
    duration_low_h: float | None = amount(
        "5.0", "lower end of a 95 % interval", gt=0.0, le=MOST_HOURS
    )
    duration_high_h: float | None = amount(
        "8.0", "upper end; it stays before the deadline", gt=0.0, le=MOST_HOURS
    )
    duration_min: float | None = amount(
        "45.0", "the same in minutes", gt=0.0, le=MOST_MINUTES
    )
    duration_low_min: float | None = amount(
        "40.0", "lower end in minutes", gt=0.0, le=MOST_MINUTES
    )
    duration_high_min: float | None = amount(
        "60.0", "upper end in minutes", gt=0.0, le=MOST_MINUTES
    )
    duration_spread_pct: float | None = amount(
        "20.0", "the interval as a share of the duration, both ways", lt=100.0
    )
    power_w: float | None = amount(
        "1200.0", "power of the job's hardware in W, the same all along", gt=0.0
    )
    phase: list[PhaseKeys] = key(
        "[{share = 1.0, power_w = 350.0}]",
        "in place of `power_w`: powers in order, their shares add up to 1",
        [],
        max_length=1000,
    )
    home: Text = key('"lab"', "the place where it would run at once")
    earliest: datetime | None = key(
        "2026-03-02T08:00:00", "it may start then or later; without it at once", None
    )
    deadline: datetime | None = key(
        "2026-03-03T18:00:00+01:00", "it must be done by then", None
    )
    max_delay_h: float | None = amount(
        "24.0", "in place of `deadline`: hours its start may be put off", le=MOST_HOURS
    )
    late_g_per_h: float | None = amount(
        "50.0",
        "what an hour after the deadline weighs in g; without it none is allowed",
        gt=0.0,
    )
    gpus: int = key("4", "GPUs it takes", 0, ge=0, le=1_000_000)
    cpus: float = amount("16.0", "processor cores it takes", 0.0)
    memory_gib: float = amount("64.0", "memory it takes in GiB", 0.0)
    interruptible: bool = key("true", "it can be paused and resumed", False)  # noqa: FBT003 - a default
    pause: PauseKeys | None = key("{save_s = 60}", "what a pause costs", None)
    data: list[DataKeys] = key(
        '[{name = "corpus", size_gb = 150, at = "lab"}]', "what it reads", []
    )
    checkpoint_gb: float = amount(
        "12.0", "moved along when it goes on at another place", 0.0
    )
    places: Names | None = key(
        '["lab", "cloud-se"]', "where it may run; without it anywhere", None
    )
    needs_tags: Names = key('["EU"]', "tags a place must bear: residency", [])
    shuns_tags: Names = key('["spot"]', "tags a place must not bear", [])
    private: bool | None = key(
        "true", "private capacity, or public; without it by its workload", None
    )
    priority: int = key(
        "1", "a higher one is served first", 0, ge=-1_000_000, le=1_000_000
    )
    project: str = key('"vision"', "project whose carbon budget it uses", "")
    scaling: list[float] = key(
        "[0.3, 0.55, 0.8, 1.0]",
        "for elastic jobs: duration worked off per second on 1, 2, ... GPUs, up to "
        "`gpus` at least",
        [],
        max_length=1024,
    )


class JobFile(Table):
    """A whole job file."""

    job: list[dict[str, object]] = key("[[job]]", "the jobs")
    budgets_kg: dict[str, float] = key(
        "{vision = 12.5}", "what projects may still emit in kgCO2e", {}
    )
