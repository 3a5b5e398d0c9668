"""What the user may set about a footprint, and the facts of the hardware it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from greenops.errors import ConfigError
from greenops.model import DeviceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """What the machine is built of, as far as its footprint asks. None: not known.

    A virtual machine states its slice: 2 of 96 cores of a two-socket host are
    `cpu_sockets=2 * 2 / 96` and `share_of_node=2 / 96`.

    Attributes:
        gpus: Name and memory in GiB of each GPU of the machine.
        cpu_sockets: Processors, or the slice of them.
        cpu_cores: Physical cores of one processor.
        dram_gib: Main memory in GiB.
        share_of_node: Slice of mainboard, power supplies, chassis, disks.
    """

    gpus: tuple[tuple[str, float | None], ...] = ()
    cpu_sockets: float = 1.0
    cpu_cores: int | None = None
    dram_gib: float | None = None
    share_of_node: float = 1.0

    def __post_init__(self) -> None:
        amounts = (self.cpu_sockets, self.cpu_cores or 0, self.dram_gib or 0.0)
        if not all(isfinite(a) and a >= 0 for a in amounts):
            raise ValueError(f"hardware comes in finite amounts from 0 up: {self}")
        if not 0 <= self.share_of_node <= 1:
            raise ValueError(f"a share of a node is 0 to 1: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FootprintOptions:
    """What the user set. Defaults are cited where they are used.

    Attributes:
        lifetime_years: How long the hardware serves; None: the cited default.
        embodied_kg: Own figures in kgCO2e by kind: per GPU, per processor, for all
            of the DRAM, for the rest of the node.
        water_l_per_kwh: The site's water usage effectiveness; None: no water figure.
        include_embodied: Whether the making of the hardware is counted.
    """

    lifetime_years: float | None = None
    embodied_kg: Mapping[DeviceKind, float] = field(default_factory=dict)
    water_l_per_kwh: float | None = None
    include_embodied: bool = True
    hardware: Hardware = field(default_factory=Hardware)

    def __post_init__(self) -> None:
        years = self.lifetime_years
        if years is not None and not (isfinite(years) and years > 0):
            raise ConfigError(f"lifetime of {years} years: give a number above 0")
        for kind, kg in self.embodied_kg.items():
            if not (isfinite(kg) and kg >= 0):
                raise ConfigError(f"embodied carbon of {kind}: {kg} kg; give 0 or more")
