"""What `greenops doctor` looks at. Each check is handed its parts, and never raises."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from greenops.errors import (
    ConfigError,
    GreenopsError,
    LedgerDamagedError,
    LedgerTooNewError,
    SensorUnavailableError,
)
from greenops.model import IntensityPoint, Reading
from greenops.plugins import Plugins
from greenops.ports import Sensor
from greenops.report.text import figure, plural, power

LARGE_MIB = 1024
"""Two months of one GPU and one CPU at 1 Hz; nothing breaks, but few need as much."""


class State(StrEnum):
    """How a check came out."""

    GOOD = "good"
    ABSENT = "absent"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact about this machine, and what to do about it.

    Attributes:
        area: `sensors`, `ledger`, `config`, `zone`, `plugins`, `versions`, ...
        name: What was looked at.
        state: How it stands.
        detail: One sentence.
        remedy: The exact command or edit that mends it; empty where none does.
    """

    area: str
    name: str
    state: State
    detail: str
    remedy: str = ""


def check_sensors(sensors: Sequence[Sensor], now_s: float) -> list[Finding]:
    """Return one finding per device of the open sensors, with a reading taken now."""
    found = []
    for sensor in sensors:
        try:
            devices = sensor.devices()
            readings = {r.device_id: r for r in sensor.read(now_s)}
        except Exception as e:  # noqa: BLE001 - a plugin's sensor may fail in any way
            found.append(_finding("sensors", sensor.name, State.ABSENT, f"fails: {e}"))
            continue
        for device in devices:
            said = f"{device.name} by {device.source}"
            said += f", within {device.rel_uncertainty:.0%}"
            said += _reading(readings.get(device.device_id))
            found.append(_finding("sensors", device.device_id, State.GOOD, said))
    return found


def check_problems(problems: Iterable[str]) -> list[Finding]:
    """Return one finding per sensor that could not be opened.

    Args:
        problems: Sentences, each with its remedy behind `; remedy: `.
    """
    found = []
    for problem in problems:
        said, _, remedy = problem.partition("; remedy: ")
        name, colon, rest = said.partition(": ")
        if not colon or not name.replace("_", "").isalnum():
            name, rest = "not found", said
        found.append(_finding("sensors", name, State.ABSENT, rest, remedy=remedy))
    return found


def check_attribution(open_group: Callable[[], str]) -> Finding:
    """Return whether jobs get a cgroup of their own.

    Args:
        open_group: Makes and removes one; returns where. Raises
            SensorUnavailableError.
    """
    try:
        where = open_group()
    except SensorUnavailableError as e:
        said = f"by process tree: {e}"
        return _finding("attribution", "CPU time", State.GOOD, said, remedy=e.remedy)
    return _finding("attribution", "CPU time", State.GOOD, f"by a cgroup in {where}")


def check_config(files: Sequence[Path], complaints: Sequence[str]) -> list[Finding]:
    """Return the state of the configuration: a finding per complaint."""
    if complaints:
        return [
            _finding(
                "config", "setting", State.BROKEN, c, remedy="edit the file or variable"
            )
            for c in complaints
        ]
    said = ", ".join(map(str, files)) or "all defaults"
    remedy = "" if files else "greenops config init"
    return [_finding("config", "settings", State.GOOD, said, remedy=remedy)]


def check_ledger(path: Path, count: Callable[[], int]) -> Finding:
    """Return whether the ledger can be read.

    Args:
        path: Where it is, or will be.
        count: Returns the number of runs; raises LedgerError.
    """
    if not path.exists():
        said = f"{path} does not exist yet; the first run makes it"
        return _finding("ledger", "runs", State.GOOD, said)
    try:
        runs = count()
    except LedgerTooNewError as e:
        remedy = "pip install --upgrade greenops"
        return _finding("ledger", "runs", State.BROKEN, str(e), remedy=remedy)
    except LedgerDamagedError as e:  # moved aside already
        return _finding("ledger", "runs", State.BROKEN, str(e))
    except (GreenopsError, OSError) as e:
        remedy = f"ls -ld {path.parent} {path}"
        return _finding("ledger", "runs", State.BROKEN, str(e), remedy=remedy)
    size = path.stat().st_size / (1 << 20)
    said = f"{plural(runs, 'run')} in {path} ({figure(size)} MiB)"
    remedy = "greenops rm --samples --older-than 90d" if size > LARGE_MIB else ""
    return _finding("ledger", "runs", State.GOOD, said, remedy=remedy)


def check_spool(files: Sequence[Path]) -> Finding:
    """Return whether records wait to be taken into the ledger."""
    if not files:
        return _finding("ledger", "spool", State.GOOD, "nothing waits to be taken in")
    said = f"{plural(len(files), 'file')} in {files[0].parent} wait for the ledger"
    return _finding(
        "ledger", "spool", State.ABSENT, said, remedy="greenops wrap -- true"
    )


def check_zone(
    zone: str | None,
    intensity: Callable[[], Sequence[IntensityPoint]],
    *,
    told_by: str = "",
    guess: object = None,
) -> Finding:
    """Return which carbon intensity runs are given now.

    Args:
        zone: Of runs; None: not known.
        intensity: Asks for it.
        told_by: What told the zone, where it was not configured.
        guess: Where the machine seems to be, for people.
    """
    try:
        points = intensity()
    except ConfigError as e:
        return _finding("zone", zone or "", State.BROKEN, str(e), remedy="set `zone`")
    except GreenopsError as e:
        return _finding("zone", zone or "", State.ABSENT, str(e))
    point = points[0]
    low, high = figure(point.low_g_per_kwh), figure(point.high_g_per_kwh)
    said = (
        f"{figure(point.intensity_g_per_kwh)} g/kWh ({low} to {high}), {point.source}"
    )
    if zone is None:
        remedy = (
            'set `zone = "..."` in the configuration, or GREENOPS_ZONE; '
            "`greenops zones` helps to find it"
        )
        said += f"; this machine seems to be in {guess}" if guess else ""
        return _finding("zone", "world average", State.ABSENT, said, remedy=remedy)
    if told_by not in ("", "configuration"):
        said += f"; zone from {told_by}"
    return _finding("zone", point.zone, State.GOOD, said)


def check_plugins(group: str, found: Plugins, own: Sequence[str]) -> list[Finding]:
    """Return what plugins beyond greenops' own there are, and which cannot be used.

    Those of one reason share a finding: a library that is missing stops several.
    """
    area = "plugins"
    good = [
        _finding(area, f"{group}: {name}", State.GOOD, "loads")
        for name in found.loaded
        if name not in own
    ]
    by_reason: dict[str, list[str]] = {}
    for name, why in found.failed.items():
        reason = why.rpartition("Error: ")[2] if name in own else why
        by_reason.setdefault(reason, []).append(name)
    bad = []
    for reason, names in by_reason.items():
        said, _, remedy = reason.partition("; remedy: ")
        listed = ", ".join(names)
        remedy = remedy or f"fix or remove {listed}"
        bad.append(
            _finding(area, f"{group}: {listed}", State.ABSENT, said, remedy=remedy)
        )
    return good + bad


def check_package(name: str, version: str | None, purpose: str, remedy: str) -> Finding:
    """Return whether an optional package is there."""
    if version is None:
        said = f"not installed; needed for {purpose}"
        return _finding("versions", name, State.ABSENT, said, remedy=remedy)
    return _finding("versions", name, State.GOOD, f"{version}, for {purpose}")


def _reading(reading: Reading | None) -> str:
    if reading is None:
        return ", no reading just now"
    if reading.power_w is not None:
        return f", {power(reading.power_w)} now"
    return ", counts energy"


def _finding(
    area: str, name: str, state: State, detail: str, *, remedy: str = ""
) -> Finding:
    return Finding(area=area, name=name, state=state, detail=detail, remedy=remedy)
