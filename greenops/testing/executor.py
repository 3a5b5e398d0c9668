"""An engine in memory whose jobs do what their test says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from greenops.errors import (
    ExecutorBusyError,
    ExecutorError,
    ExecutorRefusedError,
)
from greenops.model import (
    Attempt,
    AttemptState,
    AttemptStatus,
    PlaceHealth,
)
from greenops.testing.clock import FixedClock


@dataclass(slots=True)
class _Handed:
    """What a FakeExecutor holds of one attempt; one that is void has no `attempt`."""

    attempt: Attempt | None
    status: AttemptStatus
    signals: list[str] = field(default_factory=list)
    kill_s: float | None = None


class FakeExecutor:
    """An engine in memory whose jobs do what their test says.

    An attempt is queued until `begin`, and runs until `end`. SIGTERM ends it at once,
    unless it is `stubborn`: then it is killed when its grace is over by the clock.

    Args:
        clock: What it takes for the time.
        health: What it says of every place; usable, and nothing more, if None.

    Attributes:
        errors: Raised by the next calls that may raise, one each, the first first.
        stubborn: Attempts that ignore SIGTERM.
    """

    name = "fake"

    def __init__(self, clock: FixedClock, *, health: PlaceHealth | None = None) -> None:
        self._clock = clock
        self._health = health
        self._handed: dict[str, _Handed] = {}
        self.errors: list[ExecutorError] = []
        self.stubborn: set[str] = set()

    def submit(self, attempt: Attempt) -> None:
        """Accept an attempt; once only."""
        self._maybe_fail()
        handed = self._handed.get(attempt.attempt_id)
        if handed is None:
            queued = AttemptStatus(state=AttemptState.QUEUED)
            self._handed[attempt.attempt_id] = _Handed(attempt, queued)
            return
        if handed.attempt is None or handed.status.state is AttemptState.VOID:
            raise ExecutorRefusedError(f"attempt {attempt.attempt_id} was voided")
        if handed.attempt.job_id != attempt.job_id:
            raise ExecutorRefusedError(f"attempt {attempt.attempt_id} is another job's")

    def poll(self, attempt_ids: Sequence[str]) -> Mapping[str, AttemptStatus]:
        """Return how each stands."""
        self._maybe_fail()
        for attempt_id, handed in self._handed.items():
            if handed.kill_s is not None and self._clock.monotonic() >= handed.kill_s:
                self.end(attempt_id, exit_code=None, exit_signal=9)
        unknown = AttemptStatus(state=AttemptState.UNKNOWN)
        return {
            name: self._handed[name].status if name in self._handed else unknown
            for name in attempt_ids
        }

    def void(self, attempt_id: str) -> bool:
        """Keep an attempt from beginning; False where it has."""
        self._maybe_fail()
        void = AttemptStatus(state=AttemptState.VOID)
        handed = self._handed.setdefault(attempt_id, _Handed(None, void))
        if handed.status.state is AttemptState.QUEUED:
            handed.status = void
        return handed.status.state is AttemptState.VOID

    def signal(self, attempt_id: str, name: str) -> None:
        """Note a signal; STOP freezes, CONT goes on."""
        self._maybe_fail()
        handed = self._handed.get(attempt_id)
        if handed is None or not self._begun(handed):
            return
        handed.signals.append(name)
        state = {"STOP": AttemptState.FROZEN, "CONT": AttemptState.RUNNING}.get(name)
        if state:
            handed.status = replace(handed.status, state=state)

    def cancel(self, attempt_id: str, grace_s: float) -> None:
        """End an attempt, a stubborn one after `grace_s`."""
        self._maybe_fail()
        handed = self._handed.get(attempt_id)
        if handed is None or self.void(attempt_id) or not self._begun(handed):
            return
        handed.signals.append("TERM")
        if attempt_id in self.stubborn:
            kill_s = self._clock.monotonic() + grace_s
            handed.kill_s = min(kill_s, handed.kill_s or kill_s)
        else:
            self.end(attempt_id, exit_code=None, exit_signal=15)

    def forget(self, attempt_id: str) -> None:
        """Release an attempt that has ended."""
        self._maybe_fail()
        handed = self._handed.get(attempt_id)
        if handed and handed.status.state not in {
            AttemptState.ENDED,
            AttemptState.VOID,
        }:
            raise ExecutorBusyError(f"attempt {attempt_id} has not ended")
        self._handed.pop(attempt_id, None)

    def health(self, place: str, options: Mapping[str, object]) -> PlaceHealth:  # noqa: ARG002 - all places are alike
        """Return what the test said."""
        return self._health or PlaceHealth(usable=True, at=self._now())

    def begin(self, attempt_id: str) -> None:
        """Let a queued attempt run."""
        handed = self._handed[attempt_id]
        if handed.status.state is AttemptState.QUEUED:
            handed.status = AttemptStatus(
                state=AttemptState.RUNNING,
                started_at=self._now(),
                handle=f"fake {attempt_id}",
            )

    def end(
        self,
        attempt_id: str,
        *,
        exit_code: int | None = 0,
        exit_signal: int | None = None,
        detail: str = "",
    ) -> None:
        """Let an attempt end; both None: how is not known."""
        handed = self._handed[attempt_id]
        handed.kill_s = None
        handed.status = replace(
            handed.status,
            state=AttemptState.ENDED,
            exit_code=exit_code,
            exit_signal=exit_signal,
            started_at=handed.status.started_at or self._now(),
            ended_at=self._now(),
            detail=detail,
        )

    def lose(self, attempt_id: str) -> None:
        """Forget an attempt, whatever it is at, as an engine that was reinstalled."""
        del self._handed[attempt_id]

    def attempts(self) -> Sequence[Attempt]:
        """Return what was handed over, the oldest first."""
        return [h.attempt for h in self._handed.values() if h.attempt]

    def signals(self, attempt_id: str) -> Sequence[str]:
        """Return the names of the signals an attempt was sent, the oldest first."""
        return list(self._handed[attempt_id].signals)

    def _begun(self, handed: _Handed) -> bool:
        return handed.status.state in {AttemptState.RUNNING, AttemptState.FROZEN}

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)

    def _maybe_fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
