"""Why greenops and codecarbon differ on one run: pure rules over both results.

Each rule looks at one cause, says in a sentence what it did to the figures, and stays
silent where it did nothing. What codecarbon does was read in its release 3.3.2.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from greenops.report.text import energy, figure, mass
from greenops.units import J_PER_KWH

KINDS = {"cpu": "CPU", "gpu": "GPU", "dram": "memory"}
SAME = 0.02
"""Figures closer than this fraction need no explanation."""
WHOLE = 0.995
"""A share above this is the whole device."""
THEIR_FALLBACK_W_PER_THREAD = 4
"""What codecarbon takes for a processor that is not in its list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one kind of device used, as greenops has it, in J.

    `machine_j` is all the device used, `energy_j` the job's share; `sources` names
    who measured it.
    """

    energy_j: float
    machine_j: float
    sources: tuple[str, ...]

    @property
    def share(self) -> float:
        """The job's share of the device, 0 to 1."""
        return self.energy_j / self.machine_j if self.machine_j > 0 else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """greenops' result. Energies in J, emissions in g, intensity in g/kWh.

    `emissions_g` is operational, with PUE; embodied emissions stand apart.
    """

    duration_s: float
    parts: Mapping[str, Part]
    total_j: float
    low_j: float
    high_j: float
    emissions_g: float | None = None
    embodied_g: float | None = None
    intensity_g_per_kwh: float | None = None
    intensity_source: str = ""
    pue: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """codecarbon's result, in the same units.

    `cpu_mode` is its own word: `intel_rapl`, `cpu_load`, `constant`. `refused` lists
    connections it tried to open.
    """

    version: str
    duration_s: float
    cpu_j: float
    gpu_j: float
    dram_j: float
    total_j: float
    emissions_g: float
    pue: float = 1.0
    place: str = ""
    cpu_mode: str = ""
    cpu_tdp_w: float = 0.0
    cpu_tdp_generic: bool = False
    cpu_threads: int = 0
    refused: tuple[str, ...] = field(default=())

    def of(self, kind: str) -> float:
        """Return its energy of a kind of device, in J."""
        return {"cpu": self.cpu_j, "gpu": self.gpu_j, "dram": self.dram_j}[kind]

    @property
    def intensity_g_per_kwh(self) -> float | None:
        """What it multiplied by, as its own figures imply."""
        return self.emissions_g / self.total_j * J_PER_KWH if self.total_j else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One cause of difference: what it concerns, and a sentence."""

    about: str
    says: str


Rule = Callable[[Ours, Theirs], Reason | None]


def explain(ours: Ours, theirs: Theirs) -> list[Reason]:
    """Return every cause that applies, in the order of the table."""
    found = (rule(ours, theirs) for rule in RULES)
    return [reason for reason in found if reason is not None]


def differs(ours: float, theirs: float) -> bool:
    """Return whether two figures are too far apart to pass without a word."""
    return abs(ours - theirs) > SAME * max(abs(ours), abs(theirs))


def cpu_scope(ours: Ours, theirs: Theirs) -> Reason | None:
    """They charge the whole machine; we charge the job its share."""
    return _scope("cpu", ours, theirs, by="its part of the CPU time")


def gpu_scope(ours: Ours, theirs: Theirs) -> Reason | None:
    """They charge every GPU in full; we charge the share of the job's processes."""
    return _scope("gpu", ours, theirs, by="its part of the GPU's work")


def _scope(kind: str, ours: Ours, theirs: Theirs, *, by: str) -> Reason | None:
    part = ours.parts.get(kind)
    if part is None or part.share > WHOLE or not theirs.of(kind):
        return None
    return Reason(
        about=KINDS[kind],
        says=f"codecarbon charges the whole machine to the command. greenops counts "
        f"{energy(part.machine_j)} for the machine and charges the command {by}: "
        f"{100 * part.share:.0f} %.",
    )


def cpu_method(ours: Ours, theirs: Theirs) -> Reason | None:
    """The same machine, measured or modelled in another way."""
    part = ours.parts.get("cpu")
    if part is None or not differs(part.machine_j, theirs.cpu_j):
        return None
    how = _their_cpu_method(theirs)
    return Reason(
        about="CPU",
        says=f"codecarbon {how}. greenops used {_named(part.sources)}: "
        f"{energy(part.machine_j)} for the machine against {energy(theirs.cpu_j)}.",
    )


def _their_cpu_method(theirs: Theirs) -> str:
    if theirs.cpu_mode == "intel_rapl":
        return "reads RAPL's package counters"
    watts = f"{_their_tdp(theirs)} {theirs.cpu_tdp_w:g} W"
    if theirs.cpu_mode == "cpu_load":
        return f"models {watts} times (0.1 + 0.9 x load cubed) for all cores together"
    if theirs.cpu_mode == "constant":
        return f"takes half of {watts}, whatever the load"
    return f"measures by '{theirs.cpu_mode or 'an unknown method'}'"


def _their_tdp(theirs: Theirs) -> str:
    if theirs.cpu_tdp_generic:
        return "its fallback of"
    if theirs.cpu_tdp_w == THEIR_FALLBACK_W_PER_THREAD * theirs.cpu_threads:
        return f"its fallback of {THEIR_FALLBACK_W_PER_THREAD} W per thread, together"
    return "a TDP of"


def dram_method(ours: Ours, theirs: Theirs) -> Reason | None:
    """A constant by guessed memory slots, against a counter or a model by size."""
    if not theirs.dram_j or not theirs.duration_s:
        return None
    watts = figure(theirs.dram_j / theirs.duration_s)
    part = ours.parts.get("dram")
    if part is None:
        here = "greenops has no memory figure here"
    elif differs(part.energy_j, theirs.dram_j):
        here = (
            f"greenops used {_named(part.sources)} and charges the command "
            f"{100 * part.share:.0f} % of {energy(part.machine_j)}"
        )
    else:
        return None
    return Reason(
        about="memory",
        says=f"codecarbon adds a constant {watts} W: 5 W for each memory module it "
        f"guesses from the machine's total. {here}.",
    )


def gpu_method(ours: Ours, theirs: Theirs) -> Reason | None:
    """One of the two sees no GPU, or they disagree about the same one."""
    part = ours.parts.get("gpu")
    if part is None:
        if not theirs.gpu_j:
            return None
        says = "codecarbon read a GPU that greenops could not; see `greenops doctor`."
    elif not theirs.gpu_j:
        says = f"codecarbon counted no GPU; greenops used {_named(part.sources)}."
    elif differs(part.machine_j, theirs.gpu_j):
        says = (
            f"greenops used {_named(part.sources)}: {energy(part.machine_j)} for all "
            f"GPUs against {energy(theirs.gpu_j)}. codecarbon takes the difference of "
            f"the energy counter over the longer time it runs."
        )
    else:
        return None
    return Reason(about="GPU", says=says)


def longer(ours: Ours, theirs: Theirs) -> Reason | None:
    """Their tracker starts before the command and stops after it."""
    extra_s = theirs.duration_s - ours.duration_s
    if extra_s <= SAME * ours.duration_s:
        return None
    power_w = theirs.total_j / theirs.duration_s
    return Reason(
        about="time",
        says=f"codecarbon ran {figure(extra_s)} s longer than the command, as it is "
        f"started before and stopped after it: about {energy(power_w * extra_s)} of "
        "its total.",
    )


def intensity(ours: Ours, theirs: Theirs) -> Reason | None:
    """Another zone, year or method behind the grams per kWh."""
    mine, other = ours.intensity_g_per_kwh, theirs.intensity_g_per_kwh
    if mine is None or other is None or not differs(mine, other):
        return None
    return Reason(
        about="intensity",
        says=f"greenops: {ours.intensity_source}. codecarbon: "
        f"{theirs.place or 'no place given, so its world average'}, from its own mix "
        "of sources.",
    )


def pue(ours: Ours, theirs: Theirs) -> Reason | None:
    """Overhead of the building: in our emissions, in their energy."""
    mine = ours.pue or 1.0
    if not differs(mine, theirs.pue):
        return None
    return Reason(
        about="emissions",
        says=f"greenops multiplies by a PUE of {mine:g} for cooling and power supply, "
        f"codecarbon by {theirs.pue:g}.",
    )


def embodied(ours: Ours, theirs: Theirs) -> Reason | None:
    """The share of making the hardware."""
    del theirs
    if not ours.embodied_g:
        return None
    return Reason(
        about="embodied",
        says=f"greenops also states {mass(ours.embodied_g)} for making the hardware, "
        "spread over its life; codecarbon has no such figure.",
    )


def bounds(ours: Ours, theirs: Theirs) -> Reason | None:
    """Whether their total is a value our own uncertainty allows."""
    allows = ours.low_j <= theirs.total_j <= ours.high_j
    place = "within" if allows else "outside"
    return Reason(
        about="total",
        says=f"codecarbon's {energy(theirs.total_j)} lie {place} the 95 % bounds "
        f"greenops states, {energy(ours.low_j)} to {energy(ours.high_j)}; codecarbon "
        "states no bounds.",
    )


def network(ours: Ours, theirs: Theirs) -> Reason | None:
    """What it would have asked the network for, had it been let."""
    del ours
    if not theirs.refused:
        return None
    return Reason(
        about="network",
        says=f"codecarbon tried to open {len(theirs.refused)} connections and was "
        f"refused; the first: {theirs.refused[0]}.",
    )


def _named(sources: Iterable[str]) -> str:
    words = {
        "nvml_counter": "the GPU's energy counter",
        "nvml_power": "the GPU's power readings, integrated",
        "rapl": "RAPL's counters",
        "perf": "RAPL's counters through perf",
        "model": "its load model",
    }
    return " and ".join(words.get(source, source) for source in sources)


RULES: tuple[Rule, ...] = (
    cpu_scope,
    cpu_method,
    gpu_scope,
    gpu_method,
    dram_method,
    longer,
    bounds,
    intensity,
    pue,
    embodied,
    network,
)
