"""Scores the CPU power model on load sweeps that carry RAPL energy.

One row per CPU and method; all sweeps of a CPU are joined. Truth is energy over
duration. `uncalibrated` knows the CPU's name, its cores and clocks, and the TDP list,
as the product does. `calibrated` fits on every second point and is scored on the
others, then the other way round. Bounds are those the sensor states.

    python -m tests.bench.cpu_model --traces FOLDER [--json FILE]
"""

import argparse
import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from greenops.energy.cpu_fit import LoadPoint, fit_curve
from greenops.energy.cpu_power import CpuCurve, CpuSpec, cpu_power, prior_curve
from greenops.energy.cpu_tdp import resolve_tdp

J_PER_KWH = 3.6e6
IDLE_LOAD = 0.03


class Row(TypedDict):
    """One line of the result."""

    cpu: str
    method: str
    mape_pct: float
    cover_pct: float


@dataclass(frozen=True)
class Sweep:
    """All points of one CPU, by run (file), each in the order of its loads."""

    cpu: str
    runs: list[list[LoadPoint]]
    threads: int
    cores: int

    @property
    def points(self) -> list[LoadPoint]:
        """All points of all runs."""
        return [p for run in self.runs for p in run]

    @property
    def clocks_ghz(self) -> tuple[float | None, float | None]:
        """Lowest and highest clock seen: they stand for cpufreq's two limits."""
        seen = [p.mean_ghz for p in self.points if p.mean_ghz]
        return (min(seen), max(seen)) if seen else (None, None)


def tdp_rows() -> Iterator[tuple[str, float]]:
    """Yield the processor list the product uses."""
    from greenops.sensors.cpu_model import default_tdp_rows

    return iter(default_tdp_rows())


def read_sweeps(folder: Path) -> list[Sweep]:
    """Return one sweep per CPU found under `folder`."""
    inner = folder / "cpu_power"
    files = sorted((inner if inner.is_dir() else folder).glob("**/*-sweep.csv"))
    if not files:
        raise SystemExit(f"no *-sweep.csv under {folder}")
    by_cpu: dict[str, dict[Path, list[dict[str, str]]]] = {}
    for file in files:
        with file.open(newline="") as f:
            for row in csv.DictReader(f):
                runs = by_cpu.setdefault(row["cpu_name"].strip(), {})
                runs.setdefault(file, []).append(row)
    return [_sweep(cpu, list(runs.values())) for cpu, runs in by_cpu.items()]


def _sweep(cpu: str, runs: Sequence[Sequence[dict[str, str]]]) -> Sweep:
    threads = max(1, *(int(float(r["cores_used"])) for run in runs for r in run))
    points = [sorted(_points(run), key=lambda p: p.load) for run in runs]
    return Sweep(cpu, points, threads, _cores(cpu, threads))


def _points(rows: Iterable[dict[str, str]]) -> list[LoadPoint]:
    points = []
    for r in rows:
        energy_j, duration_s = float(r["rapl_energy"]) * J_PER_KWH, float(r["duration"])
        if energy_j > 0 and duration_s > 0:
            ghz = float(r.get("cpu_freq") or 0) / 1000
            points.append(
                LoadPoint(
                    load=float(r["cpu_load"]) / 100,
                    power_w=energy_j / duration_s,
                    mean_ghz=ghz if ghz > 0.1 else None,
                )
            )
    return points


def _cores(cpu: str, threads: int) -> int:
    """Return the physical cores: the kernel says it, the files do not."""
    named = re.search(r"(\d+)-core", cpu.lower())
    if named and threads % int(named.group(1)) == 0:
        return int(named.group(1))
    without_smt = re.search(
        r"i[35]-[6789]\d{3}\b|e3-12[0-2]\d |atom|celeron", cpu.lower()
    )
    return threads if without_smt or threads % 2 else threads // 2


def uncalibrated(sweep: Sweep) -> CpuCurve:
    """Return what the product would assume on that machine."""
    low_ghz, high_ghz = sweep.clocks_ghz
    tdp = resolve_tdp(
        sweep.cpu, tdp_rows(), threads=sweep.threads, cores=sweep.cores, sockets=1
    )
    return prior_curve(
        CpuSpec(
            name=sweep.cpu,
            tdp_w=tdp.tdp_w,
            tdp_rel_uncertainty=tdp.rel_uncertainty,
            cores=sweep.cores,
            threads=sweep.threads,
            min_ghz=low_ghz,
            max_ghz=high_ghz,
        )
    )


Verdict = tuple[float, bool]


def score(curve: CpuCurve, points: Iterable[LoadPoint]) -> list[Verdict]:
    """Return relative error, and whether the bounds hold, per point."""
    verdicts = []
    for p in points:
        guess = cpu_power(curve, p.load, p.mean_ghz)
        verdicts.append(
            (
                abs(guess.power_w - p.power_w) / p.power_w,
                guess.low_w <= p.power_w <= guess.high_w,
            )
        )
    return verdicts


def score_calibrated(sweep: Sweep, prior: CpuCurve) -> list[Verdict]:
    """Return the verdicts on every point, each by a fit that has not seen it."""
    verdicts = []
    for fold in (0, 1):
        # the runs are out of step, so that one run's idle point foretells the other's
        starts = [(i + fold) % 2 for i in range(len(sweep.runs))]
        pairs = list(zip(sweep.runs, starts, strict=True))
        fit = fit_curve([p for run, i in pairs for p in run[1 - i :: 2]], prior)
        verdicts += score(fit.curve, (p for run, i in pairs for p in run[i::2]))
    return verdicts


def score_formula(sweep: Sweep, formula: Callable[[float], float]) -> list[Verdict]:
    """Return the verdicts of a formula without bounds."""
    return [(abs(formula(p.load) - p.power_w) / p.power_w, False) for p in sweep.points]


def _peers(sweep: Sweep, prior: CpuCurve) -> list[Row]:
    """Return what simple formulas give that other trackers use or have used."""

    def times_load(load: float) -> float:
        return prior.cap_w * load

    def half(_: float) -> float:
        return prior.cap_w / 2

    formulas = {"TDP x load": times_load, "TDP / 2": half}
    return [_row(sweep.cpu, n, score_formula(sweep, f)) for n, f in formulas.items()]


def _row(cpu: str, method: str, verdicts: Sequence[Verdict]) -> Row:
    return Row(
        cpu=cpu,
        method=method,
        mape_pct=round(100 * sum(e for e, _ in verdicts) / len(verdicts), 2),
        cover_pct=round(100 * sum(ok for _, ok in verdicts) / len(verdicts), 2),
    )


def main() -> None:
    """Print the table; write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows: list[Row] = []
    reference: list[Row] = []
    for sweep in read_sweeps(args.traces):
        prior = uncalibrated(sweep)
        verdicts = score(prior, sweep.points)
        rows.append(_row(sweep.cpu, "uncalibrated", verdicts))
        rows.append(_row(sweep.cpu, "calibrated", score_calibrated(sweep, prior)))
        busy = [p for p in sweep.points if p.load > IDLE_LOAD]
        reference += [
            _row(
                sweep.cpu, f"uncalibrated, load > {IDLE_LOAD:.0%}", score(prior, busy)
            ),
            _row(
                sweep.cpu,
                "uncalibrated, no clock",
                score(
                    prior,
                    (LoadPoint(load=p.load, power_w=p.power_w) for p in sweep.points),
                ),
            ),
            *_peers(sweep, prior),
        ]
    _print(rows, reference)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")


def _print(rows: Sequence[Row], reference: Sequence[Row]) -> None:
    print(f"{'cpu':44} {'method':28} {'MAPE %':>8} {'cover %':>8}")
    for row in rows:
        print(_line(row))
    print("for reference (no bounds where the cover is 0):")
    for row in reference:
        print(_line(row))


def _line(row: Row) -> str:
    figures = f"{row['mape_pct']:8.1f} {row['cover_pct']:8.1f}"
    return f"{row['cpu'][:44]:44} {row['method']:28} {figures}"


if __name__ == "__main__":
    main()
