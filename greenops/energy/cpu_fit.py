"""Fits a CPU's power curve to metered points.

Three non-negative powers by least squares on relative errors, two shape parameters by
leave-one-out search. Non-negative powers keep every fitted curve monotone in load.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from statistics import median

from greenops.energy.cpu_power import CpuCurve, basis, cpu_power

CONCAVITIES = (1.0, 1.5, 2.0, 3.0, 5.0)
EXPONENTS = (0.0, 1.0, 2.0, 3.0)
MIN_POINTS = 5
POINT_SIGMA = 0.1
POWER_SIGMA = 0.5
"""One-sigma relative errors: of a point about its curve, and of each of the three
powers about the prior's. Their ratio says how hard the prior holds where the points say
little, such as idle power in a sweep without idle."""
SHAPE_GAIN = 0.9
"""Another shape than the prior's must lower the left-out error to this share of it."""
FLOOR_REL_UNCERTAINTY = 0.10
"""No calibration is trusted further: other code draws otherwise at the same load.

Source: instruction mix alone moves package power by about 10 to 20 % at fixed load and
clock (Hackenberg et al. 2015; Schoene et al. 2021).
"""
WIDENING = 1.5
"""Over the largest left-out errors: a sweep holds fewer loads than a job."""

_Row = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPoint:
    """One metered point: load 0 to 1, mean clock in GHz if known, power in W."""

    load: float
    power_w: float
    mean_ghz: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuFit:
    """A fitted curve, and how well it foretells points that it has not seen."""

    curve: CpuCurve
    cross_mape_pct: float
    points: int


def fit_curve(
    points: Sequence[LoadPoint], prior: CpuCurve, *, meter_rel_uncertainty: float = 0.05
) -> CpuFit:
    """Return the curve that foretells left-out points best.

    Args:
        points: At least five, over different loads.
        prior: Supplies threads and clocks.
        meter_rel_uncertainty: 95 % half-width of the meter's own error.

    Raises:
        ValueError: too few points, or none with power above zero.
    """
    good = [p for p in points if p.power_w > 0]
    if len(good) < MIN_POINTS:
        raise ValueError(f"a calibration needs {MIN_POINTS} points, got {len(good)}")
    shape, errors = _choose_shape(good, _scaled(prior, good))
    rel = WIDENING * _high_quantile(errors)
    rel = max(FLOOR_REL_UNCERTAINTY, (rel**2 + meter_rel_uncertainty**2) ** 0.5)
    curve = replace(_solve(good, shape), rel_uncertainty=min(rel, 1.0))
    return CpuFit(
        curve=curve,
        cross_mape_pct=100.0 * sum(errors) / len(errors),
        points=len(good),
    )


def _scaled(prior: CpuCurve, points: Sequence[LoadPoint]) -> CpuCurve:
    """Return the prior at the scale of the points: its TDP may be a guess."""
    uncapped = replace(prior, cap_w=float("inf"))
    factor = median(
        p.power_w / cpu_power(uncapped, p.load, p.mean_ghz).power_w for p in points
    )
    return replace(
        uncapped,
        floor_w=factor * prior.floor_w,
        wake_w=factor * prior.wake_w,
        core_w=factor * prior.core_w,
    )


def _choose_shape(
    points: Sequence[LoadPoint], prior: CpuCurve
) -> tuple[CpuCurve, list[float]]:
    """Return the prior in the shape with the least left-out error, and the errors."""
    shape, errors = prior, _left_out_errors(points, prior)
    bar = SHAPE_GAIN * sum(errors)
    for concavity, exponent in product(CONCAVITIES, EXPONENTS):
        other = replace(prior, concavity=concavity, clock_exponent=exponent)
        found = _left_out_errors(points, other)
        if sum(found) < bar:
            bar, shape, errors = sum(found), other, found
    return shape, errors


def _left_out_errors(points: Sequence[LoadPoint], shape: CpuCurve) -> list[float]:
    errors = []
    for i, left_out in enumerate(points):
        curve = _solve([*points[:i], *points[i + 1 :]], shape)
        guess_w = cpu_power(curve, left_out.load, left_out.mean_ghz).power_w
        errors.append(abs(guess_w - left_out.power_w) / left_out.power_w)
    return errors


def _high_quantile(errors: Sequence[float]) -> float:
    ordered = sorted(errors)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def _solve(points: Sequence[LoadPoint], shape: CpuCurve) -> CpuCurve:
    """Return `shape` with the three powers that fit the points best."""
    rows = [_row(shape, p) for p in points]
    targets = [1.0] * len(rows)
    pull = POINT_SIGMA / POWER_SIGMA
    for i, power_w in enumerate((shape.floor_w, shape.wake_w, shape.core_w)):
        if power_w > 0:
            weights = [0.0, 0.0, 0.0]
            weights[i] = pull / power_w
            rows.append((weights[0], weights[1], weights[2]))
            targets.append(pull)
    floor_w, wake_w, core_w = nonnegative_least_squares(rows, targets)
    return replace(
        shape,
        floor_w=floor_w,
        wake_w=wake_w,
        core_w=core_w,
        # loads beyond the sweep are rare; a quarter of headroom lets them show
        cap_w=1.25 * max(p.power_w for p in points),
    )


def _row(shape: CpuCurve, point: LoadPoint) -> _Row:
    """Return the formula's terms over the power: the target of each row is then 1."""
    awake, cores, clock = basis(shape, point.load, point.mean_ghz)
    power_w = point.power_w
    return (
        1.0 / power_w,
        awake * clock / power_w,
        cores * clock**shape.clock_exponent / power_w,
    )


def nonnegative_least_squares(rows: Sequence[_Row], targets: Sequence[float]) -> _Row:
    """Return the three non-negative factors with the least squared error.

    With three unknowns all seven supports are tried: exact, and without a library.
    """
    gram = [[sum(r[i] * r[j] for r in rows) for j in range(3)] for i in range(3)]
    moment = [
        sum(r[i] * t for r, t in zip(rows, targets, strict=True)) for i in range(3)
    ]
    best_gain, best = 0.0, (0.0, 0.0, 0.0)
    for size in (1, 2, 3):
        for support in combinations(range(3), size):
            part = _solve_square(
                [[gram[i][j] for j in support] + [moment[i]] for i in support]
            )
            if part is None or min(part) < 0:
                continue
            # the error falls by moment . factors below that of all zeros
            gain = sum(moment[i] * x for i, x in zip(support, part, strict=True))
            if gain > best_gain * (1 + 1e-12):
                found = dict(zip(support, part, strict=True))
                best_gain = gain
                best = (found.get(0, 0.0), found.get(1, 0.0), found.get(2, 0.0))
    return best


def _solve_square(augmented: list[list[float]]) -> list[float] | None:
    """Return x of A x = b for `[A | b]` (Gauss-Jordan), or None if A is singular."""
    size = len(augmented)
    scale = max(abs(row[i]) for i, row in enumerate(augmented))
    for k in range(size):
        pivot = max(range(k, size), key=lambda i: abs(augmented[i][k]))
        augmented[k], augmented[pivot] = augmented[pivot], augmented[k]
        if abs(augmented[k][k]) <= 1e-12 * scale:
            return None
        for i in range(size):
            if i != k:
                factor = augmented[i][k] / augmented[k][k]
                augmented[i] = [
                    a - factor * b
                    for a, b in zip(augmented[i], augmented[k], strict=True)
                ]
    return [row[size] / row[i] for i, row in enumerate(augmented)]
