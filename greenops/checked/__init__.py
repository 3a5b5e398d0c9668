"""From what a carbon source sent to points that may be used. Pure."""

from greenops.checked.magnitude import IntensityUnit
from greenops.checked.points import checked_points
from greenops.checked.rows import (
    Checked,
    Problems,
    RawPoint,
    finite_number,
    points_within,
    span_utc,
)
from greenops.checked.times import DoubtfulTimeError, local_time, utc_time

__all__ = [
    "Checked",
    "DoubtfulTimeError",
    "IntensityUnit",
    "Problems",
    "RawPoint",
    "checked_points",
    "finite_number",
    "local_time",
    "points_within",
    "span_utc",
    "utc_time",
]
