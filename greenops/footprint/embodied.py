"""Embodied share of a run: what making the hardware emitted, by time and by use.

M = sum over devices of  kg(device) x duration / lifetime x job energy / device energy
(ISO/IEC 21031:2024: M = TE x TS x RS). Figures per device are cited defaults with wide
bounds; whoever has the maker's own figure overrides them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from greenops.footprint.options import FootprintOptions
from greenops.model import Bounded, DeviceKind, DeviceTotal
from greenops.model.bounds import (
    exact,
    product,
    scaled,
    sum_of_independent,
    sum_of_one_source,
)
from greenops.units import G_PER_KG, S_PER_YEAR

LIFETIME_YEARS = Bounded(central=5.0, low=3.0, high=7.0)
"""Source: 4 years in Dell's LCA of the R740 (2019), 6 in Luccioni et al. 2023 (BLOOM,
JMLR 24:253) and at large clouds since 2022; 3 and 7 bound refresh cycles met with."""
GPU_BOARD_KG = 68.0
GPU_KG_PER_GIB = 1.2
GPU_FACTOR = 1.8
"""A GPU with its share of the baseboard: 68 + 1.2 kg per GiB of its memory.

Source: the line through NVIDIA's product carbon footprints (cradle to gate, 2025) of
HGX H100 (1,312 kg for 8 x 80 GB) and HGX B200 (2,274 kg for 8 x 180 GB). The factor
1.8 holds what others found: A100 40 GB 181 kg (Lees-Perasso et al., ADEME 2026), 150
kg assumed for BLOOM, 60 kg for a strong desktop card (EcoDiag).
"""
GPU_UNKNOWN_KG = Bounded(central=97.0, low=32.0, high=290.0)
"""A GPU of unknown memory: as if of 24 GiB, within a factor of 3."""
# GiB of memory where the driver's name does not tell it. Source: NVIDIA data sheets.
_GPU_MEMORY_GIB = {
    "A10": 24.0,
    "A30": 24.0,
    "A40": 48.0,
    "B200": 180.0,
    "B300": 288.0,
    "GB200": 186.0,
    "GH200": 96.0,
    "H100": 80.0,
    "H200": 141.0,
    "L4": 24.0,
    "L40": 48.0,
    "L40S": 48.0,
    "T4": 16.0,
}
CPU_BASE_KG = 9.14
CPU_KG_PER_CM2 = 1.97
CPU_CM2_PER_CORE = 0.245
CPU_CM2_BESIDES = 0.491
CPU_DEFAULT_CORES = 24
CPU_FACTOR = 2.0
"""A processor: base + 1.97 kg/cm2 x (0.245 cm2 x cores + 0.491 cm2).

Source: Boavizta (API documentation, CPU), after Green Cloud Computing, UBA Texte
94/2021. The factor 2 spans die areas per core of 2012 to 2024 and fab electricity
(Gupta et al. 2022, ACT, doi:10.1145/3470496.3527408: 0.8-2.5 kg/cm2).
"""
DRAM_KG_PER_GIB = Bounded(central=0.6, low=0.065, high=1.4)
"""Source: low, DDR4 of the 10 nm class, maker's figure in ACT 2022; high, 12 x 32 GB
at 533 kg in Dell's LCA of the R740 (2019); the centre lies between, on the high side
as memory dies only are in the low figure."""
NODE_REST_KG = Bounded(central=465.0, low=200.0, high=2500.0)
"""Mainboard 66, chassis 150, two power supplies 145, assembly 7, a disk of 2 TB 97 kg.

Source: Boavizta component formulas (UBA Texte 94/2021). Low: a tower without the
rack; high: HPE Apollo 6500 without GPUs, 2,500 kg (Luccioni et al. 2023).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbodiedPart:
    """One kind of device: what one run is charged for it, and how that came about."""

    kind: DeviceKind
    emissions_g: Bounded
    derivation: str


def embodied_parts(
    totals: Sequence[DeviceTotal], duration_s: float, options: FootprintOptions
) -> tuple[EmbodiedPart, ...]:
    """Return the parts of the embodied share, in gCO2e, lifetime not yet uncertain.

    They are reckoned at the central lifetime. Bounds are those of the devices' own
    figures; `embodied_g` adds that of the lifetime, which all parts have in common.
    """
    time_share = duration_s / (_lifetime(options).central * S_PER_YEAR)
    found = (
        _gpus(totals, options),
        _processors(totals, options),
        _dram(totals, options),
        _rest(totals, options),
    )
    return tuple(
        EmbodiedPart(
            kind=part.kind,
            emissions_g=scaled(part.emissions_g, time_share),
            derivation=part.derivation,
        )
        for part in found
        if part is not None
    )


def embodied_g(parts: Sequence[EmbodiedPart], options: FootprintOptions) -> Bounded:
    """Return the embodied share of a run in gCO2e."""
    whole = sum_of_independent([p.emissions_g for p in parts])
    years = _lifetime(options)
    time = Bounded(
        central=1.0,
        low=years.central / years.high,
        high=years.central / years.low,
    )
    return product([whole, time])


def lifetime_note(options: FootprintOptions) -> str:
    """Return how long the hardware is taken to serve, in words."""
    if options.lifetime_years is not None:
        return f"{options.lifetime_years:g} years, as given"
    years = LIFETIME_YEARS
    return f"{years.central:g} years ({years.low:g}-{years.high:g}), greenops default"


def gpu_kg(name: str, memory_gib: float | None) -> Bounded:
    """Return kgCO2e of making one GPU, from its memory.

    Args:
        name: As the driver calls it; `A100-SXM4-80GB` tells the memory itself.
        memory_gib: None: from the name, if that tells it.
    """
    gib = memory_gib or _memory_by_name_gib(name)
    if gib is None:
        return GPU_UNKNOWN_KG
    return _within(GPU_BOARD_KG + GPU_KG_PER_GIB * gib, GPU_FACTOR)


def _memory_by_name_gib(name: str) -> float | None:
    if stated := re.search(r"(\d+)\s?G(?:i)?B", name):
        return float(stated[1])
    words = re.split(r"[^A-Z0-9]+", name.upper())
    known = (_GPU_MEMORY_GIB[w] for w in words if w in _GPU_MEMORY_GIB)
    return next(known, None)


def processor_kg(cores: int | None) -> Bounded:
    """Return kgCO2e of making one processor of that many physical cores."""
    area_cm2 = CPU_CM2_PER_CORE * (cores or CPU_DEFAULT_CORES) + CPU_CM2_BESIDES
    return _within(CPU_BASE_KG + CPU_KG_PER_CM2 * area_cm2, CPU_FACTOR)


def share_of(totals: Iterable[DeviceTotal]) -> float:
    """Return the job's share of what these devices used, 0 to 1.

    Devices that used nothing at all (a run shorter than their counters' step) are
    charged in full: too much of next to nothing, rather than nothing of it.
    """
    rows = list(totals)
    node_j = sum(t.node_energy_j for t in rows)
    if node_j <= 0:
        return 1.0
    return min(1.0, max(0.0, sum(t.job_energy_j for t in rows) / node_j))


def _gpus(
    totals: Sequence[DeviceTotal], options: FootprintOptions
) -> EmbodiedPart | None:
    measured = _of_kind(totals, DeviceKind.GPU)
    if not measured:
        return None
    memory_gib = dict(options.hardware.gpus)
    own = options.embodied_kg.get(DeviceKind.GPU)
    # Card by card: an idle neighbour's energy must not lend the job its card.
    charged = [
        scaled(
            gpu_kg(t.device.name, memory_gib.get(t.device.name))
            if own is None
            else exact(own),
            share_of([t]),
        )
        for t in measured
    ]
    cards = sum(share_of([t]) for t in measured)
    return _part(
        DeviceKind.GPU,
        sum_of_one_source(charged),
        f"{cards:.3g} of {len(measured)} GPUs",
        "as given" if own is not None else "NVIDIA PCF 2025, by memory",
    )


def _processors(
    totals: Sequence[DeviceTotal], options: FootprintOptions
) -> EmbodiedPart | None:
    measured = _of_kind(totals, DeviceKind.CPU)
    if not measured:
        return None
    hardware = options.hardware
    own = options.embodied_kg.get(DeviceKind.CPU)
    each = processor_kg(hardware.cpu_cores) if own is None else exact(own)
    share = share_of(measured)
    return _part(
        DeviceKind.CPU,
        scaled(each, hardware.cpu_sockets * share),
        f"{share:.1%} of {hardware.cpu_sockets:.3g} processors",
        "as given" if own is not None else "Boavizta, by cores",
    )


def _dram(
    totals: Sequence[DeviceTotal], options: FootprintOptions
) -> EmbodiedPart | None:
    own = options.embodied_kg.get(DeviceKind.DRAM)
    gib = options.hardware.dram_gib
    measured = _of_kind(totals, DeviceKind.DRAM) or _of_kind(totals, DeviceKind.CPU)
    if not measured or (own is None and gib is None):
        return None
    whole = scaled(DRAM_KG_PER_GIB, gib or 0.0) if own is None else exact(own)
    share = share_of(measured)
    return _part(
        DeviceKind.DRAM,
        scaled(whole, share),
        f"{share:.1%} of the DRAM" if gib is None else f"{share:.1%} of {gib:.4g} GiB",
        "as given" if own is not None else "ACT 2022, Dell R740 LCA 2019",
    )


def _rest(
    totals: Sequence[DeviceTotal], options: FootprintOptions
) -> EmbodiedPart | None:
    if not totals:
        return None
    own = options.embodied_kg.get(DeviceKind.NODE)
    share = share_of(totals) * options.hardware.share_of_node
    return _part(
        DeviceKind.NODE,
        scaled(NODE_REST_KG if own is None else exact(own), share),
        f"{share:.1%} of mainboard, supplies, chassis, disk",
        "as given" if own is not None else "Boavizta; Luccioni 2023",
    )


def _part(kind: DeviceKind, kg: Bounded, what: str, source: str) -> EmbodiedPart:
    return EmbodiedPart(
        kind=kind,
        emissions_g=scaled(kg, G_PER_KG),
        derivation=f"{kg.central:.4g} kg for {what} ({source})",
    )


def _of_kind(totals: Iterable[DeviceTotal], kind: DeviceKind) -> list[DeviceTotal]:
    return [t for t in totals if t.device.kind is kind]


def _lifetime(options: FootprintOptions) -> Bounded:
    given = options.lifetime_years
    return LIFETIME_YEARS if given is None else exact(given)


def _within(central: float, factor: float) -> Bounded:
    return Bounded(central=central, low=central / factor, high=central * factor)
