"""A node as the test says it is: devices, jobs, clocks, and where it all is kept."""

from datetime import UTC, datetime

from greenops.agent.found_jobs import Worth
from greenops.agent.node import NodeSampler
from greenops.agent.node_parts import NodeParts, NodeRules
from greenops.errors import GreenopsError, SensorReadError
from greenops.model import (
    Device,
    DeviceKind,
    Group,
    GroupFacts,
    Identity,
    IdentityKind,
    Reading,
    Run,
)
from greenops.testing import FixedClock, MemoryRecorder

START = datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
CPU = Device(
    device_id="cpu:package-0", kind=DeviceKind.CPU, name="CPU", source="rapl", rel_uncertainty=0.0,
)  # fmt: skip
GPU = Device(
    device_id="gpu:0", kind=DeviceKind.GPU, name="GPU", source="nvml_counter", rel_uncertainty=0.0,
)  # fmt: skip
A = Identity(kind=IdentityKind.SLURM, id="7", name="resnet")
B = Identity(kind=IdentityKind.PROCESS, id="10@1.00", name="python")
WRAPPED = Identity(kind=IdentityKind.RUN, id="20260301-110000-abcdef", name="wrapped")


class Meter:
    """A sensor whose devices draw the power that the test sets, counted exactly."""

    name = "meter"

    def __init__(self, *devices):
        self.known = list(devices)
        self.power_w = {d.device_id: 0.0 for d in devices}
        self.counter_j = dict.fromkeys(self.power_w, 0.0)
        self.listed = {}
        self.utilization = {}
        self.broken = set()
        self.closed = False

    def pass_s(self, duration_s):
        for device_id, watts in self.power_w.items():
            self.counter_j[device_id] += watts * duration_s

    def devices(self):
        return self.known

    def read(self, at_s):
        ids = [d.device_id for d in self.known if d.device_id not in self.broken]
        if not ids:
            raise SensorReadError("nothing answers")
        return [
            Reading(
                device_id=i, counter_j=self.counter_j[i], counter_at_s=at_s,
                processes=self.listed.get(i), utilization=self.utilization.get(i),
            )
            for i in ids
        ]  # fmt: skip

    def problems(self):
        return ["the meter is odd"]

    def close(self):
        self.closed = True


class Jobs:
    """A `Discovery` and a `NodeCpu` in one: who lives, and what they use."""

    def __init__(self):
        self.alive = {}
        self.used_s = {}
        self.owners = {}
        self.reserves = set()
        self.system_s = 0.0
        self.total_s = 0.0
        self.fails = False

    def use(self, identity, cpu_s):
        self.used_s[identity] = self.used_s.get(identity, 0.0) + cpu_s
        self.total_s += cpu_s

    def scan(self):
        everyone = dict.fromkeys([*self.alive, *self.used_s])
        groups = [
            Group(
                identity=i,
                cpu_s=self.used_s.get(i, 0.0),
                processes=self.alive.get(i, 0),
            )
            for i in everyone
        ]
        self.used_s = {}
        self.alive = {i: n for i, n in self.alive.items() if n}
        return groups

    def owner(self, pid):
        return self.owners.get(pid)

    def facts(self, _identity):
        return GroupFacts(
            name="x", user="ada", command=("python", "train.py"), cwd="", pid=1
        )

    def reserved(self, device_ids):
        return self.reserves & set(device_ids)

    def problems(self):
        return ["some are hidden"]

    def busy_s(self):
        if self.fails:
            raise SensorReadError("not now")
        return self.total_s


class Node:
    """A sampler over all this, and a clock that the test moves."""

    def __init__(
        self, *devices, discover=True, cpus=4.0, after_s=10.0, min_cpus=0.1, scan_s=5.0,
        start=START,
    ):  # fmt: skip
        self.clock = FixedClock(start, monotonic_s=100.0)
        self.asleep_s = 0.0
        self.jobs = Jobs()
        self.meter = Meter(*devices)
        self.recorder = MemoryRecorder()
        self.ledger = self.recorder.ledger
        self.assessed = []
        parts = NodeParts(
            host="node-1", cpus=cpus, sensors=[self.meter], node_cpu=self.jobs,
            discovery=self.jobs if discover else None, recorder=self.recorder,
            book=self.recorder, describe=self._describe, assess=self._assess,
            boottime=lambda: self.clock.monotonic() + self.asleep_s,
            problems=["no rapl"],
        )  # fmt: skip
        rules = NodeRules(
            interval_s=1.0, scan_s=scan_s, keep_s=20.0,
            worth=Worth(after_s=after_s, cpus=min_cpus),
        )  # fmt: skip
        self.sampler = NodeSampler(
            parts, rules, at_s=self.clock.monotonic(), epoch_s=self.clock.time()
        )
        self.tick()

    def tick(self):
        self.sampler.tick(self.clock.monotonic(), self.clock.time())

    def go_on(self, seconds, *, each=None, system_s=0.0):
        """Let time pass; `each` says what jobs use in a second."""
        for _ in range(round(seconds)):
            for identity, cpu_s in (each or {}).items():
                self.jobs.use(identity, cpu_s)
            self.jobs.total_s += system_s
            self.meter.pass_s(1.0)
            self.clock.sleep(1.0)
            self.tick()

    def close(self):
        self.sampler.close()
        return self

    def lines(self, device=None):
        """Return the sums of the balance: energy, measured, found, idle, the rest."""
        kept = [e for e in self.ledger.energies.values() if device in (None, e.device)]
        names = ("energy_j", "measured_j", "found_j", "idle_j", "unattributed_j")
        return tuple(sum(getattr(e, name) for e in kept) for name in names)

    def runs(self):
        return {r.name: self.ledger.get(r.run_id) for r in self.ledger.find_runs()}

    def _describe(self, identity, since):
        number = len(self.ledger.runs)
        return Run(
            run_id=f"run-{number}", name=identity.name, kind="found", command=("x",), cwd="",
            host="node-1", user="ada", started_at=datetime.fromtimestamp(since.epoch_s, UTC),
            pid=1, recorder_pid=2, recorder_started_s=0.0, boot_id="b", interval_s=1.0,
        )  # fmt: skip

    def _assess(self, run, totals, hours, duration_s):
        self.assessed.append((run, totals, hours, duration_s))
        raise GreenopsError("the grid is not asked here")
