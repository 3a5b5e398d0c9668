"""Package power of a CPU from its load.

    P(u, f) = floor + wake * a(u) * x + core * s(u) * x**e       (capped at cap)

    u  busy share of the logical CPUs, 0 to 1
    x  clock of the busy CPUs over the highest clock, 0 to 1
    a  1 - (1 - u)**threads : chance that any CPU is awake, so that the shared part
       (caches, mesh, memory controller, I/O die) cannot sleep
    s  1 - (1 - u)**concavity : share of the cores that are busy; with two threads to
       a core and independent loads, concavity is 2

Concave in u as measured servers are (Fan, Weber, Barroso 2007), but with the part that
wakes up first kept apart: Barroso and Hoelzle 2007 and every SPECpower_ssj2008 report
show the steepest step between idle and the first tenth of the load.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

FALLBACK_FULL_SHARE = 0.8
"""Share of the TDP at full load where the clock cannot be read.

Source: stress loads on Xeon machines reach 1.0 (B. Davy, Teads, 2021), mixed code on
client parts 0.6 to 0.8 (Hackenberg et al., IPDPSW 2015): the middle of them.
"""
SMT_GAIN = 1.15
"""Power of a core with both threads busy over one. Source: Schoene et al. 2014."""
CLOCK_EXPONENT = 3.0
"""Dynamic power goes as f * V**2, with V about proportional to f (Mudge 2001)."""


class CpuClass(StrEnum):
    """What the parts beside the cores look like, which decides idle and wake power."""

    CHIPLET_SERVER = "chiplet server"  # central I/O die: EPYC, Threadripper
    SERVER = "server"  # one big die with a mesh or ring
    CHIPLET_CLIENT = "chiplet client"  # desktop Ryzen from Zen 2: the same in small
    CLIENT = "client"  # desktop and mobile dies, and Xeon E3 / E-2xxx made of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Idle and wake power of a class, and what it may draw at length, over the TDP."""

    floor: float
    wake: float
    cap: float = 1.0


SHARES = {
    CpuClass.CHIPLET_SERVER: Shares(floor=0.20, wake=0.18),
    CpuClass.SERVER: Shares(floor=0.12, wake=0.10),
    CpuClass.CHIPLET_CLIENT: Shares(floor=0.18, wake=0.12, cap=1.35),
    CpuClass.CLIENT: Shares(floor=0.07, wake=0.10),
}
"""Idle means a running system without work, in shallow package sleep.

Source: server: 0.12 idle and 0.32 at a tenth of the load on AWS Xeon hosts (B. Davy,
Teads, 2021). Chiplet: I/O die and fabric draw 60 to 100 W of 225 W on EPYC 7742
(AnandTech, 2019; Schoene et al., Cluster 2021); desktop Ryzen 15 to 25 W of 65 to
105 W, with a package limit of 1.35 TDP (AMD, socket AM4). Client: 2 to 6 W of 65 to
95 W (Hackenberg et al. 2015 and vendor data sheets, package C-state tables).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuCurve:
    """The parameters of the formula above for one CPU (all its sockets together).

    Powers in W, clocks in GHz. `rel_uncertainty` is the half-width of a 95 % interval
    of the power it gives, as a fraction of it. `max_ghz` is None where the clock is
    unknown: then x is 1. `threads` is the number of logical CPUs.
    """

    floor_w: float
    wake_w: float
    core_w: float
    threads: int
    concavity: float
    clock_exponent: float
    rel_uncertainty: float
    cap_w: float
    min_ghz: float | None = None
    max_ghz: float | None = None

    def __post_init__(self) -> None:
        powers = (self.floor_w, self.wake_w, self.core_w)
        if min(powers) < 0 or sum(powers) <= 0 or self.cap_w <= 0 or self.threads < 1:
            raise ValueError(f"not a power curve: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuPower:
    """Power in W with its 95 % bounds."""

    power_w: float
    low_w: float
    high_w: float


def cpu_power(curve: CpuCurve, load: float, mean_ghz: float | None = None) -> CpuPower:
    """Return the power of the package(s) in W at one load.

    Args:
        curve: From `prior_curve` or a calibration.
        load: Busy share of all logical CPUs; clamped to 0..1.
        mean_ghz: Clock averaged over all logical CPUs, idle ones included; None if
            unknown.
    """
    awake, cores, clock = basis(curve, load, mean_ghz)
    power_w = curve.floor_w + curve.wake_w * awake * clock
    power_w += curve.core_w * cores * clock**curve.clock_exponent
    power_w = min(power_w, curve.cap_w)
    margin_w = power_w * curve.rel_uncertainty
    return CpuPower(
        power_w=power_w,
        low_w=max(0.0, power_w - margin_w),
        high_w=power_w + margin_w,
    )


def basis(
    curve: CpuCurve, load: float, mean_ghz: float | None
) -> tuple[float, float, float]:
    """Return a(u), s(u) and x of the formula, each 0 to 1."""
    load = min(1.0, max(0.0, load))
    awake = 1.0 - (1.0 - load) ** curve.threads
    cores = 1.0 - (1.0 - load) ** curve.concavity
    return awake, cores, _clock_share(curve, load, mean_ghz)


def _clock_share(curve: CpuCurve, load: float, mean_ghz: float | None) -> float:
    """Return the busy CPUs' clock over the highest.

    A mean over all CPUs hides a single fast one among idle ones at their lowest clock;
    so the idle share is taken out of it. Clamped: where all CPUs share one clock, the
    mean is the busy clock already and the difference would overshoot.
    """
    if mean_ghz is None or not curve.max_ghz or mean_ghz <= 0:
        return 1.0
    idle_ghz = min(curve.min_ghz or mean_ghz, curve.max_ghz)
    if load <= 0:
        return idle_ghz / curve.max_ghz
    busy_ghz = (mean_ghz - (1.0 - load) * idle_ghz) / load
    return min(curve.max_ghz, max(idle_ghz, busy_ghz)) / curve.max_ghz


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuSpec:
    """What is known of a CPU without measuring it.

    Attributes:
        name: As the kernel prints it.
        tdp_w: TDP of all that is charged: all sockets, or a guest's share of them.
        tdp_rel_uncertainty: 95 % half-width of the TDP as a fraction; 0 when known.
        cores: Physical cores that are charged.
        threads: Logical CPUs.
        min_ghz: Lowest clock.
        max_ghz: Highest clock, None when it cannot be read.
    """

    name: str
    tdp_w: float
    cores: float
    threads: int
    tdp_rel_uncertainty: float = 0.0
    min_ghz: float | None = None
    max_ghz: float | None = None


CLOCKED_REL_UNCERTAINTY = 0.7
UNCLOCKED_REL_UNCERTAINTY = 0.8
"""95 % half-widths of an uncalibrated curve, with the clock readable and without.

Source: full-load power of one model under different code spans a factor of two
(Hackenberg et al. 2015; Schoene et al. 2019), and parts of one TDP class differ by as
much again; TDP-based estimates are off by 40 % and more against meters
(arXiv 2509.22092).
"""


def prior_curve(spec: CpuSpec) -> CpuCurve:
    """Return the curve of a CPU nobody has measured."""
    shares = SHARES[classify(spec.name)]
    floor_w, wake_w = shares.floor * spec.tdp_w, shares.wake * spec.tdp_w
    if spec.max_ghz:
        core_w = SMT_GAIN if spec.threads > spec.cores else 1.0
        core_w *= spec.cores * watts_per_ghz3(spec.name) * spec.max_ghz**3
        rel = CLOCKED_REL_UNCERTAINTY
    else:
        core_w = FALLBACK_FULL_SHARE * spec.tdp_w - floor_w - wake_w
        rel = UNCLOCKED_REL_UNCERTAINTY
    return CpuCurve(
        floor_w=floor_w,
        wake_w=wake_w,
        core_w=core_w,
        threads=spec.threads,
        concavity=2.0 if spec.threads > spec.cores else 1.0,
        clock_exponent=CLOCK_EXPONENT,
        rel_uncertainty=(rel**2 + spec.tdp_rel_uncertainty**2) ** 0.5,
        cap_w=shares.cap * spec.tdp_w,
        min_ghz=spec.min_ghz,
        max_ghz=spec.max_ghz,
    )


_CHIPLET = ("epyc", "threadripper")
_SERVER = (
    "xeon", "opteron", "neoverse", "graviton", "ampere", "altra", "thunderx", "kunpeng",
    "power9", "power10",
)  # fmt: skip
# mobile parts and those with graphics (7840U, 5700G) are one die, or tuned as such
_DESKTOP_RYZEN = re.compile(r"\bryzen \d (?:pro )?\d{4}(?:x|xt|x3d|f)?\b")
_CLIENT_XEON = ("e3-", "e-2", "w-1")


def classify(name: str) -> CpuClass:
    """Return the class of a CPU from its name; client when it tells nothing."""
    low = name.lower()
    if any(word in low for word in _CHIPLET):
        return CpuClass.CHIPLET_SERVER
    if "xeon" in low and any(f" {word}" in low for word in _CLIENT_XEON):
        return CpuClass.CLIENT
    if any(word in low for word in _SERVER):
        return CpuClass.SERVER
    if _DESKTOP_RYZEN.search(low) and not _is_zen_1(low):
        return CpuClass.CHIPLET_CLIENT
    return CpuClass.CLIENT


ZEN_1_W = 0.15
ZEN_2_W = 0.09
ARM_SERVER_W = 0.07
APPLE_W = 0.15
OTHER_W = 0.17


def watts_per_ghz3(name: str) -> float:
    """Return the power of one busy core over the cube of its clock, in W/GHz**3.

    Source: per-core power in reviews with RAPL readings (AnandTech). Zen 2 and newer:
    3 W at 3.3 GHz in servers, 6 to 10 W at 4 to 4.6 GHz on desktops; Zen 1: 7 to 8 W
    at 3.7 GHz; Intel, 22 nm to 7 nm: 5.5 W at 3.3 GHz (Xeon 8280), 10 W at 3.7 to
    3.9 GHz (client); Neoverse N1: 1.8 W at 3 GHz.
    """
    low = name.lower()
    if "amd" in low or "epyc" in low or "ryzen" in low:
        return ZEN_1_W if _is_zen_1(low) else ZEN_2_W
    if any(word in low for word in ("neoverse", "graviton", "ampere", "altra")):
        return ARM_SERVER_W
    return APPLE_W if "apple" in low else OTHER_W


def _is_zen_1(low: str) -> bool:
    """Tell Zen and Zen+ (and what came before) from Zen 2 and newer, by number.

    EPYC 7xx1 ends in 1; Ryzen and Threadripper 1xxx and 2xxx are Zen and Zen+.
    """
    if "epyc" not in low and "ryzen" not in low:
        return "amd" in low and any(w in low for w in ("opteron", " fx", "phenom"))
    for token in low.replace("-", " ").split():
        digits = token.rstrip("abcdefghijklmnopqrstuvwxyz")
        if len(digits) == 4 and digits.isdigit():
            return digits[3] == "1" if "epyc" in low else digits[0] in "12"
    return False
