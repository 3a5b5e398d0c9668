"""CPU and DRAM energy from Linux powercap (RAPL), on Intel and AMD.

The kernel keeps one folder per power zone. Its `energy_uj` counts up to
`max_energy_range_uj` and starts over. This module only reads the counters; what lies
between two readings is worked out elsewhere.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from greenops.errors import SensorReadError, SensorUnavailableError
from greenops.model import Device, DeviceKind, Reading
from greenops.sensors.detect import CpuFacts, detect_cpu
from greenops.sensors.meter_error import dram_rel_uncertainty, package_rel_uncertainty
from greenops.units import J_PER_UJ

POWERCAP = Path("/sys/class/powercap")
REMEDY = (
    "sudo chmod a+r /sys/class/powercap/*rapl*/energy_uj\n"
    "and, to keep it after a restart:\n"
    'echo \'SUBSYSTEM=="powercap", ACTION=="add", '
    'RUN+="/bin/chmod a+r %S%p/energy_uj"\' '
    "| sudo tee /etc/udev/rules.d/70-greenops-rapl.rules"
)
"""Root alone may read since CVE-2020-8694: fine-grained readings can leak secrets."""

LIMIT_HEADROOM = 2.0
"""Over the largest power limit: turbo may pass the limits for tens of milliseconds."""
SAME_COUNTER_J = 5.0
"""Die zones of one package that agree this closely read one and the same register."""
READ_BYTES = 32

# "core" and "uncore" lie inside "package", and "psys" holds "package" itself:
# adding any of them would count the same joule twice.
_PACKAGE = re.compile(r"package-(\d+)(?:-die-(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zone:
    device: Device
    fd: int
    path: Path
    wraps_at_j: float | None


class RaplSensor:
    """Cumulative energy of every CPU package and DRAM domain of this machine.

    Args:
        root: The powercap class folder.
        cpu: The processor, which decides how far its RAPL is believed; None: look.

    Raises:
        SensorUnavailableError: there is no RAPL here, or root alone may read it.
    """

    name = "rapl"

    def __init__(self, root: Path = POWERCAP, *, cpu: CpuFacts | None = None) -> None:
        cpu = cpu or detect_cpu()
        folders = list(_counted_folders(root))
        if not folders:
            raise SensorUnavailableError(
                f"no RAPL power zone under {root}",
                remedy="" if cpu.is_virtual else "sudo modprobe intel_rapl_msr",
            )
        self._zones: list[_Zone] = []
        try:
            for folder, device_id in folders:
                self._zones.append(_open_zone(folder, device_id, cpu))
            self._drop_repeated_dies()
            self.read(0.0)  # fail now, with a reason, rather than on every tick
        except (OSError, ValueError, SensorReadError) as e:
            self.close()
            denied = isinstance(e, PermissionError)
            raise SensorUnavailableError(
                f"cannot read RAPL under {root}: {e}", remedy=REMEDY if denied else ""
            ) from e

    def devices(self) -> Sequence[Device]:
        """Return packages and DRAM domains."""
        return [zone.device for zone in self._zones]

    def read(self, at_s: float) -> Sequence[Reading]:  # noqa: ARG002 - no clock needed
        """Return one counter per zone, in J. A zone that cannot be read is left out.

        Raises:
            SensorReadError: no zone could be read.
        """
        readings = []
        problem: Exception | None = None
        for zone in self._zones:
            try:
                counter_j = int(os.pread(zone.fd, READ_BYTES, 0)) * J_PER_UJ
            except (OSError, ValueError) as e:  # taken offline, or unplugged
                problem = e
                continue
            readings.append(
                Reading(
                    device_id=zone.device.device_id,
                    counter_j=counter_j,
                    wraps_at_j=zone.wraps_at_j,
                )
            )
        if not readings:
            raise SensorReadError(f"no RAPL zone can be read: {problem}") from problem
        return readings

    def close(self) -> None:
        """Release the files. May be called twice."""
        for zone in self._zones:
            os.close(zone.fd)
        self._zones = []

    def _drop_repeated_dies(self) -> None:
        """Keep one of several die zones that show one package counter.

        Linux 6.9 and 6.10 listed a zone per die on AMD although the register is the
        package's; true multi-die parts differ by what they used since boot.
        """
        seen: dict[str, list[float]] = {}
        for zone in list(self._zones):
            package, _, die = zone.device.device_id.partition("-die-")
            if not die:
                continue
            counter_j = int(os.pread(zone.fd, READ_BYTES, 0)) * J_PER_UJ
            others = seen.setdefault(package, [])
            if any(abs(counter_j - other) < SAME_COUNTER_J for other in others):
                os.close(zone.fd)
                self._zones.remove(zone)
            others.append(counter_j)


def _counted_folders(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the zones to add up, each with its device id."""
    folders = sorted(root.glob("*rapl*:*"), key=_numbers)
    # the same packages appear once more behind the memory-mapped interface
    by_msr = [f for f in folders if "-mmio" not in f.name]
    names = {f.name: _name(f) for f in folders}
    taken: set[str] = set()
    for folder in by_msr or folders:
        device_id = _device_id(folder, names)
        if device_id is not None and device_id not in taken:
            taken.add(device_id)
            yield folder, device_id


def _device_id(folder: Path, names: dict[str, str]) -> str | None:
    """Return `cpu:package-0`, `dram:0`, with `-die-1` where zones are per die."""
    name = names[folder.name]
    if _PACKAGE.fullmatch(name):
        return f"cpu:{name}"
    if name != "dram":
        return None
    parent = names.get(folder.name.rpartition(":")[0], "")
    return f"dram:{parent.removeprefix('package-') or _numbers(folder)[0]}"


def _open_zone(folder: Path, device_id: str, cpu: CpuFacts) -> _Zone:
    is_dram = device_id.startswith("dram:")
    rel = dram_rel_uncertainty(cpu) if is_dram else package_rel_uncertainty(cpu)
    device = Device(
        device_id=device_id,
        kind=DeviceKind.DRAM if is_dram else DeviceKind.CPU,
        name=f"DRAM of package {device_id[5:]}" if is_dram else cpu.name,
        source="rapl",
        rel_uncertainty=rel,
        limit_w=_limit_w(folder),
        counter_period_s=0.001,
    )
    wraps_at_uj = _integer(folder / "max_energy_range_uj")
    path = folder / "energy_uj"
    return _Zone(
        device=device,
        fd=os.open(path, os.O_RDONLY | os.O_CLOEXEC),
        path=path,
        wraps_at_j=wraps_at_uj * J_PER_UJ if wraps_at_uj else None,
    )


def _limit_w(folder: Path) -> float | None:
    """Return what the zone cannot exceed, or None where the kernel states no limit."""
    stated_uw = [
        _integer(f)
        for pattern in ("constraint_*_max_power_uw", "constraint_*_power_limit_uw")
        for f in folder.glob(pattern)
    ]
    highest_uw = max((v for v in stated_uw if v), default=0)
    return LIMIT_HEADROOM * highest_uw * J_PER_UJ if highest_uw > 0 else None


def _integer(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _name(folder: Path) -> str:
    try:
        return (folder / "name").read_text().strip()
    except OSError:
        return ""


def _numbers(folder: Path) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r":(\d+)", folder.name))
