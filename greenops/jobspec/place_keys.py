"""The keys of a file of places."""

from datetime import datetime

from greenops.jobspec.tables import Names, Table, Text, amount, key

HIGHEST_PUE = 10.0
"""Above any building's; a larger value is a percentage or a slip."""


class FreeKeys(Table):
    """`[[place.free]]`: GPUs that are free over a span."""

    start: datetime = key("2026-03-02T08:00:00", "from then on")
    stop: datetime = key("2026-03-02T20:00:00", "until then")
    gpus: int = key("8", "GPUs free beside all that is committed", ge=0, le=1_000_000)


class LinkKeys(Table):
    """`[[place.link]]`: a way for data, in both directions."""

    to: Text = key('"cloud-se"', "the place at its other end")
    wh_per_gb: float | None = amount(
        "12.0", "energy of the network between in Wh/GB; without it a public one's"
    )
    wh_per_gb_low: float | None = amount("3.0", "lower end of a 95 % interval")
    wh_per_gb_high: float | None = amount("40.0", "upper end of it")
    gb_per_s: float | None = amount(
        "0.5", "speed in GB/s; without it a transfer counts as instant", gt=0.0
    )
    price_per_gb: float = amount("0.02", "price of a GB moved", 0.0)


class PlaceKeys(Table):
    """`[[place]]`: somewhere a job can run."""

    name: Text = key('"lab"', "name of the place, like no other in the file")
    zone: Text = key('"DE"', "grid zone or cloud region; see `greenops zones`")
    trace: Text | None = key(
        '"CISO"', "what a replay's files call the zone, where they differ", None
    )
    pue: float | None = amount(
        "1.2", "power usage effectiveness, at least 1", ge=1.0, le=HIGHEST_PUE
    )
    pue_low: float | None = amount(
        "1.1", "lower end of a 95 % interval", ge=1.0, le=HIGHEST_PUE
    )
    pue_high: float | None = amount("1.4", "upper end of it", ge=1.0, le=HIGHEST_PUE)
    speed: float = amount(
        "1.0", "work per second relative to the durations", 1.0, gt=0.0
    )
    power_factor: float = amount(
        "1.0", "power relative to the jobs' powers", 1.0, gt=0.0
    )
    embodied_g_per_h: float = amount(
        "40.0", "making of the job's hardware, per hour it is held, in g", 0.0
    )
    embodied_low_g_per_h: float | None = amount("20.0", "lower end of a 95 % interval")
    embodied_high_g_per_h: float | None = amount("80.0", "upper end of it")
    free_gpus: int | None = key(
        "8", "GPUs free all the time; without it no limit", None, ge=0, le=1_000_000
    )
    free: list[FreeKeys] | None = key(
        "[{start = 2026-03-02T08:00:00, stop = 2026-03-02T20:00:00, gpus = 8}]",
        "in place of `free_gpus`: spans; outside them nothing is free",
        None,
        max_length=10_000,
    )
    cpus: float | None = amount("64.0", "cores of the largest job it takes")
    memory_gib: float | None = amount("512.0", "memory of the largest job in GiB")
    private: bool = key("true", "one's own capacity, no public cloud's", True)  # noqa: FBT003 - a default
    tags: Names = key('["EU"]', "what jobs may need or shun", [])
    price_per_h: float | None = amount(
        "3.2", "price of the job's hardware for every hour it runs"
    )
    reserved: bool = key(
        "false",
        "held for the job from its earliest start until it ends",
        False,  # noqa: FBT003 - a default
    )
    idle_w: float = amount("80.0", "power of held hardware that waits in W", 0.0)
    executor: Text = key(
        '"local"', "the engine that runs the daemon's jobs there", "local"
    )
    options: dict[str, object] = key(
        "{gpus = 2, jobs = 4}", "for that engine; its page has them", {}
    )
    link: list[LinkKeys] = key(
        '[{to = "cloud-se", wh_per_gb = 12}]', "ways for data", [], max_length=1000
    )


class PlaceFile(Table):
    """A whole file of places."""

    place: list[dict[str, object]] = key("[[place]]", "the places")
