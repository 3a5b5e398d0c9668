"""Whether the keys of a job agree with each other, and with the places there are."""

from collections.abc import Collection
from math import isclose

from greenops.jobspec.complaints import Spot, shown
from greenops.jobspec.files import repeated
from greenops.jobspec.job_keys import JobKeys


def check(keys: JobKeys, spot: Spot, places: Collection[str]) -> None:
    """Complain of keys that contradict each other, and of places that do not exist.

    Args:
        keys: Of the job.
        spot: Its table.
        places: Names of the places there are; empty: they are not known.
    """
    if (keys.power_w is None) == (not keys.phase):
        spot.complain(
            "power_w, phase: give one of them, such as power_w = 350.0 (power in W)"
        )
    _check(keys, spot)
    if places:
        _check_names(keys, spot, places, keys.home)


def check_submitted(keys: JobKeys, spot: Spot, places: Collection[str]) -> None:
    """Complain likewise of a job to be submitted, of which less need be known.

    Args:
        keys: Of the job; where it would run at once does not count.
        spot: Its table.
        places: Names of the places there are.
    """
    if keys.power_w is not None and keys.phase:
        spot.complain("give power_w or phase, not both", "phase")
    if keys.scaling:
        spot.complain(
            "scaling is for `greenops plan`: a submitted job keeps its `gpus`; leave it"
            " out",
            "scaling",
        )
    if keys.late_g_per_h is not None:
        spot.complain(
            "late_g_per_h is for `greenops plan`: the deadline of a submitted job is"
            " kept; leave it out, or leave the deadline out",
            "late_g_per_h",
        )
    _check(keys, spot)
    _check_names(keys, spot, places)


def _check(keys: JobKeys, spot: Spot) -> None:
    _check_shares(keys, spot)
    _check_tags(keys, spot)
    _check_lists(keys, spot)
    if keys.pause is not None and not keys.interruptible:
        spot.complain(
            "pause is for jobs with interruptible = true; this one has it not", "pause"
        )


def _check_shares(keys: JobKeys, spot: Spot) -> None:
    total = sum(p.share for p in keys.phase)
    if keys.phase and not isclose(total, 1.0, abs_tol=1e-6):
        spot.complain(
            f"the shares of the phases add up to {total:g}; they must add up to 1",
            "phase",
        )


def _check_tags(keys: JobKeys, spot: Spot) -> None:
    if both := sorted(set(keys.needs_tags) & set(keys.shuns_tags)):
        spot.complain(
            f"needs and shuns the same tags: {', '.join(both)}; take them out of one",
            "shuns_tags",
        )


def _check_lists(keys: JobKeys, spot: Spot) -> None:
    if keys.places is not None and not keys.places:
        spot.complain(
            "places is empty, so it may run nowhere; name one, or leave the key out",
            "places",
        )
    for i, work in enumerate(keys.scaling):
        if work <= 0.0:
            spot.complain(
                f"scaling[{i}] = {work:g}: work per second must be above 0", "scaling"
            )
    for name in repeated(d.name for d in keys.data):
        spot.complain(f"data {shown(name)} is there twice", "data")


def _check_names(
    keys: JobKeys, spot: Spot, places: Collection[str], home: str | None = None
) -> None:
    """Complain of places that do not exist."""
    named_at: list[tuple[str, tuple[str | int, ...]]] = []
    if home is not None:
        named_at.append((home, ("home",)))
    named_at += [(name, ("places",)) for name in keys.places or ()]
    named_at += [
        (name, ("data", i, "at")) for i, d in enumerate(keys.data) for name in d.at
    ]
    for name, path in named_at:
        if name not in places:
            dotted = ".".join(p for p in path if isinstance(p, str))
            hint = spot.near(name, places)
            spot.complain(f"{dotted}: no place {shown(name)}{hint}", *path)
