"""How much work fits between two times, whatever it costs: what is feasible at all."""

from heapq import heappop, heappush
from math import inf

import numpy as np

from greenops.planner.timing.curve import SLIVER_S, Curve
from greenops.planner.timing.pauses import Pauses

Spans = list[tuple[float, float]]


def usable_spans(curve: Curve, earliest_s: float, deadline_s: float) -> Spans:
    """Return the longest spans in which a job can run, in order.

    Where the hardware is held, what lies behind a wait of unknown cost is out of reach.
    """
    inner_s = curve.edges_s[(curve.edges_s > earliest_s) & (curve.edges_s < deadline_s)]
    bounds_s = np.array([earliest_s, *inner_s, deadline_s])
    known = curve.known(bounds_s[:-1], bounds_s[1:])
    spans: Spans = []
    for low_s, high_s, usable in zip(bounds_s[:-1], bounds_s[1:], known, strict=True):
        if not usable:
            if np.isnan(curve.wait_g(low_s, high_s)):
                break
        elif spans and spans[-1][1] == low_s:
            spans[-1] = (spans[-1][0], float(high_s))
        else:
            spans.append((float(low_s), float(high_s)))
    return spans


def packed(spans: Spans, pauses: Pauses, work_s: float) -> list[tuple[float, float]]:
    """Return the start and length of each stretch's work; empty: it does not fit.

    Takes the spans that hold the most, and fills them from the first on.

    Args:
        spans: In which it can run.
        pauses: The limits to pausing.
        work_s: To be done.
    """
    chosen, room_s = _roomiest(spans, pauses)
    if room_s < work_s - SLIVER_S:
        return []
    placed: list[tuple[float, float]] = []
    for index, (low_s, high_s) in enumerate(chosen):
        start_s = low_s + (pauses.resume_s if index else pauses.first_s)
        if work_s <= high_s - start_s + SLIVER_S:
            return [*placed, (start_s, work_s)]
        length_s = high_s - pauses.pause_s - start_s
        placed.append((start_s, length_s))
        work_s -= length_s
    return []


def most_work_s(spans: Spans, pauses: Pauses) -> float:
    """Return how much work fits in at most."""
    return _roomiest(spans, pauses)[1]


def _roomiest(spans: Spans, pauses: Pauses) -> tuple[Spans, float]:
    """Return the spans to use, one stretch each, and the work they hold together.

    The first and the last have fewer overheads, so all pairs of them are tried; of
    those in between the longest are best.
    """
    best: tuple[Spans, float] = ([], 0.0)
    for span in spans:
        room_s = span[1] - span[0] - pauses.first_s
        if room_s > best[1]:
            best = ([span], room_s)
    if pauses.max_pauses == 0 or len(spans) == 1:
        return best
    for i in range(len(spans)):
        j, room_s = _best_last(spans, pauses, i)
        if room_s > best[1] + SLIVER_S:
            best = (_used(spans, pauses, i, j), room_s)
    return best


def _best_last(spans: Spans, pauses: Pauses, i: int) -> tuple[int, float]:
    """Return the last span to use after the first, with the work that then fits in."""
    first_s = _room_s(spans[i], pauses.first_s + pauses.pause_s, pauses.min_run_s)
    inner_s: list[float] = []
    best = (i, -inf)
    for j in range(i + 1, len(spans)):
        total_s = first_s + sum(inner_s) + _room_s(spans[j], pauses.resume_s, 0.0)
        if total_s > best[1]:
            best = (j, total_s)
        room_s = _room_s(spans[j], pauses.pause_s + pauses.resume_s, pauses.min_run_s)
        if room_s > 0.0:
            heappush(inner_s, room_s)
        if pauses.max_pauses is not None and len(inner_s) >= pauses.max_pauses:
            heappop(inner_s)
    return best


def _used(spans: Spans, pauses: Pauses, i: int, j: int) -> Spans:
    gap_s = pauses.pause_s + pauses.resume_s
    inner = [s for s in spans[i + 1 : j] if _room_s(s, gap_s, pauses.min_run_s) > 0.0]
    inner.sort(key=lambda s: s[0] - s[1])
    if pauses.max_pauses is not None:
        inner = inner[: pauses.max_pauses - 1]
    return [spans[i], *sorted(inner), spans[j]]


def _room_s(span: tuple[float, float], overhead_s: float, least_s: float) -> float:
    """Return how much work a stretch in there does; -inf: it may not be so short."""
    left_s = span[1] - span[0] - overhead_s
    return left_s if left_s >= least_s - SLIVER_S and left_s > 0 else -inf
