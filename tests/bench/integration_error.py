"""Scores the energy core on power signals whose energy is known.

Each case draws a signal and plays it to a `DeviceMeter` as one kind of reading would
show it, from some 0.1 s after the start, on a timer that is late by up to 2 ms, with a
last reading at the end. One row per kind of reading, signal and length of run: the
error of the total, and how often the bound it states holds.

    python -m tests.bench.integration_error [--cases N] [--traces FOLDER] [--json FILE]

FOLDER holds recorded signals as CSV files with the columns `at_s` and `power_w`, each
power constant until the next row.
"""

import argparse
import csv
import json
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import accumulate, pairwise
from math import exp, floor, sqrt
from pathlib import Path

from greenops.energy.cut import cut_off
from greenops.energy.integrate import jittered_deadline
from greenops.energy.meter import DeviceMeter
from greenops.energy.totals import DeviceTotals
from greenops.model import Device, DeviceKind, Interval, Reading
from greenops.tracking.glances import PACE_S

LIMIT_W = 350.0
MARGIN_S = 2.0
RUNS_S = (10.0, 60.0, 300.0)
WRAP_J = 2**32 * 2.0**-16  # RAPL's 32 bits in units of 15.3 uJ: 65.5 kJ


class Signal:
    """A power that is constant between edges."""

    def __init__(self, edges_s: Sequence[float], powers_w: Sequence[float]) -> None:
        self._edges_s = edges_s
        self._powers_w = powers_w
        parts_j = (
            w * (stop - start)
            for w, (start, stop) in zip(powers_w, pairwise(edges_s), strict=False)
        )
        self._sums_j = list(accumulate(parts_j, initial=0.0))

    def power_w(self, at_s: float) -> float:
        """Return the power at one moment."""
        return self._powers_w[self._index(at_s)]

    def energy_j(self, start_s: float, stop_s: float) -> float:
        """Return the energy of `[start_s, stop_s)`."""
        return self._since_first_j(stop_s) - self._since_first_j(start_s)

    def _since_first_j(self, at_s: float) -> float:
        i = self._index(at_s)
        return self._sums_j[i] + self._powers_w[i] * (at_s - self._edges_s[i])

    def _index(self, at_s: float) -> int:
        return min(
            max(bisect_right(self._edges_s, at_s) - 1, 0), len(self._powers_w) - 1
        )


def square(rng: random.Random, run_s: float) -> Signal:
    """Return a square wave of 0.1 to 10 s, of any duty, phase and two levels."""
    return _wave(rng, run_s, 10 ** rng.uniform(-1, 1))


def aliased(rng: random.Random, run_s: float) -> Signal:
    """Return a square wave whose period fits a whole number of times into 1 s or 2 s.

    Samples at a fixed pace of 1 Hz see it in one or two phases only.
    """
    return _wave(rng, run_s, rng.choice((0.1, 0.2, 0.25, 0.5, 1.0, 2.0)))


def _wave(rng: random.Random, run_s: float, period_s: float) -> Signal:
    duty = rng.random()
    levels_w = (rng.uniform(150, 300), rng.uniform(20, 150))
    at_s = -MARGIN_S - rng.random() * period_s
    edges_s: list[float] = []
    powers_w: list[float] = []
    while at_s < run_s + MARGIN_S:
        edges_s += [at_s, at_s + duty * period_s]
        powers_w += levels_w
        at_s += period_s
    return Signal(edges_s, powers_w)


def ramp(rng: random.Random, run_s: float) -> Signal:
    """Return a power that goes from one level to another over the run."""
    first_w, last_w = rng.uniform(20, 300), rng.uniform(20, 300)
    step_s = 0.01
    edges_s = [
        -MARGIN_S + i * step_s for i in range(int((run_s + 2 * MARGIN_S) / step_s))
    ]
    powers_w = [
        first_w + (last_w - first_w) * min(max(t / run_s, 0), 1) for t in edges_s
    ]
    return Signal(edges_s, powers_w)


def noise(rng: random.Random, run_s: float, *, memory_s: float = 0.0) -> Signal:
    """Return a power that fluctuates, with a memory of so many seconds (0: none)."""
    mean_w, spread_w, step_s = rng.uniform(100, 250), rng.uniform(5, 50), 0.05
    keep = exp(-step_s / memory_s) if memory_s else 0.0
    level, powers_w = rng.gauss(0, 1), []
    edges_s = [
        -MARGIN_S + i * step_s for i in range(int((run_s + 2 * MARGIN_S) / step_s))
    ]
    for _ in edges_s:
        powers_w.append(min(max(mean_w + spread_w * level, 0.0), LIMIT_W))
        level = keep * level + sqrt(1 - keep * keep) * rng.gauss(0, 1)
    return Signal(edges_s, powers_w)


def bursts(rng: random.Random, run_s: float) -> Signal:
    """Return steps and stalls of random length, as a training loop makes them."""
    edges_s, powers_w, at_s = [-MARGIN_S], [60.0], -MARGIN_S
    mean_s = 10 ** rng.uniform(-0.5, 1)
    while at_s < run_s + MARGIN_S:
        at_s += rng.expovariate(1 / mean_s)
        edges_s.append(at_s)
        powers_w.append(rng.uniform(180, 300) if len(powers_w) % 2 else 60.0)
    return Signal(edges_s, powers_w)


def recorded(path: Path, rng: random.Random, run_s: float) -> Signal:
    """Return a stretch of a recorded signal, repeated where it is too short."""
    with path.open(newline="") as lines:
        rows = [(float(r["at_s"]), float(r["power_w"])) for r in csv.DictReader(lines)]
    first_s, length_s = rows[0][0], rows[-1][0] - rows[0][0]
    shift_s = first_s + rng.random() * length_s + MARGIN_S
    times = floor((run_s + 2 * MARGIN_S) / length_s) + 2
    both = [(t + n * length_s, w) for n in range(times) for t, w in rows[:-1]]
    return Signal([t - shift_s for t, _ in both], [w for _, w in both])


MakeSignal = Callable[[random.Random, float], Signal]

SIGNALS: dict[str, MakeSignal] = {
    "square 0.1-10 s": square,
    "square, aliased": aliased,
    "ramp": ramp,
    "white noise": noise,
    "slow noise": partial(noise, memory_s=3.0),
    "bursts": bursts,
}


@dataclass(frozen=True)
class Kind:
    """One kind of reading: what it shows of the signal, and when it is taken."""

    name: str
    interval_s: float = 1.0
    window_s: float | None = None
    renewed_every_s: float | None = None
    fails: float = 0.0
    jitter: bool = False
    glance_s: float | None = None
    held_s: float | None = None
    with_power: bool = False

    def reading(self, signal: Signal, at_s: float, phase_s: float) -> Reading:
        """Return what a device of this kind would say of `signal` at `at_s`."""
        if self.renewed_every_s is not None:
            read_s, every_s = at_s, self.renewed_every_s
            at_s = floor((at_s - phase_s) / every_s) * every_s + phase_s
            spent_j = signal.energy_j(-MARGIN_S, at_s)
            return Reading(
                device_id="dev",
                counter_j=(60_000.0 + spent_j) % WRAP_J,
                wraps_at_j=WRAP_J,
                counter_at_s=at_s,
                power_w=signal.power_w(read_s) if self.with_power else None,
            )
        if self.held_s is not None:
            at_s = floor((at_s - phase_s) / self.held_s) * self.held_s + phase_s
        if self.window_s is None:
            return Reading(device_id="dev", power_w=signal.power_w(at_s))
        mean_w = signal.energy_j(at_s - self.window_s, at_s) / self.window_s
        return Reading(device_id="dev", power_w=mean_w, averaged_over_s=self.window_s)


KINDS = (
    Kind("counter renewed every 100 ms, 1 Hz", renewed_every_s=0.1),
    Kind("counter renewed every 1 ms, 1 Hz", renewed_every_s=0.001),
    Kind("the same, 10 % of reads fail", renewed_every_s=0.001, fails=0.1),
    Kind("100 ms counter beside power, 1 Hz", renewed_every_s=0.1, with_power=True),
    Kind("1 s average, 1 Hz", window_s=1.0),
    Kind("1 s average, 1 Hz, jittered", window_s=1.0, jitter=True),
    Kind("1 s average, 10 Hz", interval_s=0.1, window_s=1.0),
    Kind("0.1 s average, 1 Hz, jittered", window_s=0.1, jitter=True),
    Kind("instantaneous, 1 Hz", jitter=False),
    Kind("instantaneous, 1 Hz, jittered", jitter=True),
    Kind("instantaneous, 10 Hz, jittered", interval_s=0.1, jitter=True),
    Kind("instantaneous, 1 Hz, read at 20 Hz", glance_s=PACE_S),
    Kind("renewed every 20 ms, read at 20 Hz", glance_s=PACE_S, held_s=0.02),
    Kind("renewed every 100 ms, read at 20 Hz", glance_s=PACE_S, held_s=0.1),
)


@dataclass(frozen=True)
class Outcome:
    """One case: the relative error of the total, and whether its bound held.

    `inside` is the relative error of the part that the counter saw end to end.
    """

    error: float
    held: bool
    inside: float


@dataclass(frozen=True)
class Row:
    """Many cases of one kind of reading, signal and length of run."""

    reading: str
    signal: str
    run_s: float
    median_pct: float
    p95_pct: float
    cover_pct: float
    half_width_pct: float
    inside_max_pct: float | None
    cases: int


def ticks(kind: Kind, rng: random.Random, run_s: float) -> Iterator[tuple[float, bool]]:
    """Yield the times of the readings of one run, and whether each is a tick.

    The last is the end of the run.
    """
    at_s = due_s = rng.uniform(0.05, 0.15)
    while at_s < run_s:
        is_tick = at_s >= due_s
        yield at_s + rng.uniform(0, 0.002), is_tick
        if kind.jitter:
            at_s = due_s = jittered_deadline(due_s, kind.interval_s, rng.random())
            continue
        due_s += kind.interval_s if is_tick else 0.0
        if kind.glance_s is None:
            at_s = due_s
        else:
            at_s = jittered_deadline(at_s, kind.glance_s, rng.random())
    yield run_s + 0.002, True


def play(
    kind: Kind, make: MakeSignal, rng: random.Random, run_s: float
) -> tuple[Outcome, float]:
    """Measure one run; return what came of it, and the stated relative half-width."""
    signal = make(rng, run_s)
    device = Device(
        device_id="dev",
        kind=DeviceKind.OTHER,
        name="simulated",
        source="simulated",
        rel_uncertainty=0.0,
        limit_w=LIMIT_W,
        counter_period_s=kind.renewed_every_s,
    )
    meter = DeviceMeter(device, start_s=0.0, interval_s=kind.interval_s)
    phase_s = rng.random() * (kind.renewed_every_s or kind.held_s or 0.0)
    found: list[Interval | None] = []
    for at_s, is_tick in ticks(kind, rng, run_s):
        failed = rng.random() < kind.fails
        reading = None if failed else kind.reading(signal, at_s, phase_s)
        if reading is not None and not is_tick:
            meter.glance(reading, at_s)
            continue
        interval = meter.advance(reading, at_s)
        if interval is not None and interval.stop_s > run_s:
            power_w = reading.power_w if reading else None
            interval = cut_off(interval, run_s, power_w=power_w)
        found.append(interval)
    found.append(meter.finish(run_s))
    intervals = [interval for interval in found if interval is not None]
    totals = DeviceTotals()
    for interval in intervals:
        totals.add(interval, 1.0, start_epoch_s=interval.start_s)
    total = totals.total(device, meter.quality)
    true_j = signal.energy_j(0.0, run_s)
    outcome = Outcome(
        error=abs(total.job_energy_j - true_j) / true_j,
        held=total.job_low_j - 1e-6 <= true_j <= total.job_high_j + 1e-6,
        inside=_inside(signal, intervals[1:-1]) if kind.renewed_every_s else 0.0,
    )
    return outcome, (total.job_high_j - total.job_energy_j) / true_j


def _inside(signal: Signal, intervals: Sequence[Interval]) -> float:
    if not intervals:
        return 0.0
    true_j = signal.energy_j(intervals[0].start_s, intervals[-1].stop_s)
    return abs(sum(i.energy_j for i in intervals) - true_j) / true_j


def score(
    kind: Kind, name: str, make: MakeSignal, run_s: float, cases: int
) -> tuple[Row, list[Outcome]]:
    """Play many cases; the same seed gives every kind of reading the same signals."""
    played = [
        play(kind, make, random.Random(f"{name} {run_s} {i}"), run_s)
        for i in range(cases)
    ]
    outcomes = [outcome for outcome, _ in played]
    widths = sorted(width for _, width in played)
    return row(kind, name, run_s, outcomes, widths), outcomes


def row(
    kind: Kind,
    name: str,
    run_s: float,
    outcomes: Sequence[Outcome],
    widths: Sequence[float],
) -> Row:
    """Return the figures of some outcomes."""
    errors = sorted(outcome.error for outcome in outcomes)
    count = len(errors)
    return Row(
        reading=kind.name,
        signal=name,
        run_s=run_s,
        median_pct=100 * errors[count // 2],
        p95_pct=100 * errors[min(int(0.95 * count), count - 1)],
        cover_pct=100 * sum(outcome.held for outcome in outcomes) / count,
        half_width_pct=100 * widths[len(widths) // 2],
        inside_max_pct=(
            100 * max(outcome.inside for outcome in outcomes)
            if kind.renewed_every_s
            else None
        ),
        cases=count,
    )


def print_row(one: Row) -> None:
    """Print one line of the table."""
    inside = "" if one.inside_max_pct is None else f"{one.inside_max_pct:10.1e}"
    print(
        f"{one.reading:36} {one.signal:16} {one.run_s:5.0f} {one.median_pct:8.3f}"
        f" {one.p95_pct:8.3f} {one.cover_pct:7.1f} {one.half_width_pct:8.2f} {inside}"
    )


def main() -> None:
    """Run the study and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=60, help="per line (60)")
    parser.add_argument("--traces", type=Path, help="folder of recorded signals")
    parser.add_argument("--json", type=Path, help="write the lines there")
    options = parser.parse_args()
    signals = dict(SIGNALS)
    for path in sorted(options.traces.glob("*.csv")) if options.traces else []:
        signals[path.stem[:16]] = partial(recorded, path)

    print(
        f"{'reading':36} {'signal':16} {'run s':>5} {'median %':>8} {'p95 %':>8}"
        f" {'holds %':>7} {'+- %':>8} {'inside %':>10}"
    )
    rows: list[Row] = []
    for kind in KINDS:
        for run_s in RUNS_S:
            everything: list[Outcome] = []
            widths: list[float] = []
            for name, make in signals.items():
                one, outcomes = score(kind, name, make, run_s, options.cases)
                everything += outcomes
                widths.append(one.half_width_pct / 100)
                rows.append(one)
                print_row(one)
            rows.append(row(kind, "all", run_s, everything, sorted(widths)))
            print_row(rows[-1])
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in rows], indent=1))


if __name__ == "__main__":
    main()
