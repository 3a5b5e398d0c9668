"""Kept answers as JSON text, and back. Holds no secret: points and times only."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from greenops.model import Basis, IntensityKind, IntensityPoint, Provenance
from greenops.signals.kept import Asked, Kept, KeptPoint

VERSION = 1


def to_text(kept: Kept) -> str:
    """Return what `from_text` understands."""
    sources = list(dict.fromkeys(k.point.source for k in kept.points))
    index = {source: i for i, source in enumerate(sources)}
    document = {
        "version": VERSION,
        "sources": sources,
        "points": [_row(k, index) for k in kept.points],
        "asked": [
            [_epoch(a.start), _epoch(a.stop), _epoch(a.fetched_at)] for a in kept.asked
        ],
    }
    return json.dumps(document, separators=(",", ":"))


def from_text(text: str) -> Kept:
    """Return what was kept.

    Raises:
        ValueError: it is not what `to_text` wrote.
    """
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']}")
        sources = document["sources"]
        points = [_kept_point(row, sources) for row in document["points"]]
        asked = [Asked(*(_moment(s) for s in row)) for row in document["asked"]]
    except (LookupError, TypeError, OverflowError, RecursionError, OSError) as e:
        raise ValueError(f"not kept answers: {e!r}") from e
    return Kept(tuple(points), tuple(asked))


def _row(k: KeptPoint, index: dict[str, int]) -> list[object]:
    p = k.point
    return [
        _epoch(p.start),
        _epoch(p.stop),
        p.intensity_g_per_kwh,
        p.low_g_per_kwh,
        p.high_g_per_kwh,
        p.zone,
        index[p.source],
        p.kind.value,
        p.basis.value,
        p.provenance.value,
        None if p.issued_at is None else _epoch(p.issued_at),
        _epoch(k.fetched_at),
    ]


def _kept_point(row: Sequence[object], sources: Sequence[str]) -> KeptPoint:
    start, stop, value, low, high, zone, i, kind, basis, provenance, issued, fetched = (
        row
    )
    point = IntensityPoint(
        start=_moment(start),
        stop=_moment(stop),
        intensity_g_per_kwh=_number(value),
        low_g_per_kwh=_number(low),
        high_g_per_kwh=_number(high),
        zone=str(zone),
        source=str(sources[int(_number(i))]),
        kind=IntensityKind(str(kind)),
        basis=Basis(str(basis)),
        provenance=Provenance(str(provenance)),
        issued_at=None if issued is None else _moment(issued),
    )
    return KeptPoint(point, _moment(fetched))


def _epoch(at: datetime) -> float:
    return at.timestamp()


def _moment(epoch_s: object) -> datetime:
    return datetime.fromtimestamp(_number(epoch_s), UTC)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value
