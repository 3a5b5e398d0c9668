"""How the signals of a chain stand: who answers, who refused, and why."""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from greenops.errors import SignalBusyError, SignalError, SignalRefusedError
from greenops.model import IntensityPoint
from greenops.ports import CarbonSignal

logger = logging.getLogger(__name__)


class SourceState(StrEnum):
    """How one signal of a chain stands."""

    WORKS = "works"
    REFUSED = "refused"
    BUSY = "busy"
    FAILED = "failed"
    UNUSABLE = "unusable"  # could not even be made
    UNASKED = "not asked yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """What is known about one signal of a chain.

    Attributes:
        name: As configured.
        state: How its last question went.
        detail: What it said in place of an answer; empty while it works.
        offline: It needs no network.
        attribution: Who must be named beside its figures.
        issued_at: When the newest figure of its last answer was stated; None: it did
            not answer, or its figures have no such time.
    """

    name: str
    state: SourceState
    detail: str = ""
    offline: bool = False
    attribution: str = ""
    issued_at: datetime | None = None


class Sources:
    """Keeps the status of each signal, and who answers for which zone. Thread-safe."""

    def __init__(
        self, members: Sequence[CarbonSignal], unusable: Mapping[str, str]
    ) -> None:
        """Begin with nobody asked.

        Args:
            members: In order.
            unusable: Names that were configured but could not be made, and why.
        """
        self._lock = threading.Lock()
        self._status = {m.name: _status(m, SourceState.UNASKED) for m in members}
        self._status |= {
            name: SourceStatus(name=name, state=SourceState.UNUSABLE, detail=why)
            for name, why in unusable.items()
        }
        self._first = members[0].name if members else ""
        self._answering: dict[str | None, str] = {}
        self._used: dict[str, str] = {}  # names, and attributions
        self._attributions = {m.name: m.traits.attribution for m in members}

    def status(self) -> list[SourceStatus]:
        """Return how each stands, in order; those that could not be made come last."""
        with self._lock:
            return list(self._status.values())

    def answered(self, member: CarbonSignal, points: Sequence[IntensityPoint]) -> None:
        """Write down that `member` answered."""
        issued = [p.issued_at for p in points if p.issued_at is not None]
        newest = max(issued, default=None)
        self._set(_status(member, SourceState.WORKS, issued_at=newest))

    def failed(self, member: CarbonSignal, error: SignalError) -> None:
        """Write down what `member` said in place of an answer."""
        self._set(_status(member, _state_of(error), detail=str(error)))

    def attributions(self) -> list[str]:
        """Return who must be named beside what was answered, each once."""
        with self._lock:
            return list(dict.fromkeys(self._used.values()))

    def answering(self, zone: str | None) -> str:
        """Return the names of those who answered the last question about `zone`."""
        with self._lock:
            return self._answering.get(zone, "")

    def settled(
        self, zone: str | None, names: Sequence[str], why: Sequence[Exception]
    ) -> None:
        """Say so, once, if others answer for `zone` than before."""
        source = " and ".join(names)
        with self._lock:
            self._used |= {n: self._attributions[n] for n in names}
            before = self._answering.get(zone, self._first)
            self._answering[zone] = source
        if source != before:
            logger.info(
                "carbon intensity of %s is from %s now%s",
                zone or "the world",
                source,
                "".join(f"; {error}" for error in why),
            )

    def _set(self, status: SourceStatus) -> None:
        with self._lock:
            self._status[status.name] = status


def _status(
    member: CarbonSignal,
    state: SourceState,
    *,
    detail: str = "",
    issued_at: datetime | None = None,
) -> SourceStatus:
    return SourceStatus(
        name=member.name,
        state=state,
        detail=detail,
        offline=member.traits.offline,
        attribution=member.traits.attribution,
        issued_at=issued_at,
    )


def _state_of(error: SignalError) -> SourceState:
    if isinstance(error, SignalRefusedError):
        return SourceState.REFUSED
    busy = isinstance(error, SignalBusyError)
    return SourceState.BUSY if busy else SourceState.FAILED
