"""Carbon intensity from the first of several signals that has it.

Signals of one kind only: average and marginal are never mixed. Two bases (life-cycle,
direct) are not either, within one answer: a gap is filled from another source only
where its basis is the same, else that source answers for the whole span.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from greenops.errors import (
    ConfigError,
    GreenopsError,
    SignalBusyError,
    SignalError,
    SignalRefusedError,
    UnknownZoneError,
)
from greenops.model import (
    Basis,
    GenerationHour,
    IntensityKind,
    IntensityPoint,
    SignalTraits,
)
from greenops.ports import CarbonSignal, GenerationSource
from greenops.signals.patience import Patience, TooLateError
from greenops.signals.silence import Silences, reach_of
from greenops.signals.sources import Sources, SourceState, SourceStatus
from greenops.signals.spread import bridged, clipped, gaps_in

WAIT_S = 2.0
OWN_WAIT_S = 10.0
"""What this machine's own signals have at least: a file may be huge, a disk gone."""


@runtime_checkable
class KeepsAnswers(Protocol):
    """A signal that has its last good answers at hand."""

    def fresh(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return what `intensity` does, or raise where that would be kept points."""

    def kept(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return what is kept, however old, without asking anyone; maybe nothing."""

    def late(self, zone: str | None, start: datetime, stop: datetime) -> None:
        """Remember, for others too, that it was asked and did not answer in time."""


class ChainSignal:
    """Asks its signals in order; the first that answers counts.

    Raises:
        ConfigError: the order holds signals of the other kind.
    """

    name = "chain"

    def __init__(
        self,
        members: Sequence[CarbonSignal],
        *,
        kind: IntensityKind = IntensityKind.AVERAGE,
        wait_s: float = WAIT_S,
        own_wait_s: float = OWN_WAIT_S,
        unusable: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Ask `members` in this order.

        Args:
            members: Ready to be asked.
            kind: Of all of them.
            wait_s: How long one question may wait for all networked members together.
            own_wait_s: How long each that needs no network may take at least.
            unusable: Names that were configured but could not be made, and why.
            clock: Monotonic, in s.
            now: The time of day, aware.
        """
        for member in members:
            if member.traits.kind is not kind:
                raise ConfigError(
                    f"{member.name} is {member.traits.kind}, the order is of {kind} "
                    "intensities: the two are never mixed; move it from signals.order "
                    "to signals.marginal_order, or the other way round"
                )
        self.traits = _joint_traits(members, kind)
        self._members = tuple(members)
        self._wait_s = wait_s
        self._own_wait_s = own_wait_s
        self._clock = clock
        self._now = now
        self._silences = Silences(clock)
        self._patience = Patience()
        self._sources = Sources(members, unusable or {})

    def answered_by(self, zone: str | None) -> str:
        """Return who answered the last question about `zone`, as it was spelt then.

        Such as `eia` or `eia and hourly_model`; empty: nobody has.
        """
        return self._sources.answering(zone)

    def status(self) -> Sequence[SourceStatus]:
        """Return how each signal stands, in order; last those that cannot be made."""
        return self._sources.status()

    def attributions(self) -> Sequence[str]:
        """Return who must be named beside the answers so far, kept ones included."""
        return self._sources.attributions()

    def intensity(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[IntensityPoint]:
        """Return the points that touch `[start, stop)`, in time order.

        Short gaps are bridged (`spread.bridged`), longer ones filled by the signals
        further down; points that fill a gap are cut to it. A gap that none could fill
        stays one.

        Raises:
            UnknownZoneError: no signal serves this zone.
            SignalRefusedError: none answered, and none will before a person acts.
            SignalBusyError: none answered, but one may later.
            SignalError: none answered.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        if start.tzinfo is None or stop.tzinfo is None or start >= stop:
            raise ValueError(f"not a span of aware times: {start} to {stop}")
        inquiry = _Inquiry(zone, start, stop, self._clock() + self._wait_s)
        merged: dict[tuple[Basis, str], _Merged] = {}
        for member in self._members:
            points = self._ask(member, inquiry)
            if not points:
                continue
            key = points[0].basis, points[0].zone
            answer = merged.setdefault(key, _Merged())
            answer.add(member.name, points, start, stop)
            if not gaps_in(answer.points, start, stop):
                return self._settled(inquiry, answer)
        for answer in merged.values():  # the first that said anything
            return self._settled(inquiry, answer)
        raise self._failure(inquiry)

    def generation(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[GenerationHour]:
        """Return what hours were generated from, by the first working signal that says.

        Only signals that answered the last question they were asked are asked: what
        runs makes a forecast better, and is not worth waiting for.

        Raises:
            SignalError: none says.
            ValueError: `stop` is not after `start`, or either has no time zone.
        """
        works = {s.name for s in self.status() if s.state is SourceState.WORKS}
        for member in self._members:
            if member.name in works and isinstance(member, GenerationSource):
                with suppress(GreenopsError):
                    return member.generation(zone, start, stop)
        raise SignalError(f"no signal says what power in {zone} is generated from")

    def check(
        self, zone: str | None, start: datetime, stop: datetime
    ) -> Sequence[SourceStatus]:
        """Ask every signal, each with its own time; return how they stand then."""
        for member in self._members:
            deadline_s = self._clock() + self._wait_s
            inquiry = _Inquiry(zone, start, stop, deadline_s)
            self._ask(member, inquiry)
            error = inquiry.failures.get(member.name)
            if isinstance(error, UnknownZoneError):
                self._sources.failed(member, SignalError(str(error)))
        return self.status()

    def _ask(self, member: CarbonSignal, inquiry: "_Inquiry") -> list[IntensityPoint]:
        """Return a member's answer; nothing where it has none."""
        zone, start, stop = inquiry.zone, inquiry.start, inquiry.stop
        reach = reach_of(start, stop, self._now())
        try:
            self._silences.check(member.name, zone, reach)
            points = self._answer(member, inquiry)
        except UnknownZoneError as e:
            inquiry.failures[member.name] = e
            return []
        except SignalError as e:
            self._silences.heard(member.name, zone, reach, e)
            inquiry.failures[member.name] = e
            self._sources.failed(member, e)
            if isinstance(member, KeepsAnswers):
                # Without a wait stated it had its time, and did not use it.
                if isinstance(e, TooLateError) and e.retry_after_s is None:
                    member.late(zone, start, stop)
                return list(member.kept(zone, start, stop))
            return []
        self._sources.answered(member, points)
        return points

    def _answer(
        self, member: CarbonSignal, inquiry: "_Inquiry"
    ) -> list[IntensityPoint]:
        def question() -> Sequence[IntensityPoint]:
            ask = member.fresh if isinstance(member, KeepsAnswers) else member.intensity
            return ask(inquiry.zone, inquiry.start, inquiry.stop)

        left_s = inquiry.deadline_s - self._clock()
        if member.traits.offline:
            left_s = max(left_s, self._own_wait_s)
        points = self._patience.ask(member.name, question, left_s)
        if not points:
            raise SignalError(f"{member.name} has nothing of {inquiry.zone}")
        if any(p.kind is not self.traits.kind for p in points):
            raise SignalError(
                f"{member.name} calls itself {self.traits.kind} and answered otherwise"
            )
        return points

    def _settled(
        self, inquiry: "_Inquiry", answer: "_Merged"
    ) -> Sequence[IntensityPoint]:
        failures = list(inquiry.failures.values())
        self._sources.settled(inquiry.zone, answer.sources, failures)
        return answer.points

    def _failure(self, inquiry: "_Inquiry") -> Exception:
        failures = inquiry.failures
        if failures and all(isinstance(e, UnknownZoneError) for e in failures.values()):
            return list(failures.values())[-1]
        broken = [
            f"{s.name}: {s.detail}"
            for s in self.status()
            if s.state is SourceState.UNUSABLE
        ]
        said = [f"{name}: {e}" for name, e in failures.items()] + broken
        message = (
            f"no {self.traits.kind} carbon intensity of {inquiry.zone or 'the world'}: "
            + ("; ".join(said) or "no signal is configured")
        )
        busy = [e for e in failures.values() if isinstance(e, SignalBusyError)]
        if busy:
            waits = [e.retry_after_s for e in busy if e.retry_after_s is not None]
            return SignalBusyError(message, retry_after_s=min(waits, default=None))
        lasting = SignalRefusedError | UnknownZoneError
        if all(isinstance(e, lasting) for e in failures.values()):
            return SignalRefusedError(message)
        return SignalError(message)


@dataclass(slots=True)
class _Inquiry:
    """One question to the chain, and why members did not answer it."""

    zone: str | None
    start: datetime
    stop: datetime
    deadline_s: float
    failures: dict[str, Exception] = field(default_factory=dict)


@dataclass(slots=True)
class _Merged:
    """Points of one basis and zone, from as many sources as it took."""

    points: list[IntensityPoint] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        points: Sequence[IntensityPoint],
        start: datetime,
        stop: datetime,
    ) -> None:
        """Take what fills a gap; the first to come takes all it has."""
        new = list(points)
        if self.points:
            new = clipped(points, gaps_in(self.points, start, stop))
        if new:
            self.sources.append(name)
            both = sorted((*self.points, *new), key=lambda p: p.start)
            self.points = bridged(both, start, stop)


def _joint_traits(members: Sequence[CarbonSignal], kind: IntensityKind) -> SignalTraits:
    """Return the reach of the furthest member, the resolution of the first."""
    traits = [m.traits for m in members]
    bases = {t.basis for t in traits}
    return SignalTraits(
        kind=kind,
        basis=bases.pop() if len(bases) == 1 else None,
        resolution=traits[0].resolution if traits else timedelta(hours=1),
        history=_furthest([t.history for t in traits]),
        horizon=_furthest([t.horizon for t in traits]),
        attribution="; ".join(dict.fromkeys(t.attribution for t in traits)),
        offline=all(t.offline for t in traits),
    )


def _furthest(spans: Sequence[timedelta | None]) -> timedelta | None:
    known = [s for s in spans if s is not None]
    return None if len(known) < len(spans) else max(known, default=timedelta(0))
