"""Keeps answers and silences of one source on disk, for all processes of the user.

One file per zone, replaced as a whole: a reader sees the old or the new one, never
half of it, and a network file system needs no locks. Of two writers at once the later
one wins; the other's answer is asked for again. Nothing here raises: a cache that
cannot be read or written is an empty one.
"""

import json
import logging
import os
import re
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from greenops.errors import SignalBusyError, SignalError, SignalRefusedError
from greenops.signals.kept import Kept
from greenops.signals.kept_text import from_text, to_text
from greenops.signals.silence import PAUSE_S, pause_of
from greenops.units import S_PER_MINUTE

logger = logging.getLogger(__name__)

REFUSED_S = 3600.0
"""A refusal is asked about again after this: plans change without our being told."""
PAUSE_AT_MOST_S = 3600.0
MOST_TIMES = 10
MOST_BYTES = 8 << 20
MOST_FILES = 200
MOST_SILENCES = 500
_SILENCES = "silences.json"
_LATEST_S = 1e11
"""Epoch seconds beyond which a file is damaged."""


class AnswerStore:
    """The folder of one source."""

    def __init__(
        self,
        folder: Path,
        *,
        credential: Callable[[], str] = lambda: "",
        time_s: Callable[[], float] = time.time,
    ) -> None:
        """Keep answers under `folder`, which is made when there is something to keep.

        Args:
            folder: Of this source with these settings alone.
            credential: Changes when the user has set another credential; not the
                credential itself. A refusal holds only as long as it stays the same.
            time_s: Epoch seconds.
        """
        self._folder = folder
        self._credential = credential
        self._time_s = time_s

    def load(self, zone: str) -> Kept:
        """Return what is kept of a zone; nothing where nothing can be read."""
        path = self._path(zone)
        text = self._read(path)
        if text is None:
            return Kept()
        try:
            return from_text(text)
        except ValueError as e:
            logger.info("%s is damaged (%s); moved aside, begun anew", path, e)
            with suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
            return Kept()

    def save(self, zone: str, kept: Kept) -> None:
        """Keep this of a zone, in place of what was kept."""
        self._write(self._path(zone), to_text(kept))
        self._forget_oldest()

    def check(self, zone: str, reach: str) -> None:
        """Return if the source may be asked.

        Raises:
            SignalRefusedError: it refused, to this or another process.
            SignalBusyError: it is not yet time; says when.
        """
        silences = self._silences()
        for key in (f"{zone} {reach}", ""):
            silence = silences.get(key)
            if not isinstance(silence, dict):
                continue
            left_s = _seconds(silence.get("until")) - self._time_s()
            if not 0 < left_s <= _longest_s(silence):
                continue
            said = str(silence.get("said"))
            if silence.get("refused") is None:
                wait = f"; it is asked again in {_said(left_s)}"
                raise SignalBusyError(said + wait, retry_after_s=left_s)
            if silence.get("refused") == self._credential():
                raise SignalRefusedError(said)

    def heard(self, zone: str, reach: str, error: SignalError) -> None:
        """Remember what the source said in place of an answer, for all processes.

        A source that does not say for how long is left alone for a minute, then for
        twice as long each time, up to an hour: behind a firewall it never answers.
        """
        busy = isinstance(error, SignalBusyError)
        key = "" if busy else f"{zone} {reach}"
        silences = self._current(self._time_s() - PAUSE_AT_MOST_S)
        before = silences.pop(key, {})
        times = int(min(_seconds(before.get("times")), MOST_TIMES))
        pause_s, refused = min(PAUSE_S * 2.0**times, PAUSE_AT_MOST_S), None
        if isinstance(error, SignalRefusedError):
            pause_s, refused = REFUSED_S, self._credential()
        elif isinstance(error, SignalBusyError) and error.retry_after_s is not None:
            pause_s = pause_of(error)
        silences[key] = {
            "until": self._time_s() + pause_s,
            "refused": refused,
            "times": times + 1,
            "said": str(error)[:500],
        }
        self._write_silences(silences)

    def spoke(self, zone: str, reach: str) -> None:
        """Remember that the source answers again."""
        silences = self._current(0.0)
        answered = {"", f"{zone} {reach}"} & silences.keys()
        if answered:
            for key in answered:
                del silences[key]
            self._write_silences(silences)

    def _write_silences(self, silences: dict[str, dict[str, object]]) -> None:
        last = dict(list(silences.items())[-MOST_SILENCES:])
        self._write(self._folder / _SILENCES, json.dumps(last))

    def _current(self, since_s: float) -> dict[str, dict[str, object]]:
        """Return the silences that lasted until `since_s` or longer."""
        return {
            key: silence
            for key, silence in self._silences().items()
            if isinstance(silence, dict) and _seconds(silence.get("until")) > since_s
        }

    def _silences(self) -> dict[str, object]:
        text = self._read(self._folder / _SILENCES)
        try:
            found = json.loads(text or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _path(self, zone: str) -> Path:
        plain = re.sub(r"[^A-Za-z0-9-]", "_", zone)[:40]
        mark = "" if plain == zone else f"-{sha256(zone.encode()).hexdigest()[:8]}"
        return self._folder / f"zone-{plain}{mark}.json"

    def _read(self, path: Path) -> str | None:
        """Return the text of a file of this user; None: there is none.

        Without a home the folder lies in /tmp, where others may put theirs in our way.
        """
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            with os.fdopen(handle, "rb") as stream:
                about = os.fstat(handle)
                if not stat.S_ISREG(about.st_mode) or about.st_uid != _user():
                    return None
                data = stream.read(MOST_BYTES + 1)
        except OSError:
            return None
        return data[:MOST_BYTES].decode("utf-8", "replace")

    def _write(self, path: Path, text: str) -> None:
        beside = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(path)
        except OSError as e:  # a full disk, a read-only home: the next one asks again
            logger.debug("%s was not written: %s", path, e)
            with suppress(OSError):
                beside.unlink()

    def _forget_oldest(self) -> None:
        """Keep the number of files within bounds; temporary ones of the killed go."""
        with suppress(OSError):
            found = sorted(self._folder.iterdir(), key=_written_s)
            old_s = self._time_s() - PAUSE_S
            strays = [p for p in found if p.name[0] == "." and _written_s(p) < old_s]
            zones = [p for p in found if p.name.startswith("zone-")]
            for path in (*strays, *zones[:-MOST_FILES]):
                path.unlink(missing_ok=True)


def _said(wait_s: float) -> str:
    return f"{wait_s:.0f} s" if wait_s < 100.0 else f"{wait_s / S_PER_MINUTE:.0f} min"


def _longest_s(silence: dict[str, object]) -> float:
    """Return how long a silence can be: one that ends later is from another clock."""
    return 86_400.0 if silence.get("refused") is None else REFUSED_S


def _seconds(value: object) -> float:
    """Return a number of the file; 0: it is none, or none that time could have."""
    if isinstance(value, int | float) and 0.0 <= value <= _LATEST_S:
        return float(value)
    return 0.0


def _user() -> int:
    """Return who this process is; 0, as files then say, where users have no number."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def _written_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
