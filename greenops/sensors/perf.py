"""CPU and DRAM energy from the kernel's `power` performance events.

The same registers as powercap, behind another door: useful where powercap is closed and
`perf_event_paranoid` lets this user count system-wide events.
"""

import ctypes
import os
import platform
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from greenops.errors import SensorReadError, SensorUnavailableError
from greenops.model import Device, DeviceKind, Reading
from greenops.sensors.detect import CpuFacts, detect_cpu
from greenops.sensors.meter_error import dram_rel_uncertainty, package_rel_uncertainty

ROOT = Path("/sys")
REMEDY = "sudo sysctl kernel.perf_event_paranoid=0"
EVENTS = {"energy-pkg": "cpu:package-{}", "energy-ram": "dram:{}"}
"""`energy-cores` and `energy-gpu` lie inside the package, `energy-psys` around it."""

SYSCALLS = {"x86_64": 298, "i686": 336, "aarch64": 241, "ppc64le": 319, "riscv64": 241}
ATTR_BYTES = 112
"""PERF_ATTR_SIZE_VER5; zeros behind the first fields ask for nothing special."""
FD_CLOEXEC = 8

Opener = Callable[[int, int, int], int]
"""`(type, config, cpu) -> file descriptor`; raises OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    device: Device
    fd: int
    j_per_count: float


class PerfEnergySensor:
    """Cumulative energy of every package and its DRAM, since this sensor was opened.

    Args:
        root: Where `bus/event_source` and `devices/system/cpu` are.
        opener: Opens one event on one CPU; None: the system call.
        cpu: The processor, which decides how far its counters are believed.

    Raises:
        SensorUnavailableError: no such events, or not for this user.
    """

    name = "perf"

    def __init__(
        self,
        root: Path = ROOT,
        *,
        opener: Opener | None = None,
        cpu: CpuFacts | None = None,
    ) -> None:
        opener = opener or open_event
        cpu = cpu or detect_cpu()
        self._events: list[_Event] = []
        pmu = root / "bus/event_source/devices/power"
        try:
            kind = int((pmu / "type").read_text())
            cpus = _first_cpus(root, (pmu / "cpumask").read_text())
            for event, pattern in EVENTS.items():
                path = pmu / "events" / event
                if not path.exists():
                    continue
                config, j_per_count = _event(path)
                for package, number in cpus:
                    self._events.append(
                        _Event(
                            device=_device(pattern.format(package), cpu),
                            fd=opener(kind, config, number),
                            j_per_count=j_per_count,
                        )
                    )
            self.read(0.0)
        except (OSError, ValueError, SensorReadError) as e:
            self.close()
            denied = isinstance(e, PermissionError)
            raise SensorUnavailableError(
                f"no perf energy events under {pmu}: {e}",
                remedy=REMEDY if denied else "",
            ) from e

    def devices(self) -> Sequence[Device]:
        """Return packages and DRAM domains."""
        return [event.device for event in self._events]

    def read(self, at_s: float) -> Sequence[Reading]:  # noqa: ARG002 - no clock needed
        """Return one counter per event, in J. An event that fails is left out.

        Raises:
            SensorReadError: no event could be read.
        """
        readings = []
        problem: Exception | None = None
        for event in self._events:
            try:
                (count,) = struct.unpack("<Q", os.read(event.fd, 8))
            except (OSError, struct.error) as e:  # its CPU was taken offline
                problem = e
                continue
            readings.append(
                Reading(
                    device_id=event.device.device_id,
                    counter_j=count * event.j_per_count,
                )
            )
        if not readings:
            raise SensorReadError(f"no energy event can be read: {problem}")
        return readings

    def close(self) -> None:
        """Release the events. May be called twice."""
        for event in self._events:
            os.close(event.fd)
        self._events = []


def open_event(kind: int, config: int, cpu: int) -> int:
    """Return the descriptor of a system-wide event on one CPU, by system call.

    Raises:
        OSError: refused, unknown, or no such call on this platform.
    """
    number = SYSCALLS.get(platform.machine())
    if number is None or not hasattr(os, "sched_getaffinity"):
        raise OSError(f"no perf events on {platform.machine()}")
    attr = struct.pack("<IIQ", kind, ATTR_BYTES, config).ljust(ATTR_BYTES, b"\0")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    every_process, no_group = ctypes.c_int(-1), ctypes.c_int(-1)
    fd = libc.syscall(
        ctypes.c_long(number),
        ctypes.c_char_p(attr),
        every_process,
        ctypes.c_int(cpu),
        no_group,
        ctypes.c_ulong(FD_CLOEXEC),
    )
    if fd < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(fd)


def _device(device_id: str, cpu: CpuFacts) -> Device:
    is_dram = device_id.startswith("dram:")
    rel = dram_rel_uncertainty(cpu) if is_dram else package_rel_uncertainty(cpu)
    return Device(
        device_id=device_id,
        kind=DeviceKind.DRAM if is_dram else DeviceKind.CPU,
        name=f"DRAM of package {device_id[5:]}" if is_dram else cpu.name,
        source="perf",
        rel_uncertainty=rel,
        counter_period_s=0.001,
    )


def _event(path: Path) -> tuple[int, float]:
    """Return the number in `event=0x02`, and the joules per count."""
    found = re.search(r"event=(0x[0-9a-fA-F]+|\d+)", path.read_text())
    unit = Path(f"{path}.unit").read_text().strip()
    if found is None or unit != "Joules":
        raise ValueError(f"{path.name} is no event that counts joules")
    return int(found.group(1), 0), float(Path(f"{path}.scale").read_text())


def _first_cpus(root: Path, mask: str) -> list[tuple[str, int]]:
    """Return package and CPU number, one per package, from a list such as `0,32`.

    Some kernels list a CPU per die although the counter is the package's.
    """
    first: dict[str, int] = {}
    for part in mask.strip().split(","):
        start, _, stop = part.partition("-")
        for number in range(int(start), int(stop or start) + 1):
            folder = root / f"devices/system/cpu/cpu{number}/topology"
            try:
                package = (folder / "physical_package_id").read_text().strip()
            except OSError:
                package = str(len(first))
            first.setdefault(package, number)
    return sorted(first.items(), key=lambda item: item[1])
