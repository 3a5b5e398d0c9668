"""`greenops calibrate`: fit the CPU power model to this machine."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from greenops.energy.cpu_fit import CpuFit, LoadPoint, fit_curve
from greenops.energy.cpu_power import CpuCurve
from greenops.errors import SensorReadError, SensorUnavailableError
from greenops.model import DeviceKind
from greenops.ports import Sensor
from greenops.sensors.calibration import Calibration, save_calibration
from greenops.sensors.cpu_clock import CpuClock
from greenops.sensors.cpu_model import machine_prior
from greenops.sensors.detect import CpuFacts, detect_cpu
from greenops.sensors.load_sweep import LoadSweep, Step, plan
from greenops.sensors.node_cpu import NodeCpu
from greenops.sensors.perf import PerfEnergySensor
from greenops.sensors.rapl import RaplSensor
from greenops.units import J_PER_KWH

MIN_SECONDS = 20.0
METER_CSV_REL_UNCERTAINTY = 0.05
MHZ_PER_GHZ = 1000.0
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(short_help="Fit the CPU power model to this machine.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=MIN_SECONDS),
    default=75.0,
    show_default=True,
    help="Length of the load sweep. All CPUs are kept busy for part of it.",
)
@click.option(
    "--meter-csv",
    type=_EXISTING,
    help="Fit to this file: columns load_pct, power_w and, if known, clock_ghz.",
)
@click.option(
    "--from-sweep",
    "sweeps",
    type=_EXISTING,
    multiple=True,
    help="Fit to load sweeps with columns cpu_load, rapl_energy, duration; repeatable.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to keep the result.  [default: your configuration folder]",
)
def calibrate(
    seconds: float,
    meter_csv: Path | None,
    sweeps: tuple[Path, ...],
    output: Path | None,
) -> None:
    """Fit the CPU power model to this machine.

    Where RAPL or perf energy events can be read, a sweep over loads is run and
    measured. Later runs on machines with this processor and without a meter, or by
    users who may not read it, then get the fitted model: copy the file there.
    """
    if meter_csv and sweeps:
        raise click.UsageError("--meter-csv and --from-sweep exclude each other")
    facts, clock = detect_cpu(), CpuClock()
    prior, tdp = machine_prior(facts, clock)
    click.echo(f"{facts.name}: {facts.cores} cores, TDP {tdp.tdp_w:.0f} W ({tdp.how})")
    if meter_csv:
        points, meter = read_meter_csv(meter_csv), f"from {meter_csv.name}"
        rel = METER_CSV_REL_UNCERTAINTY
    elif sweeps:
        points, meter = read_sweeps(sweeps), "from a recorded sweep"
        rel = METER_CSV_REL_UNCERTAINTY
    else:
        points, meter, rel = _sweep_here(facts, clock, seconds)
    try:
        fit = fit_curve(points, _clocked(prior, points), meter_rel_uncertainty=rel)
    except ValueError as e:
        raise click.ClickException(f"{e}; use more and different loads") from e
    _keep(facts, fit, meter, output)


def read_meter_csv(path: Path) -> list[LoadPoint]:
    """Return the points of a file with `load_pct,power_w[,clock_ghz]`.

    `load` and `power` are understood too; loads are in percent.

    Raises:
        click.ClickException: it has other columns, or a field is no number.
    """
    return [
        LoadPoint(
            load=_number(row, path, "load_pct", "load") / 100.0,
            power_w=_number(row, path, "power_w", "power"),
            mean_ghz=_number(row, path, "clock_ghz", default=0.0) or None,
        )
        for row in _rows(path)
    ]


def read_sweeps(paths: Iterable[Path]) -> list[LoadPoint]:
    """Return the points of sweeps with `cpu_load,rapl_energy,duration[,cpu_freq]`.

    Load in percent, energy in kWh, duration in s, clock in MHz.

    Raises:
        click.ClickException: a file has other columns, or a field is no number.
    """
    points = []
    for path in paths:
        for row in _rows(path):
            duration_s = _number(row, path, "duration")
            if duration_s <= 0:
                raise click.ClickException(f"{path}: a duration is not above zero")
            energy_j = _number(row, path, "rapl_energy") * J_PER_KWH
            mhz = _number(row, path, "cpu_freq", default=0.0)
            points.append(
                LoadPoint(
                    load=_number(row, path, "cpu_load") / 100.0,
                    power_w=energy_j / duration_s,
                    mean_ghz=mhz / MHZ_PER_GHZ or None,
                )
            )
    return points


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as f:
            return list(csv.DictReader(f))
    except (OSError, ValueError, csv.Error) as e:
        raise click.ClickException(f"cannot read {path}: {e}") from e


def _number(
    row: Mapping[str, str], path: Path, *names: str, default: float | None = None
) -> float:
    text = next((row[name] for name in names if row.get(name)), None)
    if text is None:
        if default is not None:
            return default
        raise click.ClickException(f"{path}: a row has no {names[0]}")
    try:
        return float(text)
    except ValueError as e:
        raise click.ClickException(f"{path}: {names[0]} is no number: {text}") from e


def _clocked(prior: CpuCurve, points: Iterable[LoadPoint]) -> CpuCurve:
    """Return the prior with the clock range of the points, if it knows none.

    Points without a clock make a curve without one: it must then not be fed any.
    """
    seen = [p.mean_ghz for p in points if p.mean_ghz]
    if not seen:
        return replace(prior, min_ghz=None, max_ghz=None)
    if prior.max_ghz:
        return prior
    return replace(prior, min_ghz=min(seen), max_ghz=max(seen))


def _sweep_here(
    facts: CpuFacts, clock: CpuClock, seconds: float
) -> tuple[list[LoadPoint], str, float]:
    meter = _open_meter(facts)
    steps = plan(facts.threads)
    click.echo(f"Running {len(steps)} loads for {seconds:.0f} s; let nothing else run.")
    try:
        sweep = LoadSweep(meter, NodeCpu(), clock, step_s=seconds / len(steps))
        points = sweep.run(steps, _tell)
    except (SensorReadError, SensorUnavailableError, OSError) as e:
        raise click.ClickException(f"the sweep failed: {e}") from e
    finally:
        rel = max(
            d.rel_uncertainty for d in meter.devices() if d.kind is DeviceKind.CPU
        )
        meter.close()
    return points, f"measured by {meter.name}", rel


def _open_meter(facts: CpuFacts) -> Sensor:
    complaints = []
    for factory in (RaplSensor, PerfEnergySensor):
        try:
            return factory(cpu=facts)
        except SensorUnavailableError as e:
            complaints.append(f"  {e}\n  {e.remedy}".rstrip())
    raise click.ClickException(
        "no meter can be read here:\n"
        + "\n".join(complaints)
        + "\nWith a wall or board meter, give its readings by --meter-csv."
    )


def _tell(step: Step, point: LoadPoint) -> None:
    clock = f", {point.mean_ghz:.2f} GHz" if point.mean_ghz else ""
    click.echo(f"  {step!s:>12}: load {point.load:4.0%}, {point.power_w:6.1f} W{clock}")


def _keep(facts: CpuFacts, fit: CpuFit, meter: str, output: Path | None) -> None:
    calibration = Calibration(
        cpu=facts.name,
        curve=fit.curve,
        meter=meter,
        cross_mape_pct=fit.cross_mape_pct,
        points=fit.points,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    try:
        path = save_calibration(calibration, output)
    except OSError as e:
        raise click.ClickException(f"cannot keep the calibration: {e}") from e
    click.echo(
        f"{fit.points} points; points left out are foretold within "
        f"{fit.cross_mape_pct:.1f} % on average.\n"
        f"Bounds from now on: +-{fit.curve.rel_uncertainty:.0%}. Kept in {path}"
    )
