"""Places and jobs that the tests of the planner start from."""

from datetime import UTC, datetime, timedelta
from math import isnan

from greenops.model import (
    Basis,
    Bounded,
    Forecast,
    ForecastHour,
    IntensityKind,
    Phase,
    Place,
    PlannedJob,
    Seen,
    Workload,
)

T0 = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAN = float("nan")


def exactly(value):
    return Bounded(central=value, low=value, high=value)


def around(value, share):
    return Bounded(central=value, low=value * (1.0 - share), high=value * (1.0 + share))


def forecast(*g_per_kwh, band=0.0, kind=IntensityKind.AVERAGE, basis=Basis.LIFE_CYCLE):
    """A forecast from T0 on; NaN: the hour is missing."""
    return Forecast(
        zone="XX",
        kind=kind,
        basis=basis,
        issued_at=T0,
        method="made up",
        source="a test",
        hours=tuple(
            ForecastHour(
                start=T0 + i * HOUR,
                intensity_g_per_kwh=g,
                low80_g_per_kwh=g * (1 - band / 2),
                high80_g_per_kwh=g * (1 + band / 2),
                low95_g_per_kwh=g * (1 - band),
                high95_g_per_kwh=g * (1 + band),
            )
            for i, g in enumerate(g_per_kwh)
            if not isnan(g)
        ),
    )


def place(name, *g_per_kwh, band=0.0, **fields):
    """A private place with GPUs seen free, and a forecast from T0 on."""
    fields.setdefault("seen", Seen(free_gpus=8, at=T0))
    fields.setdefault("zone", name.upper())
    ahead = forecast(*g_per_kwh, band=band) if g_per_kwh else None
    return Place(name=name, forecast=ahead, **fields)


def job(hours=1.0, deadline_h=24.0, **fields):
    """A training of 1 kW that may start at T0."""
    fields.setdefault("duration_s", exactly(hours * 3600.0))
    fields.setdefault("phases", (Phase(share=1.0, power_w=1000.0),))
    return PlannedJob(
        **{
            "name": "train-x",
            "workload": Workload.TRAIN,
            "home": "home",
            "earliest": T0,
            "deadline": T0 + deadline_h * HOUR,
            **fields,
        }
    )
