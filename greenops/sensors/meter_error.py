"""How far the energy counters inside processors are believed."""

from greenops.sensors.detect import CpuFacts

MEASURED_PACKAGE = 0.05
MODELLED_PACKAGE = 0.15
AMD_PACKAGE = 0.10
SERVER_DRAM = 0.10
OTHER_DRAM = 0.20
INTEL_P6_FAMILY = 6
MEASURING_MODELS_FROM = 0x3C  # Haswell client; its servers are 0x3F
OLDER_MODELS_ABOVE = frozenset({0x3E, 0x4A, 0x4C, 0x4D, 0x5A, 0x5D})
"""Ivy Bridge servers and small Atom cores: numbered later, modelled all the same."""


def package_rel_uncertainty(cpu: CpuFacts) -> float:
    """Return the 95 % half-width of a package counter's error, as a fraction.

    Source: Khan et al., "RAPL in Action", TOMPECS 2018, and Hackenberg et al., 2015:
    Haswell and newer measure, within a few percent of the supply; Sandy and Ivy Bridge
    compute from events. Schoene et al., Cluster 2021: AMD Zen 2 computes, blind to
    operand data.
    """
    if cpu.vendor == "GenuineIntel":
        return MEASURED_PACKAGE if _measures(cpu) else MODELLED_PACKAGE
    return AMD_PACKAGE


def dram_rel_uncertainty(cpu: CpuFacts) -> float:
    """Return the 95 % half-width of a DRAM counter's error, as a fraction.

    Source: Desrochers, Paradis, Weaver, "A Validation of DRAM RAPL Power
    Measurements", MEMSYS 2016: within 20 %, closer on Haswell servers.
    """
    return SERVER_DRAM if _measures(cpu) and "xeon" in cpu.name.lower() else OTHER_DRAM


def _measures(cpu: CpuFacts) -> bool:
    if cpu.vendor != "GenuineIntel" or cpu.family is None or cpu.model is None:
        return False
    if cpu.family != INTEL_P6_FAMILY:
        return cpu.family > INTEL_P6_FAMILY
    return cpu.model >= MEASURING_MODELS_FROM and cpu.model not in OLDER_MODELS_ABOVE
