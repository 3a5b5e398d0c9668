"""Whether data that is not read before a job starts should lie in cold storage."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from greenops.model import Bounded, Dataset
from greenops.planner.figures import grams, moment
from greenops.planner.words import span
from greenops.units import GB_PER_TB, J_PER_WH, S_PER_HOUR, WH_PER_KWH

DISK_W_PER_TB = 0.65
FLASH_W_PER_TB = 1.2
"""Of drives in servers, idle or not; a copy more costs as much again.

Source: Cloud Carbon Footprint, methodology (6.5 W per disk of 10 TB, 6 W per solid
state drive of 5 TB in 2020), after Shehabi et al. 2016 (LBNL-1005775).
"""
TAPE_J_PER_GB = 150.0
"""For writing and reading back: two passes of a drive of 30 W at 0.4 GB/s.

A cartridge at rest takes nothing. Source: IBM TS4500 documentation, LTO 9 (400 MB/s);
the drive's power is rounded up from data sheets of half-height drives.
"""
TAPE_GB_PER_S = 0.4
RECALL_S = 12 * S_PER_HOUR
"""How long a public cloud's deep archive may take to begin handing data back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cold:
    """What a dataset saves on tape while a job waits.

    Attributes:
        disk_g, flash_g: Below lying on hard disks, or on flash, moves to tape and back
            taken off.
        warm_up_at: When it must be called back.
    """

    dataset: str
    disk_g: float
    flash_g: float
    warm_up_at: datetime


def cold(
    data: Dataset,
    *,
    now: datetime,
    read_at: datetime,
    g_per_kwh: Bounded,
    pue: Bounded,
) -> Cold | None:
    """Return what cold storage saves until a job reads the data; None: nothing.

    Args:
        data: Of which one copy is counted.
        now: It could be moved then.
        read_at: It has to lie on hot storage again by then.
        g_per_kwh: Mean intensity where it lies until then.
        pue: Of the place where it lies.
    """
    back_s = RECALL_S + data.size_gb / TAPE_GB_PER_S
    cold_s = (read_at - now).total_seconds() - back_s
    if cold_s <= 0.0:
        return None
    size_tb, cold_h = data.size_gb / GB_PER_TB, cold_s / S_PER_HOUR
    moved_wh = data.size_gb * TAPE_J_PER_GB / J_PER_WH
    g_per_wh = g_per_kwh.central * pue.central / WH_PER_KWH
    disk_g, flash_g = (
        (w_per_tb * size_tb * cold_h - moved_wh) * g_per_wh
        for w_per_tb in (DISK_W_PER_TB, FLASH_W_PER_TB)
    )
    if disk_g <= 0.0:
        return None
    return Cold(
        dataset=data.name,
        disk_g=disk_g,
        flash_g=flash_g,
        warm_up_at=read_at - timedelta(seconds=back_s),
    )


def sentence(found: Cold, *, now: datetime) -> str:
    """Return the advice in words."""
    for_s = (found.warm_up_at - now).total_seconds()
    return (
        f"{found.dataset} is not read for days: on tape it saves "
        f"{grams(found.disk_g)} against hard disks and {grams(found.flash_g)} against "
        f"flash over {span(for_s)}; call it back by {moment(found.warm_up_at)}."
    )
