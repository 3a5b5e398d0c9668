"""Reads a TOML file that somebody wrote, within bounds, and waits for no pipe."""

import os
import stat
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenops.jobspec.complaints import Complaints, Spot
from greenops.jobspec.lines import Lines
from greenops.jobspec.tables import Table

LARGEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds: a tree of tables, and where each of them stands."""

    file: str
    tree: Mapping[str, Any]
    lines: Lines
    complaints: Complaints

    def spot(self, *path: str | int) -> Spot:
        """Return the table that `path` leads to, for complaints about it."""
        return Spot(self.complaints, self.file, self.lines, path)

    def tables(self, name: str, model: type[Table]) -> list[dict[str, Any]]:
        """Return the tables `[[name]]`; a lone `[name]` is one of one.

        Args:
            name: Of the tables.
            model: What one of them may hold, to say where a stray key belongs.
        """
        found = self.tree.get(name)
        found = [found] if isinstance(found, dict) else found
        if not isinstance(found, list) or not found:
            self.spot().complain(f"there is no table [[{name}]] in it")
            return []
        good = [table for table in found if isinstance(table, dict)]
        if len(good) < len(found):
            self.spot(name).complain(f"{name} must be tables, each under [[{name}]]")
        for key in self.tree.keys() & model.model_fields.keys() - {name}:
            self.spot(key).complain(f"{key} belongs below [[{name}]]")
        return good


def read_file(path: Path, complaints: Complaints) -> Written | None:
    """Return what a file holds; None: it cannot be read, as a complaint says."""
    try:
        text = _text(path)
        return Written(str(path), tomllib.loads(text), Lines(text), complaints)
    except OSError as e:
        complaints.add(f"{path}: cannot be read: {e.strerror or e}")
    except UnicodeDecodeError as e:
        complaints.add(f"{path}: not UTF-8 text: {e}")
    except (ValueError, RecursionError) as e:
        complaints.add(f"{path}: not valid TOML: {e}")
    return None


def named(tables: Collection[Mapping[str, Any]]) -> list[str]:
    """Return the names of tables, of those too that are wrong in other ways."""
    names = [table.get("name") for table in tables]
    return [name.strip() for name in names if isinstance(name, str)]


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that are there more than once, sorted."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _text(path: Path) -> str:
    # Not to wait for whoever may write into a pipe; a file takes no notice of it.
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(fd, "rb") as stream:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError("not a file; write it into one")
        raw = stream.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise OSError(f"larger than {LARGEST_BYTES >> 20} MiB; no such file is")
    return raw.decode("utf-8-sig")
