"""CPU energy without a meter: the power model fed with load and clock."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from greenops.energy.cpu_power import CpuCurve, CpuSpec, cpu_power, prior_curve
from greenops.energy.cpu_tdp import Tdp, resolve_tdp
from greenops.errors import ReferenceDataError
from greenops.model import Device, DeviceKind, Reading
from greenops.sensors.calibration import load_calibration
from greenops.sensors.cpu_clock import CpuClock
from greenops.sensors.detect import CpuFacts, detect_cpu
from greenops.sensors.node_cpu import ROOT, NodeCpu

DEVICE_ID = "cpu:model"
LIMIT_HEADROOM = 2.0
TdpRows = Callable[[], Iterable[tuple[str, float]]]


def default_tdp_rows() -> Iterable[tuple[str, float]]:
    """Return names and TDPs in W of known processors; none if the list is missing."""
    from greenops.reference.cpus import cpu_tdp_rows

    try:
        return list(cpu_tdp_rows())
    except ReferenceDataError:
        return ()  # the rule by cores takes over, with its wider bounds


class CpuModelSensor:
    """Estimated energy of all CPU packages of this machine, or of a guest's share.

    The counter is the model's power integrated over time: between two reads the mean
    load is known exactly from CPU seconds, so a long gap costs only what the curve
    bends between its loads.

    Args:
        root: Where `proc` and `sys` are.
        tdp_rows: Supplies the processor list.
        calibration: A calibration file; None: the user's own, if there is one.
        tdp_w: TDP in W of what this system is charged, if its owner states it; a
            calibration is then left aside.
        since: Monotonic time in s, and busy CPU seconds of the machine, at a moment
            before this one such as the start of a job: the counter starts there.

    Raises:
        SensorUnavailableError: this system does not tell CPU time.
    """

    name = "cpu_model"

    def __init__(
        self,
        root: Path = ROOT,
        *,
        tdp_rows: TdpRows = default_tdp_rows,
        calibration: Path | None = None,
        tdp_w: float | None = None,
        since: tuple[float, float] | None = None,
    ) -> None:
        self._node = NodeCpu(root)
        self._clock = CpuClock(root)
        self.facts = detect_cpu(root)
        stored = load_calibration(self.facts.name, self.facts.threads, calibration)
        if stored is not None and tdp_w is None:
            self.curve = stored.curve
            self.basis = f"calibrated on this processor ({stored.meter})"
        else:
            self.curve, tdp = machine_prior(
                self.facts, self._clock, tdp_rows, tdp_w=tdp_w
            )
            self.basis = f"TDP {tdp.tdp_w:.0f} W, {tdp.how}; not calibrated"
        self._last = since
        self._reading: Reading | None = None
        self._counter_j = 0.0

    def devices(self) -> Sequence[Device]:
        """Return the one device: all packages together."""
        return (
            Device(
                device_id=DEVICE_ID,
                kind=DeviceKind.CPU,
                name=self.facts.name,
                source="model",
                rel_uncertainty=self.curve.rel_uncertainty,
                limit_w=LIMIT_HEADROOM * self.curve.cap_w,
            ),
        )

    def read(self, at_s: float) -> Sequence[Reading]:
        """Return the counter in J, and the mean power and load since the last read.

        Args:
            at_s: Monotonic time in s.

        Raises:
            SensorReadError: CPU time could not be read; the next read covers the gap.
        """
        busy_s = self._node.busy_s()
        if self._last is None:
            self._last = (at_s, busy_s)
            return (Reading(device_id=DEVICE_ID, counter_j=0.0),)
        before_s, before_busy_s = self._last
        span_s = at_s - before_s
        if span_s <= 0:
            return (self._reading or Reading(device_id=DEVICE_ID, counter_j=0.0),)
        load = min(1.0, (busy_s - before_busy_s) / (span_s * self._node.capacity))
        power_w = cpu_power(self.curve, load, self._clock.ghz()).power_w
        self._counter_j += power_w * span_s
        self._last = (at_s, busy_s)
        self._reading = Reading(
            device_id=DEVICE_ID,
            counter_j=self._counter_j,
            power_w=power_w,
            averaged_over_s=span_s,
            utilization=load,
        )
        return (self._reading,)

    def close(self) -> None:
        """Release the files. May be called twice."""
        self._node.close()


def machine_prior(
    facts: CpuFacts,
    clock: CpuClock,
    tdp_rows: TdpRows = default_tdp_rows,
    *,
    tdp_w: float | None = None,
) -> tuple[CpuCurve, Tdp]:
    """Return the uncalibrated curve of a machine, and the TDP it rests on.

    A stated `tdp_w` stands for the list and the rules.
    """
    if tdp_w is not None:
        tdp = Tdp(tdp_w=tdp_w, how="configured", rel_uncertainty=0.0)
    else:
        tdp = resolve_tdp(
            facts.name,
            tdp_rows(),
            threads=facts.threads,
            cores=facts.cores,
            sockets=facts.sockets,
            is_virtual=facts.is_virtual,
        )
    spec = CpuSpec(
        name=facts.name,
        tdp_w=tdp.tdp_w,
        tdp_rel_uncertainty=tdp.rel_uncertainty,
        cores=facts.cores,
        threads=facts.threads,
        # a guest's clock file, where there is one, tells nothing of the host's
        min_ghz=None if facts.is_virtual else clock.min_ghz,
        max_ghz=None if facts.is_virtual else clock.max_ghz,
    )
    return prior_curve(spec), tdp
