"""One device between two scans of the node: its energy, and who used it."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import hypot, inf

from greenops.energy.split import cpu_shares, gpu_shares
from greenops.model import (
    Device,
    Identity,
    IdentityKind,
    Interval,
    Method,
    Reading,
    Sample,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """Whose the energy of a stretch is.

    Attributes:
        charges_j: By job that no recorder measures, in J.
        measured_j: Of jobs that are measured by a recorder of their own.
        idle_j: What nobody is charged for because nobody used the device.
        unattributed_j: What nobody is charged for although somebody did.
        idle_part: Of what a job is charged, the part that stays idle energy if the job
            turns out to be none: who keeps a processor awake pays for all of it, but
            a hundred small services do not make an idle node busy.
    """

    charges_j: Mapping[Identity, float]
    measured_j: float
    idle_j: float
    unattributed_j: float
    idle_part: float


@dataclass(slots=True)
class Stretch:
    """The energy of one device since it was last divided.

    Args:
        device: What is measured.
    """

    device: Device
    energy_j: float = 0.0
    start_s: float = inf
    stop_s: float = -inf
    _by_method_s: defaultdict[Method, float] = field(
        default_factory=lambda: defaultdict(float)
    )
    _ends_error_j: float = 0.0
    _random_error_j: float = 0.0
    _bridged_error_j: float = 0.0
    _busy_s: float = 0.0
    _watched_s: float = 0.0

    @property
    def empty(self) -> bool:
        """Whether nothing is known of the time yet."""
        return not self._by_method_s

    def add(self, interval: Interval) -> None:
        """Add one interval, in time order."""
        self.energy_j += interval.energy_j
        self.start_s = min(self.start_s, interval.start_s)
        self.stop_s = max(self.stop_s, interval.stop_s)
        self._by_method_s[interval.method] += interval.duration_s
        # As in `totals`: errors of touching counter intervals cancel but for the ends.
        if interval.method is Method.COUNTER:
            self._ends_error_j = max(self._ends_error_j, interval.error_j)
        elif interval.method is Method.BRIDGED:
            self._bridged_error_j += interval.error_j
        else:
            self._random_error_j = hypot(self._random_error_j, interval.error_j)
        if interval.utilization is not None:
            self._busy_s += interval.utilization * interval.duration_s
            self._watched_s += interval.duration_s

    def sample(self, start_epoch_s: float) -> Sample:
        """Return the stretch as one sample of the whole device.

        Args:
            start_epoch_s: Wall-clock time of its start, UTC epoch seconds.
        """
        by_s = self._by_method_s
        return Sample(
            device_id=self.device.device_id,
            start_epoch_s=start_epoch_s,
            duration_s=sum(by_s.values()),
            node_energy_j=self.energy_j,
            job_energy_j=self.energy_j,
            error_j=hypot(
                self._ends_error_j, self._random_error_j, self._bridged_error_j
            ),
            method=max(by_s, key=by_s.__getitem__),
            utilization=self._busy_s / self._watched_s if self._watched_s else None,
        )


@dataclass(slots=True)
class GpuStretch(Stretch):
    """A stretch of a GPU: each interval is divided by those listed at its end."""

    _charges_j: defaultdict[Identity | None, float] = field(
        default_factory=lambda: defaultdict(float)
    )
    _empty_j: float = 0.0
    _unlisted_j: float = 0.0

    def charge(
        self,
        interval: Interval,
        reading: Reading | None,
        owner_of: Callable[[int], Identity | None],
    ) -> None:
        """Add one interval and divide it.

        Args:
            interval: The energy.
            reading: What the GPU said last; None: nothing yet.
            owner_of: Returns the job of a process.
        """
        self.add(interval)
        shares = gpu_shares(reading.processes if reading else None, owner_of)
        for owner, share in shares.items():
            self._charges_j[owner] += share * interval.energy_j
        # One that works for nobody who is listed works for somebody out of sight.
        if not shares and not (reading and reading.utilization):
            self._empty_j += interval.energy_j
        elif not shares:
            self._unlisted_j += interval.energy_j

    def divide(self, *, reserved: bool) -> Division:
        """Return whose the energy is.

        Args:
            reserved: A measured job may use the GPU, and pays while it lists nobody.
        """
        known_j = {i: j for i, j in self._charges_j.items() if i is not None}
        charges_j, measured_j = _apart(known_j)
        nobody_j = 0.0 if reserved else self._empty_j
        somebody_j = 0.0 if reserved else self._unlisted_j
        reserved_j = self._empty_j + self._unlisted_j - nobody_j - somebody_j
        return Division(
            charges_j=charges_j,
            measured_j=measured_j + reserved_j,
            idle_j=nobody_j,
            unattributed_j=somebody_j + self._charges_j.get(None, 0.0),
            idle_part=0.0,
        )


@dataclass(slots=True)
class CpuStretch(Stretch):
    """A stretch of processors, memory or the rest of the node: divided by CPU time."""

    _used_s: defaultdict[Identity, float] = field(
        default_factory=lambda: defaultdict(float)
    )
    _node_s: float = 0.0
    _span_s: float = 0.0

    def use(
        self, used_s: Mapping[Identity, float], node_s: float, span_s: float
    ) -> None:
        """Add what was used of the processors.

        Args:
            used_s: CPU time of each job, in s.
            node_s: CPU time of everybody, in s.
            span_s: In this time, in s.
        """
        for identity, cpu_s in used_s.items():
            self._used_s[identity] += cpu_s
        self._node_s += node_s
        self._span_s += span_s

    def divide(self, cpus: float) -> Division:
        """Return whose the energy is.

        What no job is charged for is idle for the time the processors stood still.

        Args:
            cpus: How many processors there are.
        """
        shares = cpu_shares(self._used_s, self._node_s)
        shares_j = {i: share * self.energy_j for i, share in shares.items()}
        rest_j = max(self.energy_j - sum(shares_j.values()), 0.0)
        charges_j, measured_j = _apart(shares_j)
        # Where it is not known who was busy, nothing is known to be idle.
        could_s = self._span_s * cpus
        busy = min(self._node_s / could_s, 1.0) if could_s > 0 else 1.0
        return Division(
            charges_j=charges_j,
            measured_j=measured_j,
            idle_j=(1 - busy) * rest_j,
            unattributed_j=busy * rest_j,
            idle_part=1 - busy,
        )


def _apart(charges_j: Mapping[Identity, float]) -> tuple[dict[Identity, float], float]:
    """Return the charges of found jobs, and the sum of those of measured ones."""
    found = {i: j for i, j in charges_j.items() if i.kind is not IdentityKind.RUN}
    return found, sum(charges_j.values()) - sum(found.values())
