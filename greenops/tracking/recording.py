"""One run from its first reading to its result, measured beside the job."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from greenops.errors import GreenopsError, SignalError
from greenops.model import (
    DeviceTotal,
    Footprint,
    HourEnergy,
    Run,
    RunEnd,
    RunRecord,
    RunStatus,
)
from greenops.tracking.loop import SamplingLoop
from greenops.tracking.meter import Parts, RunMeter
from greenops.tracking.outcome import Ended

log = logging.getLogger(__name__)

STOP_WITHIN_S = 5.0
"""A driver that does not answer by then is left behind; the shell wants its prompt."""
WRITE_WITHIN_S = 5.0
LATER = "`greenops restate` may state them later"
SHARP_EDGE_BELOW_S = 60.0
"""Shorter runs wait up to one counter period at their end for a sharp edge; in longer
ones a tenth of a second is less than 0.2 % of the energy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a run: the record as the ledger has it, and what to tell the user.

    `job_cpu_s` and `node_cpu_s` are CPU seconds of the job and of the whole machine;
    `peak_power_w` is the job's highest power over one sampling period. `losses` are
    those of the complaints that no `--quiet` may silence: something was not kept.
    """

    record: RunRecord
    complaints: tuple[str, ...]
    losses: tuple[str, ...]
    place: str
    job_cpu_s: float
    node_cpu_s: float
    peak_power_w: float | None


Assess = Callable[[Run, list[DeviceTotal], list[HourEnergy], float], Footprint]
"""Turns a run's energies and its duration in s into its footprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Where a run starts: monotonic time, and CPU seconds of job and machine then."""

    at_s: float
    job_cpu_s: float
    node_cpu_s: float


class Recording:
    """A run that is being measured in the background.

    Args:
        open_parts: Called in the background; may take its time.
        describe: Returns the run's record; called after `open_parts`.
        assess: Computes the footprint at the end.
        begin: The run's start, taken before the job began.
        interval_s: Sampling period in s.
    """

    def __init__(
        self,
        open_parts: Callable[[], Parts],
        describe: Callable[[Parts], Run],
        assess: Assess,
        *,
        begin: Begin,
        interval_s: float,
    ) -> None:
        self._open_parts = open_parts
        self._describe = describe
        self._assess = assess
        self._begin = begin
        self._meter: RunMeter | None = None
        self._early_marks: list[str] = []
        self._lock = threading.Lock()
        self._loop = SamplingLoop(self._prepare, interval_s)
        self._loop.start()

    def mark(self, name: str) -> None:
        """Begin the phase `name` now. Never raises."""
        with self._lock:
            if self._meter is None:
                self._early_marks.append(name)
            else:
                self._meter.mark(name)

    def finish(self, ended: Ended) -> Result | Exception:
        """Stop measuring; return the result, or why nothing could be set up."""
        stopped = self._loop.stop(STOP_WITHIN_S)
        meter = self._meter
        if meter is None:
            return self._loop.failure or TimeoutError("a driver did not answer in time")
        complaints = [*meter.parts.problems, *_sensor_problems(meter)]
        if stopped:
            short = ended.at_s - self._begin.at_s < SHARP_EDGE_BELOW_S
            meter.finish(ended.at_s, sharp=short)
        else:
            complaints.append(
                "a sensor did not answer at the end; the last seconds are missing"
            )
        if self._loop.failure is not None:
            complaints.append(f"sampling ended early: {self._loop.failure!r}")
        return self._conclude(meter, ended, complaints)

    def _prepare(self) -> RunMeter:
        parts = self._open_parts()
        meter = RunMeter(
            self._describe(parts),
            parts,
            start_s=self._begin.at_s,
            node_cpu_s=self._begin.node_cpu_s,
            job_cpu_s=self._begin.job_cpu_s,
        )
        with self._lock:
            self._meter = meter
            for name in self._early_marks:
                meter.mark(name)
        if not self._loop.stopping:
            meter.tick(sharp=True)
        return meter

    def _conclude(self, meter: RunMeter, ended: Ended, complaints: list[str]) -> Result:
        parts, run = meter.parts, meter.run
        totals = meter.totals()
        duration_s = ended.at_s - self._begin.at_s
        footprint = footprint_or_why(
            lambda: self._assess(run, totals, meter.hours(), duration_s), complaints
        )
        complaints += [*_clock_notes(meter), *meter.training.close()]
        end = RunEnd(
            run_id=run.run_id,
            status=_status(ended),
            stopped_at=datetime.fromtimestamp(parts.clock.epoch_s(ended.at_s), UTC),
            duration_s=duration_s,
            exit_code=ended.exit_code,
            exit_signal=ended.exit_signal,
            notes=tuple(complaints),
        )
        parts.recorder.finish(end, totals, footprint)
        parts.recorder.flush(WRITE_WITHIN_S)
        losses = tuple(parts.recorder.complaints())
        result = Result(
            record=RunRecord(
                run=run,
                status=end.status,
                end=end,
                totals=tuple(totals),
                footprint=footprint,
                marks=tuple(meter.marks),
            ),
            complaints=(*complaints, *losses),
            losses=losses,
            place=parts.recorder.place(),
            job_cpu_s=meter.job_cpu_s,
            node_cpu_s=meter.node_cpu_s,
            peak_power_w=meter.peak_power_w,
        )
        close(parts)
        return result


def footprint_or_why(
    assess: Callable[[], Footprint], complaints: list[str]
) -> Footprint | None:
    """Return the footprint; None: it cannot be had now, and `complaints` says why.

    Sources of others are asked for it. The energies stand, whatever they do.
    """
    try:
        return assess()
    except SignalError as e:
        complaints.append(f"no emissions: {e}; {LATER}")
    except GreenopsError as e:
        complaints.append(f"no emissions: {e}")
    except Exception as e:  # the job outranks us, and the energies stand
        log.debug("no emissions", exc_info=True)
        complaints.append(f"no emissions: {e!r}, a fault of greenops; {LATER}")
    return None


def close(parts: Parts) -> None:
    """Release everything the measurement held."""
    for sensor in parts.sensors:
        sensor.close()
    parts.probe.close()
    if parts.neighbours is not None:
        parts.neighbours.close()
    parts.recorder.close()


def _status(ended: Ended) -> RunStatus:
    return RunStatus.FINISHED if ended.exit_code == 0 else RunStatus.FAILED


def _sensor_problems(meter: RunMeter) -> list[str]:
    """Return what sensors that can say so have to say about their figures."""
    return [
        problem
        for sensor in meter.parts.sensors
        for problem in getattr(sensor, "problems", tuple)()
    ]


def _clock_notes(meter: RunMeter) -> list[str]:
    clock = meter.parts.clock
    notes = []
    if clock.steps:
        notes.append(f"the wall clock was set {clock.steps} times; durations are right")
    if clock.asleep_s:
        notes.append(f"the machine slept {clock.asleep_s:.0f} s; nothing is charged")
    return notes
