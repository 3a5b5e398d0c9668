"""What processor and memory this machine has, read from the kernel's own files.

`/proc/cpuinfo` and a few files of `/sys`; no subprocess and no library on Linux
(`py-cpuinfo` takes a second for the same answer).
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from greenops.sensors.cgroup_limits import (
    allowed_bytes,
    allowed_cpus,
    file_text,
    integer,
)
from greenops.sensors.node_cpu import count_cpus
from greenops.units import BYTES_PER_GIB

ROOT = Path("/")
HEAD_BYTES = 1 << 14
"""Of /proc/cpuinfo: its first CPU. The whole file asks every CPU for its clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuFacts:
    """The processor of this machine.

    Attributes:
        name: As the kernel prints it; `unknown processor` where it does not.
        vendor: Such as `GenuineIntel`, `AuthenticAMD`, `ARM`; may be empty.
        family: x86 family number, if any.
        model: x86 model number, if any.
        sockets: Filled sockets.
        cores: Physical cores of all sockets.
        threads: Logical CPUs.
        allowed_cpus: CPUs that this process may use: affinity and cgroup quota; may
            be a fraction (a quota of half a CPU).
        is_virtual: This is a virtual machine.
        hypervisor: Its name, if known.
        max_ghz: Highest clock, if known.
    """

    name: str
    vendor: str = ""
    family: int | None = None
    model: int | None = None
    sockets: int = 1
    cores: int = 1
    threads: int = 1
    allowed_cpus: float = 1.0
    is_virtual: bool = False
    hypervisor: str | None = None
    max_ghz: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFacts:
    """Main memory of this machine.

    Attributes:
        total_bytes: All of it.
        allowed_bytes: What this process's cgroup may use; at most `total_bytes`.
        dimms: Filled slots, where the memory controller's driver says so.
    """

    total_bytes: int
    allowed_bytes: int
    dimms: int | None = None

    @property
    def is_slice(self) -> bool:
        """Return whether a cgroup grants a part of the memory only."""
        return self.allowed_bytes < self.total_bytes

    @property
    def allowed_gib(self) -> float:
        """Return what may be used, in GiB."""
        return self.allowed_bytes / BYTES_PER_GIB


def detect_cpu(root: Path = ROOT) -> CpuFacts:
    """Return what is known of the processor. Never raises."""
    text = file_text(root / "proc/cpuinfo", HEAD_BYTES)
    if not text:
        return _portable_cpu()
    first = _fields(text.split("\n\n", 1)[0])
    threads = _online(root) or max(1, text.count("processor\t"))
    sockets, cores = _topology(root, first, threads)
    return CpuFacts(
        name=_cpu_name(root, first),
        vendor=first.get("vendor_id") or _ARM_VENDORS.get(_implementer(first), ""),
        family=integer(first.get("cpu family")),
        model=integer(first.get("model")),
        sockets=sockets,
        cores=cores,
        threads=threads,
        allowed_cpus=allowed_cpus(root, threads),
        is_virtual=_is_virtual(root, first),
        hypervisor=_hypervisor(root),
        max_ghz=_max_ghz(root),
    )


def detect_memory(root: Path = ROOT) -> MemoryFacts | None:
    """Return what is known of main memory, or None. Never raises."""
    total_bytes = _meminfo_bytes(root) or (_portable_bytes() if root == ROOT else 0)
    if not total_bytes:
        return None
    return MemoryFacts(
        total_bytes=total_bytes,
        allowed_bytes=allowed_bytes(root, total_bytes),
        dimms=_dimms(root),
    )


_ARM_VENDORS = {0x41: "ARM", 0x61: "Apple", 0xC0: "Ampere", 0x48: "HiSilicon"}
_ARM_PARTS = {
    0xD03: "Cortex-A53",
    0xD08: "Cortex-A72",
    0xD0B: "Cortex-A76",
    0xD0C: "Neoverse-N1",
    0xD40: "Neoverse-V1",
    0xD49: "Neoverse-N2",
    0xD4F: "Neoverse-V2",
    0xD83: "Neoverse-V3",
}
"""Source: MIDR part numbers, Arm technical reference manuals."""


def _cpu_name(root: Path, first: dict[str, str]) -> str:
    name = first.get("model name") or first.get("Processor") or first.get("cpu")
    if name and not name.isdigit():
        return " ".join(name.split())
    part = _ARM_PARTS.get(_hex(first.get("CPU part")) or -1)
    board = file_text(root / "proc/device-tree/model").strip("\0 \n")
    return part or board or "unknown processor"


def _implementer(first: dict[str, str]) -> int:
    return _hex(first.get("CPU implementer")) or -1


def _online(root: Path) -> int:
    try:
        return count_cpus(file_text(root / "sys/devices/system/cpu/online"))
    except ValueError:
        return 0


def _topology(root: Path, first: dict[str, str], threads: int) -> tuple[int, int]:
    """Return sockets and physical cores; Arm kernels say it in /sys only."""
    siblings, per_socket = (
        integer(first.get("siblings")),
        integer(first.get("cpu cores")),
    )
    if siblings and per_socket:
        sockets = max(1, round(threads / siblings))
        return sockets, min(threads, sockets * per_socket)
    base = root / "sys/devices/system/cpu"
    pairs = set()
    for i in range(threads):
        package = file_text(base / f"cpu{i}/topology/physical_package_id").strip()
        core = file_text(base / f"cpu{i}/topology/core_id").strip()
        if package and core:
            pairs.add((package, core))
    if not pairs:
        return 1, threads
    return len({p for p, _ in pairs}), len(pairs)


def _is_virtual(root: Path, first: dict[str, str]) -> bool:
    if "hypervisor" in first.get("flags", "").split():
        return True
    return _hypervisor(root) is not None


_GUEST_PRODUCTS = {
    "kvm": "KVM", "qemu": "QEMU", "vmware": "VMware", "virtualbox": "VirtualBox",
    "google compute engine": "Google Compute Engine", "virtual machine": "Hyper-V",
    "openstack": "OpenStack", "droplet": "KVM", "hvm domu": "Xen",
}  # fmt: skip


def _hypervisor(root: Path) -> str | None:
    kind = file_text(root / "sys/hypervisor/type").strip()
    if kind:
        return kind
    dmi = root / "sys/class/dmi/id"
    product = (file_text(dmi / "product_name") + file_text(dmi / "sys_vendor")).lower()
    if "metal" in product:
        return None
    return next((v for k, v in _GUEST_PRODUCTS.items() if k in product), None)


def _max_ghz(root: Path) -> float | None:
    khz = integer(
        file_text(root / "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")
    )
    return khz / 1e6 if khz else None


def _meminfo_bytes(root: Path) -> int:
    for line in file_text(root / "proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return (integer(line.split()[1]) or 0) * 1024
    return 0


def _dimms(root: Path) -> int | None:
    sizes = [
        integer(file_text(f)) or 0
        for f in (root / "sys/devices/system/edac/mc").glob("mc*/*/size")
        if f.parent.name.startswith(("dimm", "rank"))
    ]
    return sum(size > 0 for size in sizes) or None


def _portable_cpu() -> CpuFacts:
    """Return what Python and psutil know where there is no /proc."""
    import platform

    name, cores = platform.processor() or platform.machine(), None
    try:
        import psutil

        cores = psutil.cpu_count(logical=False)
    except (ImportError, OSError, NotImplementedError):
        cores = None
    if sys.platform == "darwin":
        name = _macos_name() or name
    threads = os.cpu_count() or 1
    return CpuFacts(
        name=name or "unknown processor",
        vendor="Apple" if name.startswith("Apple") else "",
        cores=cores or threads,
        threads=threads,
        allowed_cpus=float(threads),
    )


def _macos_name() -> str | None:
    import subprocess

    try:
        answer = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def _portable_bytes() -> int:
    try:
        import psutil

        return int(psutil.virtual_memory().total)
    except (ImportError, OSError):
        return 0


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.splitlines())
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def _hex(text: str | None) -> int | None:
    try:
        return int((text or "").strip(), 16)
    except ValueError:
        return None
