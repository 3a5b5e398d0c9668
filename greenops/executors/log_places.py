"""Places in a job's log, and where in it each of its attempts begins.

Rotations take the beginning out of a log, so an offset alone soon tells nothing. A
place is an offset and what was the newest old file, `NAME.1`, when it was right
(`docs/decisions/0198-*`). A runner notes where its attempt begins before it starts it.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

Mark = tuple[int, int, int]
BEGINS = "attempts-begin"
"""The notes, beside the log."""
MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class LogPlace:
    """A place in a log.

    Attributes:
        mark: Of the newest old file when `at` was right; None: there was none.
        at: Bytes of the log itself that came before.
    """

    mark: Mark | None
    at: int


def mark_of(path: Path) -> Mark | None:
    """Return what tells an old file from others under the same name; None: missing."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def newest_mark(log: Path) -> Mark | None:
    """Return the mark of the newest old file of a log."""
    return mark_of(log.with_name(f"{log.name}.1"))


def note_beginning(log: Path, attempt_id: str) -> None:
    """Note that an attempt begins at the end of a log, which nobody writes to now.

    Raises:
        OSError: it cannot be written.
    """
    at = log.stat().st_size if log.exists() else 0
    line = json.dumps([attempt_id, newest_mark(log), at]) + "\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    fd = os.open(log.with_name(BEGINS), flags, 0o600)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


def beginnings(log: Path) -> dict[str, LogPlace]:
    """Return where attempts begin, by their ids, in order; damaged lines left out.

    Raises:
        OSError: the notes cannot be read.
    """
    try:
        fd = os.open(log.with_name(BEGINS), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return {}
    with os.fdopen(fd, "rb") as stream:
        lines = stream.read(MOST_BYTES).splitlines()
    found: dict[str, LogPlace] = {}
    for line in lines:
        try:
            attempt_id, mark, at = json.loads(line)
            place = LogPlace(None if mark is None else _mark(*mark), int(at))
        except (ValueError, TypeError):  # cut off by a full disk
            continue
        found.setdefault(str(attempt_id), place)
    return found


def _mark(inode: int, changed_ns: int, size: int) -> Mark:
    return int(inode), int(changed_ns), int(size)
