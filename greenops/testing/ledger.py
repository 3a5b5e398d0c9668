"""A ledger and a recorder in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from greenops.errors import (
    RunNotFoundError,
)
from greenops.model import (
    Device,
    DeviceTotal,
    Footprint,
    JobUse,
    Mark,
    NodeEnergy,
    Run,
    RunEnd,
    RunRecord,
    RunRow,
    RunStatus,
    Sample,
    Training,
    TrainingPass,
    TrainingTick,
)


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
    training: Training | None = None
    ticks: dict[float, TrainingTick] = field(default_factory=dict)
    passes: dict[tuple[int, int], TrainingPass] = field(default_factory=dict)


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

    def training(self, name: str) -> Training | None:
        """Return what one run's training counted, if anything trained."""
        kept = self._kept(name)
        order = sorted(kept.passes.values(), key=lambda p: p.start_epoch_s)
        return kept.training and replace(kept.training, passes=tuple(order))

    def training_ticks(self, name: str, *, width_s: float) -> list[TrainingTick]:
        """Return the last counts of each `width_s` seconds, in time order."""
        ticks = self._kept(name).ticks
        last = {int(at_s / width_s): ticks[at_s] for at_s in sorted(ticks)}
        return list(last.values())

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

    def add_training(self, run_id: str, training: Training) -> None:
        """Append what the job's training had counted by now."""
        if kept := self._known(run_id):
            kept.training = training
            kept.ticks.setdefault(training.tick.at_epoch_s, training.tick)
            kept.passes |= {(p.pid, p.number): p for p in training.passes}

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
