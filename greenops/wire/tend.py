"""Puts in order what processes that were killed have left behind."""

import logging

from greenops.config import Config
from greenops.errors import GreenopsError
from greenops.ledger.place import default_path
from greenops.ledger.recover import LostRun, close_lost
from greenops.ledger.take_in import take_in_spool
from greenops.model import Footprint
from greenops.sensors.job_cgroup import remove_empty_groups
from greenops.wire.account import assessor
from greenops.wire.grid import Grid

log = logging.getLogger(__name__)


def tend(config: Config) -> int:
    """Take in spooled records and close lost runs; return how many were closed.

    Every greenops process does this once: the next one after a crash repairs it.
    Costs about a millisecond where there is nothing to do. Never raises: whoever came
    for something else shall get it.
    """
    path = config.ledger_path or default_path()
    # A command that only tidies up must not wait for a network; `greenops restate` may.
    assess = assessor(config, grid=Grid(config, offline=True))

    def footprint(lost: LostRun) -> Footprint | None:
        try:
            hours = list(lost.hours)
            return assess(lost.run, list(lost.totals), hours, lost.end.duration_s)
        except (GreenopsError, ValueError) as e:
            log.debug("no footprint for %s: %s", lost.run.run_id, e)
            return None

    remove_empty_groups()
    try:
        take_in_spool(path)
        return close_lost(path, assess=footprint)
    except (GreenopsError, OSError) as e:
        log.debug("the ledger could not be tended: %s", e)
        return 0
