"""What the user has configured: files, environment and options, in that order.

Nothing is parsed where there is nothing to parse: `greenops wrap` reads its
configuration before every job, so the modules for it load only when a file exists.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from greenops.config_keys import KEYS, SIGNALS, Key, signal_named
from greenops.errors import ConfigError

SYSTEM_FILE = Path("/etc/greenops/config.toml")
PROJECT_FILE_NAME = "greenops.toml"
MAX_FILE_BYTES = 1 << 20
PREFIX = "GREENOPS_"
FILE_VARIABLE = "GREENOPS_CONFIG"
DEFAULT = "default"
TOLD_TO_JOBS = {
    "GREENOPS_ATTEMPT",
    "GREENOPS_CHECKPOINT_DIR",
    "GREENOPS_JOB_ID",
    "GREENOPS_RESUME",
}
"""What a submitted job finds in its environment: no settings, misspelt or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting, with its unit; None where nothing was configured.

    `signal_tables` holds each table `[signals.NAME]`, for the signal of that name.
    `origins` says for each key that is not at its default where it came from.
    """

    zone: str | None = None
    pue: float | None = None
    interval_s: float = 1.0
    project: str | None = None
    team: str | None = None
    quiet: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    ledger_path: Path | None = None
    state_path: Path | None = None
    places_path: Path | None = None
    daemon_forecast_every_s: float = 900.0
    daemon_sample_node: bool = True
    daemon_keep_days: float = 90.0
    sensors_disable: tuple[str, ...] = ()
    cpu_tdp_w: float | None = None
    cpu_calibration: Path | None = None
    node_base_power_w: float | None = None
    node_scan_s: float = 5.0
    node_found_after_s: float = 60.0
    node_found_min_cpus: float = 0.1
    footprint_lifetime_years: float | None = None
    footprint_embodied_kg_gpu: float | None = None
    footprint_embodied_kg_cpu: float | None = None
    footprint_embodied_kg_dram: float | None = None
    footprint_embodied_kg_node: float | None = None
    footprint_water_l_per_kwh: float | None = None
    footprint_embodied: bool = True
    footprint_equivalents: bool = True
    location_cloud: str = "auto"
    signals_order: tuple[str, ...] = ("hourly_model", "annual")
    signals_marginal_order: tuple[str, ...] = ()
    signals_cache_path: Path | None = None
    signals_wait_s: float = 2.0
    signal_tables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    attribution_cgroup: bool = True
    origins: Mapping[str, str] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        """Return where the key `name` (dotted) got its value from."""
        return self.origins.get(name, DEFAULT)

    def with_options(self, options: Mapping[str, object]) -> "Config":
        """Return this configuration with command-line options laid over it.

        Args:
            options: Key names (dotted) to what the user gave; None was not given.

        Raises:
            ConfigError: a value is out of bounds; the message names the option.
        """
        given = [
            Setting(name, value, f"--{name.removesuffix('_s')}", Path())
            for name, value in options.items()
            if value is not None
        ]
        config, complaints = _apply(self, given)
        if complaints:
            raise ConfigError("\n".join(complaints))
        return config


@dataclass(frozen=True, slots=True)
class Setting:
    """One value somebody wrote somewhere, not yet checked.

    `found` is true of a file that lay about in a project, which may be a stranger's.
    """

    name: str
    value: object
    origin: str
    folder: Path
    found: bool = False


def load_config(
    *, environ: Mapping[str, str], cwd: Path, file: Path | None = None
) -> Config:
    """Return the configuration in force.

    Args:
        environ: Environment variables.
        cwd: Where the search for a project's `greenops.toml` starts.
        file: Read in place of the file that `GREENOPS_CONFIG` names.

    Raises:
        ConfigError: something in it is wrong; every complaint is listed.
    """
    config, complaints = load_config_leniently(environ=environ, cwd=cwd, file=file)
    if complaints:
        raise ConfigError("\n".join(complaints))
    return config


def load_config_leniently(
    *, environ: Mapping[str, str], cwd: Path, file: Path | None = None
) -> tuple[Config, list[str]]:
    """Return what can be used of the configuration, and a complaint per fault.

    A job must not fail to start because its accountant's file has a typing error.
    """
    settings: list[Setting] = []
    complaints: list[str] = []
    lies_about = _project_file(cwd, environ)
    for path in config_files(environ=environ, cwd=cwd, file=file):
        _read_file(path, settings, complaints, found=path == lies_about)
    _read_environment(environ, cwd, settings, complaints)
    config, more = _apply(Config(), settings)
    return config, complaints + more


def config_files(
    *, environ: Mapping[str, str], cwd: Path, file: Path | None = None
) -> list[Path]:
    """Return the files in force, lowest first; the last may be missing."""
    user = user_file(environ)
    found = [path for path in (SYSTEM_FILE, user) if path and _is_file(path)]
    if project := _project_file(cwd, environ):
        found.append(project)
    named = file or environ.get(FILE_VARIABLE)
    if named:
        found.append(cwd / named)
    return found


def working_folder() -> Path:
    """Return the working folder, or the root where it has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/")


def user_file(environ: Mapping[str, str]) -> Path | None:
    """Return the user's own file, there or not; None without a home."""
    base = environ.get("XDG_CONFIG_HOME") or ""
    if not os.path.isabs(base):  # noqa: PTH117 - the XDG rule: ignore relative ones
        home = _home(environ)
        if home is None:
            return None
        base = str(home / ".config")
    return Path(base) / "greenops" / "config.toml"


def _home(environ: Mapping[str, str]) -> Path | None:
    try:
        return Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    except RuntimeError:
        return None


def _project_file(cwd: Path, environ: Mapping[str, str]) -> Path | None:
    home = _home(environ)
    for folder in (cwd, *cwd.parents):
        candidate = folder / PROJECT_FILE_NAME
        if _is_file(candidate) and _trusted(candidate):
            return candidate
        if folder == home or _exists(folder / ".git"):
            return None
    return None


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises on EACCES


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises on EACCES


def _trusted(path: Path) -> bool:
    """Tell whether nobody else can have planted the file, as one can in /tmp."""
    if not hasattr(os, "getuid"):
        return True
    try:
        everybody_writes = path.parent.stat().st_mode & 0o002
        return not everybody_writes or path.stat().st_uid in (0, os.getuid())
    except OSError:
        return False


def _read_file(
    path: Path, settings: list[Setting], complaints: list[str], *, found: bool
) -> None:
    import tomllib

    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_FILE_BYTES).decode()
        tree = tomllib.loads(text)
    except OSError as e:
        complaints.append(f"{path}: cannot be read: {e.strerror or e}")
    except (ValueError, RecursionError) as e:
        complaints.append(f"{path}: not valid TOML: {e}")
    else:
        for name, value in _leaves(tree):
            where = f"{path}{_line_of(name, text)}"
            settings.append(Setting(name, value, where, path.parent, found))


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for part, value in tree.items():
        name = f"{prefix}{part}"
        whole = name in KEYS or signal_named(name)
        if isinstance(value, dict) and not whole:
            yield from _leaves(value, f"{name}.")
        else:
            yield name, value


def _line_of(name: str, text: str) -> str:
    """Return `:7` for a key on line 7, or nothing where it cannot be told."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            table = header[1] + "."
        stated = re.match(r"\s*([\w.\"'-]+)\s*=", line)
        here = table + stated[1] if stated else table.rstrip(".")
        if here.replace('"', "").replace("'", "") == name and (stated or header):
            return f":{number}"
    return ""


def _read_environment(
    environ: Mapping[str, str],
    cwd: Path,
    settings: list[Setting],
    complaints: list[str],
) -> None:
    names = {key.variable: name for name, key in KEYS.items()}
    for variable in sorted(v for v in environ if v.startswith(PREFIX)):
        if variable in TOLD_TO_JOBS:
            continue
        if name := names.get(variable):
            if environ[variable]:
                settings.append(Setting(name, environ[variable], variable, cwd))
        elif near := _near(variable, names, cutoff=0.88):
            complaints.append(f"{variable}: no such variable{near}")


def _apply(base: Config, settings: list[Setting]) -> tuple[Config, list[str]]:
    values: dict[str, Any] = {}
    origins = dict(base.origins)
    complaints: list[str] = []
    tables = dict(base.signal_tables)
    for setting in settings:
        if isinstance(setting.value, dict) and signal_named(setting.name):
            _add_signal_table(setting, tables, origins, complaints)
            continue
        key = KEYS.get(setting.name)
        if key is None:
            near = _near(setting.name, KEYS) or "; `greenops config` lists all keys"
            complaints.append(f"{setting.origin}: unknown key '{setting.name}'{near}")
            continue
        try:
            value = key.check(setting.value, setting.folder)
        except ValueError as e:
            complaints.append(_misfit(key, setting, e))
            continue
        if isinstance(value, dict):  # tags add up; every other key is replaced
            value = {**values.get(key.field, base.tags), **value}
        values[key.field] = value
        origins[key.name] = setting.origin
    values["signal_tables"] = MappingProxyType(tables) if tables else {}
    return replace(base, **values, origins=MappingProxyType(origins)), complaints


def _add_signal_table(
    setting: Setting,
    tables: dict[str, Mapping[str, object]],
    origins: dict[str, str],
    complaints: list[str],
) -> None:
    """Lay one table `[signals.NAME]` over what other files said of that signal."""
    from greenops.config_signals import checked_settings

    name = signal_named(setting.name)
    good, bad = checked_settings(
        setting.value,  # type: ignore[arg-type]  # told apart by the caller
        setting.folder,
        found=setting.found,
    )
    complaints += [f"{setting.origin}: {setting.name}.{said}" for said in bad]
    tables[name] = MappingProxyType({**tables.get(name, {}), **good})
    origins |= {f"{SIGNALS}{name}.{key}": setting.origin for key in good}


def _misfit(key: Key, setting: Setting, error: ValueError) -> str:
    shown = repr(setting.value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    option = setting.origin.startswith("--")
    stated = f"{setting.origin} {shown}" if option else f"{key.name} = {shown}"
    where = "" if option else f"{setting.origin}: "
    return f"{where}{stated}: {error}, such as {key.example} ({key.meaning})"


def _near(name: str, known: Mapping[str, object], *, cutoff: float = 0.6) -> str:
    import difflib

    last = {key.rpartition(".")[2]: key for key in known}
    close = difflib.get_close_matches(name, known, n=3, cutoff=cutoff)
    close += [last[part] for part in difflib.get_close_matches(name, last, cutoff=0.8)]
    if not close:
        return ""
    return "; did you mean " + " or ".join(f"'{n}'" for n in dict.fromkeys(close)) + "?"


def settings_of(config: Config) -> list[tuple[Key, Any, str]]:
    """Return every key with its value in force and where that came from."""
    names = {f.name for f in fields(config)}
    return [
        (key, getattr(config, key.field), config.origin(key.name))
        for key in KEYS.values()
        if key.field in names
    ]


def signal_settings_of(config: Config) -> list[tuple[str, Any, str]]:
    """Return what stands in the tables of signals: name, value, where it came from."""
    names = {
        f"{SIGNALS}{signal}.{key}": value
        for signal, table in config.signal_tables.items()
        for key, value in table.items()
    }
    return [(name, value, config.origin(name)) for name, value in names.items()]
