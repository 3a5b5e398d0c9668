"""The keys a configuration may hold: type, bounds and meaning of each.

One table serves the reader, its messages, `greenops config`, the file that
`greenops config init` writes and the test of the documentation.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_TEXT_CHARS = 1000
SIGNALS = "signals."
_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One configuration key.

    Attributes:
        name: As written in a file, dotted: `cpu.tdp_w`.
        field: The field of `Config` that holds it.
        check: Turns what a file or a variable holds into the value; raises
            ValueError with what would be right.
        example: A value in TOML, for messages and the written file.
        meaning: One line for people, with the unit.
    """

    name: str
    field: str
    check: Callable[[object, Path], object]
    example: str
    meaning: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "GREENOPS_" + self.name.replace(".", "_").upper()


def _number(
    low: float = -math.inf, high: float = math.inf, *, above: bool = False
) -> Callable[[object, Path], float]:
    """Check a finite number in `[low, high]`, or `(low, high]` with `above`."""
    if high < math.inf:
        wanted = f"a number from {low:g} to {high:g}"
    else:
        wanted = f"a number {'above' if above else 'of at least'} {low:g}"

    def check(given: object, _folder: Path) -> float:
        number = math.nan
        if isinstance(given, int | float | str) and not isinstance(given, bool):
            with suppress(ValueError, OverflowError):
                number = float(given)
        inside = low < number <= high if above else low <= number <= high
        if not inside or math.isinf(number):
            raise ValueError(f"must be {wanted}")
        return number

    return check


def _text(given: object, _folder: Path) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError("must be text that is not empty")
    if len(given) > MAX_TEXT_CHARS:
        raise ValueError(f"must be at most {MAX_TEXT_CHARS} characters long")
    return given.strip()


def _switch(given: object, _folder: Path) -> bool:
    switch = _WORDS.get(given.lower()) if isinstance(given, str) else given
    if not isinstance(switch, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - one error for all
    return switch


def _path(given: object, folder: Path) -> Path:
    try:
        return folder / Path(_text(given, folder)).expanduser()
    except RuntimeError as e:
        raise ValueError("names a home folder that does not exist") from e


def _names(given: object, _folder: Path) -> tuple[str, ...]:
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise ValueError("must be a list of names")
    return tuple(name.strip() for name in names if name.strip())


def _one_of(*words: str) -> Callable[[object, Path], str]:
    def check(given: object, _folder: Path) -> str:
        said = given
        if isinstance(given, bool):  # TOML spells a switch without quotes; people will
            said = "on" if given else "off"
        if not isinstance(said, str) or said.strip().lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return said.strip().lower()

    return check


def _tags(given: object, _folder: Path) -> dict[str, str]:
    if isinstance(given, str):
        pairs = [pair.partition("=") for pair in given.split(",") if pair.strip()]
        if not all(equals and key.strip() for key, equals, _ in pairs):
            raise ValueError("must be written as key=value,key=value")
        return {key.strip(): tag.strip() for key, _, tag in pairs}
    if not isinstance(given, Mapping):
        raise ValueError("must be a table")  # noqa: TRY004 - one error for all
    if any(isinstance(tag, Mapping | list) for tag in given.values()):
        raise ValueError("must hold plain values, no tables or lists")
    return {str(key): str(tag) for key, tag in given.items()}


def _key(  # one row of the table below
    name: str, check: Callable[[object, Path], object], example: str, meaning: str
) -> Key:
    return Key(
        name=name,
        field=name.replace(".", "_"),
        check=check,
        example=example,
        meaning=meaning,
    )


_KG = "kgCO2e to make"

KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        _key("zone", _text, '"DE"', "Grid zone; without it the world average is used"),
        _key(
            "pue",
            _number(1),
            "1.2",
            "Power usage effectiveness of the site, at least 1",
        ),
        _key(
            "interval_s",
            _number(0.05, 3600),
            "1.0",
            "Seconds between two readings, 0.05 to 3600",
        ),
        _key("project", _text, '"vision"', "Project the runs belong to"),
        _key("team", _text, '"perception"', "Team the runs belong to"),
        _key("quiet", _switch, "false", "No summary at the end of a run"),
        _key("tags", _tags, '{ stage = "pretrain" }', "Tags every run gets"),
        _key(
            "ledger.path",
            _path,
            '"~/runs/ledger.db"',
            "File that keeps the runs; relative to this file's folder",
        ),
        _key(
            "state.path",
            _path,
            '"~/greenops-state"',
            "Folder of submitted jobs: environments, logs, checkpoints, attempts",
        ),
        _key(
            "places.path",
            _path,
            '"~/places.toml"',
            "File of the places where the daemon may run jobs; without it this machine",
        ),
        _key(
            "daemon.forecast_every_s",
            _number(60, 86_400),
            "900.0",
            "Seconds between two forecasts that the daemon makes, 60 to 86400",
        ),
        _key(
            "daemon.sample_node",
            _switch,
            "true",
            "Whether the daemon samples this node: its devices and what runs on them",
        ),
        _key(
            "daemon.keep_days",
            _number(0, 36_500),
            "90.0",
            "Days after its end that a job keeps its log and checkpoints; 0: for ever",
        ),
        _key("sensors.disable", _names, '["dram_model"]', "Sensors never to be used"),
        _key(
            "cpu.tdp_w",
            _number(0, above=True),
            "125.0",
            "Thermal design power of one processor package in W, for the CPU model",
        ),
        _key(
            "cpu.calibration",
            _path,
            '"~/cpu.json"',
            "File written by `greenops calibrate`, for the CPU model",
        ),
        _key(
            "node.base_power_w",
            _number(0),
            "60.0",
            "Power of the rest of the node (fans, disks, board) in W",
        ),
        _key(
            "node.scan_s",
            _number(1, 60),
            "5.0",
            "Seconds between two looks of the daemon at the processes, 1 to 60",
        ),
        _key(
            "node.found_after_s",
            _number(0, 3600),
            "60.0",
            "Seconds a job must live for the daemon to make it a run, 0 to 3600",
        ),
        _key(
            "node.found_min_cpus",
            _number(0),
            "0.1",
            "CPUs such a job must use on the average, where it uses no GPU",
        ),
        _key(
            "footprint.lifetime_years",
            _number(0, above=True),
            "4.0",
            "Years over which the making of the hardware is spread",
        ),
        _key(
            "footprint.water_l_per_kwh",
            _number(0),
            "1.8",
            "Litres of water per kWh; without it water is left out",
        ),
        _key("footprint.embodied", _switch, "true", "Count the making of the hardware"),
        _key("footprint.equivalents", _switch, "true", "Say what a run compares to"),
        _key("footprint.embodied_kg.gpu", _number(0), "150.0", f"{_KG} one GPU"),
        _key("footprint.embodied_kg.cpu", _number(0), "20.0", f"{_KG} one processor"),
        _key("footprint.embodied_kg.dram", _number(0), "100.0", f"{_KG} all memory"),
        _key("footprint.embodied_kg.node", _number(0), "300.0", f"{_KG} the rest"),
        _key(
            "location.cloud",
            _one_of("auto", "on", "off"),
            '"auto"',
            "Whether a cloud's metadata service may be asked for the region",
        ),
        _key(
            "signals.order",
            _names,
            '["hourly_model", "annual"]',
            "Carbon signals asked in turn: the first that answers counts",
        ),
        _key(
            "signals.marginal_order",
            _names,
            '["watttime"]',
            "The same for marginal intensities",
        ),
        _key(
            "signals.cache_path",
            _path,
            '"~/.cache/greenops/signals"',
            "Folder that keeps the last answers of networked signals",
        ),
        _key(
            "signals.wait_s",
            _number(0, 300),
            "2.0",
            "Seconds the end of a job may wait for the network, 0 to 300",
        ),
        _key(
            "attribution.cgroup",
            _switch,
            "true",
            "Run the job in a cgroup of its own where that is allowed",
        ),
    )
}


def signal_named(name: str) -> str:
    """Return `csv` of `signals.csv`; nothing of what names no signal's table."""
    last = name.removeprefix(SIGNALS) if name.startswith(SIGNALS) else ""
    return "" if "." in last or name in KEYS else last
