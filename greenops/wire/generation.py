"""Hours of generation by source, kept so that each is asked for once."""

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from greenops.errors import GreenopsError
from greenops.model import GenerationHour
from greenops.ports import GenerationSource
from greenops.wire.replaced import replace_file

log = logging.getLogger(__name__)

REVISED = timedelta(days=2)
"""Hours younger than this when they were fetched are asked for again."""


def generation_of(
    source: GenerationSource,
    zone: str,
    span: tuple[datetime, datetime],
    kept_in: Path | None,
) -> Sequence[GenerationHour]:
    """Return what a zone's hours in a span were generated from; maybe nothing.

    Args:
        source: Who knows.
        zone: Canonical code.
        span: Aware, half-open.
        kept_in: A file of this zone and source; None: nothing need be kept.
    """
    start, stop = span
    kept = _load(kept_in) if kept_in else {}
    settled = [at for at in kept if start <= at < stop - REVISED]
    # What is kept is of use if it reaches back as far; else all is asked for anew.
    asked_from = start
    if settled and min(settled) <= start + REVISED:
        asked_from = max(settled) + timedelta(hours=1)
    try:
        found = source.generation(zone, asked_from, stop)
    except GreenopsError as e:
        log.info("no generation of %s by source: %s", zone, e)
        found = ()
    hours = kept | {h.start: h for h in found}
    if kept_in and found:
        _save(kept_in, {at: h for at, h in hours.items() if at >= start})
    return [hours[at] for at in sorted(hours) if start <= at < stop]


def _load(path: Path) -> dict[datetime, GenerationHour]:
    try:
        rows = json.loads(path.read_text())
        hours = [_hour(row) for row in rows]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, OverflowError) as e:
        log.info("what was kept in %s is asked for anew: %s", path, e)
        return {}
    return {h.start: h for h in hours}


def _hour(row: Any) -> GenerationHour:  # noqa: ANN401 - whatever a file may hold
    at_s, power_mw = row
    return GenerationHour(
        start=datetime.fromtimestamp(at_s, UTC),
        power_mw={str(name): float(mw) for name, mw in dict(power_mw).items()},
    )


def _save(path: Path, hours: dict[datetime, GenerationHour]) -> None:
    rows = [[at.timestamp(), dict(hours[at].power_mw)] for at in sorted(hours)]
    text = json.dumps(rows, separators=(",", ":"))
    try:
        replace_file(path, lambda file: file.write(text.encode()))
    except OSError as e:
        log.info("generation could not be kept in %s: %s", path, e)
