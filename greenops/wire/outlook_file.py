"""The daemon's latest forecasts in a file, for those who cannot wait for their own.

A forecast takes the network and half a second; a person who submits a job has neither.
The file is written whole or not at all, for this user alone (0600).
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from greenops.model import Basis, Forecast, ForecastHour, IntensityKind

FILE = "outlook.json"
FRESH_FOR = timedelta(hours=2)
"""A daemon renews its forecasts within the hour; older ones are of one that is gone."""
KEPT_FOR = timedelta(days=8)
"""What is older than any hour that it could tell of is nothing to plan by."""
MOST_BYTES = 32 << 20
_BANDS = (
    "intensity_g_per_kwh",
    "low80_g_per_kwh",
    "high80_g_per_kwh",
    "low95_g_per_kwh",
    "high95_g_per_kwh",
)


def keep_outlook(state: Path, forecasts: Mapping[str, Forecast]) -> None:
    """Write down the forecasts of zones.

    Args:
        state: The state folder, which is there.
        forecasts: By zone.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    text = json.dumps({zone: _plain(f) for zone, f in forecasts.items()})
    beside = state / f".{FILE}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        fd = os.open(beside, flags, 0o600)
        with os.fdopen(fd, "w", encoding="ascii") as stream:
            stream.write(text)
        beside.replace(state / FILE)
    finally:
        beside.unlink(missing_ok=True)


def kept_outlook(
    state: Path, now: datetime, *, at_most: timedelta = FRESH_FOR
) -> dict[str, Forecast]:
    """Return the forecasts that were written down lately, by zone. Never raises.

    Args:
        state: The state folder.
        now: Aware; forecasts that were issued later are left out, and what is none.
        at_most: How old they may be.
    """
    try:
        with (state / FILE).open("rb") as stream:
            found = json.loads(stream.read(MOST_BYTES))
        read = {zone: _forecast(plain) for zone, plain in found.items()}
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return {}
    except (RecursionError, OverflowError):  # nothing that we ever wrote
        return {}
    age = {zone: now - forecast.issued_at for zone, forecast in read.items()}
    return {z: f for z, f in read.items() if timedelta(0) <= age[z] <= at_most}


def _plain(forecast: Forecast) -> dict[str, Any]:
    return {
        "zone": forecast.zone,
        "kind": str(forecast.kind),
        "basis": str(forecast.basis),
        "issued_at": forecast.issued_at.astimezone(UTC).isoformat(),
        "method": forecast.method,
        "source": forecast.source,
        "hours": [
            [h.start.timestamp(), *(getattr(h, name) for name in _BANDS)]
            for h in forecast.hours
        ],
    }


def _forecast(plain: Mapping[str, Any]) -> Forecast:
    return Forecast(
        zone=plain["zone"],
        kind=IntensityKind(plain["kind"]),
        basis=Basis(plain["basis"]),
        issued_at=datetime.fromisoformat(plain["issued_at"]),
        method=plain["method"],
        source=plain["source"],
        hours=tuple(
            ForecastHour(
                start=datetime.fromtimestamp(start_s, UTC),
                **dict(zip(_BANDS, bands, strict=True)),
            )
            for start_s, *bands in plain["hours"]
        ),
    )
