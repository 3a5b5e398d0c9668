"""Amounts and moments as people read them in the reason of a plan."""

from datetime import UTC, datetime

from greenops.units import G_PER_KG, KG_PER_T


def grams(emissions_g: float) -> str:
    """Return `843 g`, `1.24 kg`, `3.1 t`: three digits, in the unit that fits."""
    for unit, size_g in (("t", G_PER_KG * KG_PER_T), ("kg", G_PER_KG)):
        if abs(emissions_g) >= size_g * 0.9995:
            return f"{_digits(emissions_g / size_g)} {unit}"
    return f"{_digits(emissions_g)} g"


def moment(at: datetime) -> str:
    """Return a time as `Tue 3 Mar 2026 08:00 UTC`."""
    utc = at.astimezone(UTC)
    return f"{utc:%a} {utc.day} {utc:%b %Y %H:%M} UTC"


def _digits(number: float) -> str:
    return f"{number:.3g}" if abs(number) < 999.5 else f"{number:,.0f}"
