"""What counts of the intensities kept of a run and of those stated now.

A source that is down is stood in for by what is less sure: figures it gave long ago,
modelled hours, an annual average. That is right for a run that has nothing better, and
no reason to give up what a run has.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import isclose

from greenops.footprint.grid_points import SURENESS, laid, one_signal
from greenops.model import IntensityPoint

SAME = 1e-9
"""Relative difference that is rounding."""
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def revised(
    kept: Sequence[IntensityPoint], stated: Sequence[IntensityPoint]
) -> list[IntensityPoint]:
    """Return the points that count now, in time order and without overlap.

    For every moment the surer provenance; of equal ones the later issue, and the one
    stated now where either has none. A figure that is repeated is the kept one. Of two
    bases one counts as a whole: the one stated now unless the kept one is surer.

    Args:
        kept: Those of the footprint that counts, of one signal; may be empty.
        stated: Those of the present answer, of one signal.

    Raises:
        MixedSignalsError: either differs in kind or in basis within itself.
        SignalError: either states two figures for one moment.
    """
    kept, stated = one_signal(kept), one_signal(stated)
    if not kept or not stated:
        return kept or stated
    if kept[0].basis is not stated[0].basis:
        return stated if _worst(stated) <= _worst(kept) else kept
    known = {(p.start, p.stop): p for p in kept}
    news = [p for p in stated if not _repeats(p, known.get((p.start, p.stop)))]
    ranked = [(_key(p, new=True), p) for p in news]
    ranked += [(_key(p, new=False), p) for p in kept]
    ranked.sort(key=lambda pair: pair[0])
    return laid(point for _, point in ranked)


def _key(point: IntensityPoint, *, new: bool) -> tuple[int, float, bool]:
    """Return what sorts the point that counts first."""
    issued_at = point.issued_at or (_LAST if new else _FIRST)
    return SURENESS[point.provenance], -issued_at.timestamp(), not new


def _worst(points: Sequence[IntensityPoint]) -> int:
    return max(SURENESS[p.provenance] for p in points)


def _repeats(stated: IntensityPoint, kept: IntensityPoint | None) -> bool:
    """Return whether a point says what was said, at no later time of issue.

    Its bounds may be wider: a source's own answer of yesterday is handed out so.
    """
    if kept is None or stated.provenance is not kept.provenance:
        return False
    if stated.issued_at is None or kept.issued_at is None:
        return False
    same = isclose(stated.intensity_g_per_kwh, kept.intensity_g_per_kwh, rel_tol=SAME)
    return same and stated.issued_at <= kept.issued_at
