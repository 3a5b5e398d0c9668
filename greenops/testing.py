"""Parts that stand in for hardware, clocks and disk, for tests of greenops and plugins.

They follow the contracts of `greenops.ports` and run the same contract tests as the
real ones.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from greenops.errors import (
    ExecutorBusyError,
    ExecutorError,
    ExecutorRefusedError,
    RunNotFoundError,
    SensorReadError,
    SensorUnavailableError,
)
from greenops.model import (
    Attempt,
    AttemptState,
    AttemptStatus,
    Device,
    DeviceTotal,
    Footprint,
    JobUse,
    Mark,
    NodeEnergy,
    PlaceHealth,
    Reading,
    Run,
    RunEnd,
    RunRecord,
    RunRow,
    RunStatus,
    Sample,
)
from greenops.testing_jobs import MemoryJobs

__all__ = [
    "FixedClock",
    "MemoryJobs",
    "MemoryLedger",
    "MemoryRecorder",
    "ReplaySensor",
    "power_steps",
]


class FixedClock:
    """A clock that moves only when told to, as `time` offers it.

    Args:
        now: What the wall clock shows at first; aware.
        monotonic_s: What the monotonic clock shows at first, in s.
    """

    def __init__(self, now: datetime, *, monotonic_s: float = 1000.0) -> None:
        if now.tzinfo is None:
            raise ValueError("FixedClock needs a time zone")
        self._epoch_s = now.timestamp()
        self._monotonic_s = monotonic_s

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return self._monotonic_s

    def time(self) -> float:
        """Return UTC epoch seconds."""
        return self._epoch_s

    def sleep(self, duration_s: float) -> None:
        """Let `duration_s` pass on both clocks."""
        if duration_s < 0:
            raise ValueError("time does not run backwards; see set_wall")
        self._monotonic_s += duration_s
        self._epoch_s += duration_s

    def set_wall(self, now: datetime) -> None:
        """Set the wall clock, as a person or NTP would; no time passes."""
        self._epoch_s = now.timestamp()


class ReplaySensor:
    """A sensor that says what it was told to, one step per read.

    Args:
        devices: What it reads.
        steps: One entry per read: the readings, or the error to raise. After the last
            one every read fails.
        name: Its name.

    Raises:
        SensorUnavailableError: there is nothing to replay.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        steps: Iterable[Sequence[Reading] | SensorReadError],
        *,
        name: str = "replay",
    ) -> None:
        self.name = name
        self._devices = tuple(devices)
        self._steps = list(steps)
        self._next = 0
        self.read_at_s: list[float] = []
        self.closed = False
        if not self._steps:
            raise SensorUnavailableError("nothing to replay")

    def devices(self) -> Sequence[Device]:
        """Return the devices it reads."""
        return self._devices

    def read(self, at_s: float) -> Sequence[Reading]:
        """Return the next readings; note the time it was asked at.

        Raises:
            SensorReadError: the next step is one, or there is none left.
        """
        self.read_at_s.append(at_s)
        if self._next >= len(self._steps):
            raise SensorReadError(f"{self.name}: nothing left to replay")
        step = self._steps[self._next]
        self._next += 1
        if isinstance(step, SensorReadError):
            raise step
        return step

    def close(self) -> None:
        """Note that it was closed."""
        self.closed = True


def power_steps(
    device_id: str, power_w: Callable[[float], float], times_s: Iterable[float]
) -> list[list[Reading]]:
    """Return steps for a ReplaySensor that reads `power_w(t)` at each of `times_s`."""
    return [[Reading(device_id=device_id, power_w=power_w(t))] for t in times_s]


@dataclass(slots=True)
class _Kept:
    """What a MemoryLedger holds of one run."""

    run: Run
    devices: dict[str, Device] = field(default_factory=dict)
    samples: dict[tuple[float, str], Sample] = field(default_factory=dict)
    uses: dict[float, JobUse] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    end: RunEnd | None = None
    totals: tuple[DeviceTotal, ...] = ()
    footprints: list[Footprint] = field(default_factory=list)


class MemoryLedger:
    """A ledger in memory, with those reading calls of the real one that tests need."""

    def __init__(self) -> None:
        self.runs: dict[str, _Kept] = {}
        self.energies: dict[tuple[str, datetime, str, datetime], NodeEnergy] = {}

    def get(self, name: str) -> RunRecord:
        """Return all about one run except its samples, by its id or `last`.

        Raises:
            RunNotFoundError: there is no such run.
        """
        kept = self._kept(name)
        return RunRecord(
            run=kept.run,
            status=kept.end.status if kept.end else RunStatus.RUNNING,
            end=kept.end,
            totals=kept.totals,
            footprint=kept.footprints[-1] if kept.footprints else None,
            marks=tuple(self.marks(name)),
        )

    def find_runs(self) -> list[RunRow]:
        """Return a line for each run, the newest first."""
        newest = sorted(
            self.runs.values(), key=lambda kept: kept.run.started_at, reverse=True
        )
        return [_line(kept) for kept in newest]

    def samples(self, name: str) -> Iterator[Sample]:
        """Yield the samples of one run in time order."""
        return iter(
            sorted(self._kept(name).samples.values(), key=lambda s: s.start_epoch_s)
        )

    def job_use(self, name: str) -> Iterator[JobUse]:
        """Yield what the job of one run used, tick by tick."""
        uses = self._kept(name).uses
        return iter([uses[start] for start in sorted(uses)])

    def devices(self, name: str) -> list[Device]:
        """Return the devices of one run, in the order declared."""
        return list(self._kept(name).devices.values())

    def marks(self, name: str) -> list[Mark]:
        """Return the marks of one run, in time order."""
        return sorted(self._kept(name).marks, key=lambda m: m.offset_s)

    def node_energy(
        self, start: datetime, stop: datetime, *, host: str | None = None
    ) -> Iterator[NodeEnergy]:
        """Yield what nodes used in the hours that begin in `[start, stop)`."""
        order = sorted(self.energies, key=lambda k: (k[1], k[0], k[2], k[3]))
        for key in order:
            if start <= key[1] < stop and host in (None, key[0]):
                yield self.energies[key]

    def _kept(self, name: str) -> _Kept:
        if name == "last" and self.runs:
            return max(self.runs.values(), key=lambda kept: kept.run.started_at)
        if name not in self.runs:
            raise RunNotFoundError(f"no run {name!r}")
        return self.runs[name]


class MemoryRecorder:
    """A recorder that writes to a MemoryLedger, at once.

    Args:
        ledger: Where to write; a new one if None.
    """

    def __init__(self, ledger: MemoryLedger | None = None) -> None:
        self.ledger = ledger or MemoryLedger()
        self._complaints: list[str] = []

    def begin(self, run: Run) -> None:
        """Write down that a run has begun."""
        self.ledger.runs.setdefault(run.run_id, _Kept(run))

    def add_devices(self, run_id: str, devices: Sequence[Device]) -> None:
        """Write down devices the run is measured by."""
        if kept := self._known(run_id):
            kept.devices |= {d.device_id: d for d in devices}

    def add(self, run_id: str, samples: Sequence[Sample], use: JobUse | None) -> None:
        """Append one tick."""
        if kept := self._known(run_id):
            for sample in samples:
                key = (sample.start_epoch_s, sample.device_id)
                kept.samples.setdefault(key, sample)
            if use is not None:
                kept.uses.setdefault(use.start_epoch_s, use)

    def keep(self, energies: Sequence[NodeEnergy]) -> None:
        """Write down what a node used; what is kept by its name is replaced."""
        for e in energies:
            key = (e.host, e.hour, e.device.device_id, e.since)
            self.ledger.energies[key] = e

    def mark(self, run_id: str, mark: Mark) -> None:
        """Append a phase mark."""
        if kept := self._known(run_id):
            kept.marks.append(mark)

    def finish(
        self, end: RunEnd, totals: Sequence[DeviceTotal], footprint: Footprint | None
    ) -> None:
        """Close the run with its totals and its footprint."""
        if kept := self._known(end.run_id):
            kept.end, kept.totals = end, tuple(totals)
            kept.devices |= {t.device.device_id: t.device for t in totals}
            kept.footprints += [footprint] if footprint else []

    def flush(self, timeout_s: float) -> bool:  # noqa: ARG002 - nothing is ever pending
        """Return whether all is written."""
        return not self._complaints

    def complaints(self) -> Sequence[str]:
        """Return what went wrong."""
        return list(self._complaints)

    def place(self) -> str:
        """Return where the run is kept."""
        return "memory"

    def close(self) -> None:
        """Do nothing; nothing is held."""

    def _known(self, run_id: str) -> _Kept | None:
        if run_id not in self.ledger.runs:
            self._complaints.append(f"LOST: run {run_id!r} was never begun")
        return self.ledger.runs.get(run_id)


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


def _line(kept: _Kept) -> RunRow:
    run, end = kept.run, kept.end
    energy_j = sum(t.job_energy_j for t in kept.totals) if kept.totals else None
    return RunRow(
        run_id=run.run_id,
        name=run.name,
        kind=run.kind,
        status=end.status if end else RunStatus.RUNNING,
        started_at=run.started_at,
        duration_s=end.duration_s if end else None,
        host=run.host,
        user=run.user,
        project=run.project,
        team=run.team,
        zone=run.zone,
        exit_code=end.exit_code if end else None,
        energy_j=energy_j,
        total_g=kept.footprints[-1].total_g.central if kept.footprints else None,
        parent_run_id=run.parent_run_id,
        tags=run.tags,
    )
