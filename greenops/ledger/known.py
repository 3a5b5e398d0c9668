"""What was known of the grid at a moment: a pure choice among what was ever stated."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from greenops.errors import MixedSignalsError
from greenops.footprint.grid_points import SURENESS, laid
from greenops.model import IntensityPoint, Provenance

_SEEN_AFTERWARDS = (Provenance.MEASURED, Provenance.ESTIMATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A stated intensity, and when this ledger took it down."""

    point: IntensityPoint
    recorded_at: datetime

    @property
    def since(self) -> datetime:
        """From when on it could be known.

        From its time of issue; without one from the moment it was recorded. What was
        metered cannot be known before its hour is over, whatever a clock says.
        """
        stated = self.point.issued_at or self.recorded_at
        if self.point.provenance in _SEEN_AFTERWARDS:
            return max(stated, self.point.stop)
        return stated


def as_known(
    said: Iterable[Known], known_at: datetime | None = None
) -> list[IntensityPoint]:
    """Return the points that stood at `known_at`, in time order, without overlap.

    For every moment the surest provenance counts, then what was stated last. A longer
    point that a better one covers in part is cut to what is left of it.

    Args:
        said: Of one zone and one kind, in the order recorded.
        known_at: Nothing that became known later is used; None: all is.

    Raises:
        MixedSignalsError: they differ in basis, or in kind.
    """
    left = [k for k in said if known_at is None or k.since <= known_at]
    if len({(k.point.kind, k.point.basis) for k in left}) > 1:
        raise MixedSignalsError(
            "the history of this zone holds intensities of more than one kind or basis;"
            " name one"
        )
    best_last = sorted(
        left, key=lambda k: (-SURENESS[k.point.provenance], k.since, k.recorded_at)
    )
    return laid(known.point for known in reversed(best_last))
