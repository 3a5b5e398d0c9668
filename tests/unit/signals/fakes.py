"""Signals that do as they are told, for tests of what stands above them."""

from datetime import UTC, datetime, timedelta

from greenops.model import (
    Basis,
    IntensityKind,
    IntensityPoint,
    Provenance,
    SignalTraits,
)

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour):
    return MIDNIGHT + hour * HOUR


def point(hour, *, hours=1.0, g=100.0, zone="FR", source="acme", **fields):
    return IntensityPoint(
        start=at(hour),
        stop=at(hour + hours),
        intensity_g_per_kwh=g,
        low_g_per_kwh=0.9 * g,
        high_g_per_kwh=1.1 * g,
        zone=zone,
        source=source,
        **fields,
    )


class ScriptedSignal:
    """Gives its points, or raises; counts the questions."""

    def __init__(self, name, answer, *, kind=IntensityKind.AVERAGE, offline=False):
        self.name = name
        self.traits = SignalTraits(
            kind=kind,
            basis=None,
            resolution=HOUR,
            history=None,
            horizon=timedelta(0),
            attribution=f"figures of {name}",
            offline=offline,
        )
        self.answer = answer
        self.asked = []

    def intensity(self, zone, start, stop):
        self.asked.append((zone, start, stop))
        answer = (
            self.answer(zone, start, stop) if callable(self.answer) else self.answer
        )
        if isinstance(answer, Exception):
            raise answer
        return [p for p in answer if p.start < stop and start < p.stop]


def hourly(name, hours, *, offline=False, kind=IntensityKind.AVERAGE, **fields):
    points = [point(h, source=name, kind=kind, **fields) for h in hours]
    return ScriptedSignal(name, points, offline=offline, kind=kind)


__all__ = ["Basis", "Provenance", "ScriptedSignal", "at", "hourly", "point"]
