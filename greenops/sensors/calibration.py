"""Keeps the power curve fitted to this machine's processor."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from greenops.energy.cpu_power import CpuCurve

LAYOUT = 1
FILE = "cpu-calibration.json"
MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A fitted curve, the processor it belongs to, and how it was made."""

    cpu: str
    curve: CpuCurve
    meter: str
    cross_mape_pct: float
    points: int
    made_at: str


def calibration_path() -> Path:
    """Return where this user's calibration is kept."""
    from platformdirs import user_config_path

    return user_config_path("greenops", appauthor=False) / FILE


def save_calibration(calibration: Calibration, path: Path | None = None) -> Path:
    """Write the calibration, readable by its owner only, in one step. Return where.

    Raises:
        OSError: it cannot be written.
    """
    path = path or calibration_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as f:
        json.dump({"layout": LAYOUT, **asdict(calibration)}, f, indent=2)
        f.write("\n")
    partial.replace(path)
    return path


def load_calibration(
    cpu: str, threads: int, path: Path | None = None
) -> Calibration | None:
    """Return the stored calibration if it fits this processor, else None.

    A file that is missing, damaged, of another layout or of another processor is no
    calibration: the uncalibrated model takes over. Never raises.
    """
    try:
        found = _parse(json.loads(_text(path or calibration_path())))
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None
    except RecursionError:  # nested a thousand deep: none of ours
        return None
    same = found.cpu == cpu and found.curve.threads == threads
    return found if same else None


def _text(path: Path) -> str:
    """Return what a calibration may hold, at most.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no file, such as a pipe that would be waited for, or too long.
    """
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise ValueError(f"no calibration: {path}")
    return path.read_text(encoding="utf-8")


def _parse(stored: dict[str, Any]) -> Calibration:
    if stored["layout"] != LAYOUT:
        raise ValueError(f"layout {stored['layout']}")
    numbers = stored["curve"]
    if not all(n is None or type(n) in (int, float) for n in numbers.values()):
        raise TypeError(f"a curve is made of numbers: {numbers}")
    rest = {k: v for k, v in stored.items() if k not in ("layout", "curve")}
    return Calibration(curve=CpuCurve(**numbers), **rest)
