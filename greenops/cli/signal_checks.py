"""What `greenops doctor` says about carbon signals."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from greenops.cli.checks import Finding, State
from greenops.errors import GreenopsError
from greenops.report.text import duration
from greenops.signals.sources import SourceState, SourceStatus

AREA = "signals"
AVERAGE = "signals.order"
ALWAYS = frozenset(("hourly_model", "annual"))
"""Who answers for every zone and hour; files of one's own end somewhere."""


def check_signals(
    key: str,
    order: Sequence[str],
    statuses: Sequence[SourceStatus],
    now: datetime,
) -> Iterator[Finding]:
    """Yield one finding per signal of an order, and one where the order may fail.

    Args:
        key: The order's key in the configuration.
        order: The names in it.
        statuses: After each was asked once.
        now: Aware.
    """
    for status in statuses:
        if status.state is SourceState.WORKS:
            place = order.index(status.name) + 1
            detail = f"answers; no. {place} in {key}{_age(status, now)}"
            yield _finding(status.name, State.GOOD, detail)
        else:
            detail = f"{status.state}: {status.detail}"
            yield _finding(
                status.name, State.ABSENT, detail, remedy=_remedy(status, key)
            )
    usable = {s.name for s in statuses if s.state is not SourceState.UNUSABLE}
    if key == AVERAGE and not usable & ALWAYS:
        yield _finding(
            "order",
            State.ABSENT,
            "neither hourly_model nor annual is in it: when the others fail, runs "
            "have no emissions",
            remedy=f'end {key} with "hourly_model"',
        )


def check_unused(names: Collection[str]) -> Iterator[Finding]:
    """Yield what else is installed; nobody is asked."""
    if names:
        yield _finding(
            "not asked",
            State.ABSENT,
            f"{', '.join(sorted(names))}: installed, in no order",
            remedy=f'set {AVERAGE} = ["NAME", "hourly_model", "annual"]',
        )


def signals_unopened(key: str, error: GreenopsError) -> Finding:
    """Return that an order cannot be used at all."""
    return _finding(key, State.BROKEN, str(error), remedy=f"mend {key}")


def _age(status: SourceStatus, now: datetime) -> str:
    if status.issued_at is None:
        return ""
    age_s = max(0.0, (now - status.issued_at).total_seconds())
    return f", newest figure stated {duration(age_s)} ago"


def _remedy(status: SourceStatus, key: str) -> str:
    if status.state is SourceState.UNUSABLE:
        return f"mend [signals.{status.name}], or take {status.name} out of {key}"
    if status.state is SourceState.REFUSED:
        return f"set its credential, or take {status.name} out of {key}"
    return ""


def _finding(name: str, state: State, detail: str, *, remedy: str = "") -> Finding:
    return Finding(area=AREA, name=name, state=state, detail=detail, remedy=remedy)
