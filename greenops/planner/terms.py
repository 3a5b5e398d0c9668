"""Under what terms a job is planned, and on which figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from greenops.errors import MixedSignalsError
from greenops.model import (
    Basis,
    Forecast,
    IntensityKind,
    IntensityPoint,
    Objective,
    Place,
)
from greenops.planner.outlook import Series
from greenops.planner.route import SEEN_FOR

Kind = tuple[IntensityKind, Basis]
"""What figures have to share before they are compared or added up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under what terms a job is planned.

    Attributes:
        now: Nothing is planned before; ages are counted to it.
        paused_at: Place where the job lies paused, its checkpoint with it; None: it
            has not begun.
        seen_for: How long what monitoring saw of a place stays true.
        series: Intensity by place, None: not known; a place that is missing has its
            own forecast.
        renewed: The plan will be made anew as better forecasts come: hours that are
            not sure yet are weighed below what is expected, see `robust.worth`.
        past: What came lately by place, to carry old forecasts on.
        untouched: Places as they were before other jobs of the same plan took their
            share, by name: what running at home at once is counted on.
    """

    now: datetime
    objective: Objective = field(default_factory=Objective)
    paused_at: str | None = None
    seen_for: timedelta = SEEN_FOR
    series: Mapping[str, Series | None] = field(default_factory=dict)
    renewed: bool = False
    past: Mapping[str, Sequence[IntensityPoint]] = field(default_factory=dict)
    untouched: Mapping[str, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("a plan is made at a timezone-aware moment")

    def series_of(self, place: Place) -> Series | None:
        """Return the intensity of a place's grid."""
        return self.series.get(place.name, place.forecast)


def one_kind(places: Sequence[Place], terms: Terms) -> Kind | None:
    """Return the one kind of all figures about places; None: there are no figures.

    Raises:
        MixedSignalsError: there are two.
    """
    found: dict[Kind, str] = {}
    for place in places:
        for kind in kinds_of(terms.series_of(place)):
            found.setdefault(kind, place.name)
    if len(found) > 1:
        named = "; ".join(f"{name}: {', '.join(k)}" for k, name in found.items())
        raise MixedSignalsError(
            f"forecasts of different kinds cannot be compared ({named}); "
            "use one signal for all places"
        )
    return next(iter(found), None)


def kinds_of(series: Series | None) -> set[Kind]:
    """Return the kinds of figures of a series."""
    if series is None:
        return set()
    parts = [series] if isinstance(series, Forecast) else series
    return {(part.kind, part.basis) for part in parts}
