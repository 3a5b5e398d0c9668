"""Points of one zone from what was generated there."""

from collections.abc import Iterable
from datetime import datetime

from greenops.checked import Checked, checked_points
from greenops.model import Basis, IntensityKind, Provenance
from greenops_generation.factors import FACTOR_SETS
from greenops_generation.mix import Generated, intensity_rows


def generation_points(
    generated: Iterable[Generated],
    *,
    zone: str,
    source: str,
    factors: str,
    issued_at: datetime,
    within: tuple[datetime, datetime],
) -> Checked:
    """Return hourly life-cycle intensities, and why other hours are missing.

    Args:
        generated: Of the zone, in any order.
        zone: Canonical code that the points will carry.
        source: Who states the generation, for people and auditors.
        factors: A name in `FACTOR_SETS`.
        issued_at: When it was fetched; aware.
        within: The span that was asked for; the rest is context.

    Raises:
        SignalError: the answer as a whole cannot be an intensity.
    """
    rows, gaps = intensity_rows(generated, FACTOR_SETS[factors], within=within)
    checked = checked_points(
        rows,
        zone=zone,
        source=f"{source}, {factors} factors, without imports",
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        provenance=Provenance.MEASURED,
        issued_at=issued_at,
        within=within,
        rel_uncertainty=0.0,  # each row has the bounds of its factors
    )
    return Checked(points=checked.points, problems=gaps + checked.problems)
