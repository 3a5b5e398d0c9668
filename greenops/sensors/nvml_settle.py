"""Finding the moments at which energy counters are renewed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from greenops.errors import SensorError

POLL_S = 0.002
"""Between two looks. The moment is then known to +-1 ms: 0.03 % of a 3 s job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A counter's value in J and the monotonic time in s at which it appeared."""

    counter_j: float
    at_s: float


def renewals(
    counters: Mapping[str, Callable[[], float]],
    now: Callable[[], float],
    *,
    sleep: Callable[[float], None],
    timeout_s: float,
) -> Mapping[str, Renewal]:
    """Poll counters until each has moved once, or `timeout_s` is over.

    A counter that fails, or does not move in time, is not in the answer. The moment
    is taken as the middle between the last look that saw the old value and the first
    that saw the new one.
    """
    waiting: dict[str, tuple[float, float]] = {}
    found: dict[str, Renewal] = {}
    started_s = now()
    for key, ask in counters.items():
        value_j = _look(ask)
        if value_j is not None:
            waiting[key] = (value_j, now())
    while waiting and now() - started_s < timeout_s:
        sleep(POLL_S)
        for key, (old_j, seen_s) in list(waiting.items()):
            value_j, at_s = _look(counters[key]), now()
            if value_j is None:
                del waiting[key]
            elif value_j == old_j:
                waiting[key] = (old_j, at_s)
            else:
                del waiting[key]
                found[key] = Renewal(counter_j=value_j, at_s=(seen_s + at_s) / 2)
    return found


def _look(ask: Callable[[], float]) -> float | None:
    try:
        return ask()
    except SensorError:
        return None  # the ordinary read that follows finds out what is wrong
