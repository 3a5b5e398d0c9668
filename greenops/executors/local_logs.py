"""Rotation of a log that a job keeps open and appends to.

The job writes to the file itself, not to a pipe of ours: it must never wait for its
runner, nor die with it. So the file cannot be renamed away; its beginning is copied to
`output.log.1` and cut off. Where the file system can take a range out of a file
(ext4, XFS) nothing that is appended meanwhile is lost. Elsewhere the file is emptied
once the copy has caught up with it; what is written within that moment goes missing.

Source: fallocate(2), FALLOC_FL_COLLAPSE_RANGE.
"""

import contextlib
import os
from pathlib import Path

from greenops.units import BYTES_PER_MIB

COLLAPSE_RANGE = 0x08
CHUNK = 1 << 20


def rotate(path: Path, *, limit_mib: float, kept: int) -> bool:
    """Rotate a log that has reached its limit; return whether it did.

    Args:
        path: The log. `path.1` is the newest of those before it, `path.<kept>` the
            oldest.
        limit_mib: Size of it in MiB at which it is due.
        kept: How many old ones stay, 0 or more.

    Raises:
        OSError: the disk took no copy; the log itself is as it was.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_APPEND)
    except FileNotFoundError:
        return False
    try:
        if os.fstat(fd).st_size < limit_mib * BYTES_PER_MIB:
            return False
        _shift(path, kept)
        _cut(fd, _old(path, 1) if kept else None)
    finally:
        os.close(fd)
    return True


def _old(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _shift(path: Path, kept: int) -> None:
    """Move every old log one further; the oldest gives its space to the newest."""
    _old(path, max(kept, 1)).unlink(missing_ok=True)
    for number in range(kept - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            _old(path, number).rename(_old(path, number + 1))


def _cut(fd: int, copy: Path | None) -> None:
    block = os.fstatvfs(fd).f_bsize
    whole = (os.fstat(fd).st_size - 1) // block * block  # never up to its very end
    out = _create(copy) if copy else os.open(os.devnull, os.O_WRONLY)
    try:
        _append(fd, out, 0, whole)
        if not _collapse(fd, whole):
            done = whole
            while (size := os.fstat(fd).st_size) > done:
                _append(fd, out, done, size)
                done = size
            os.ftruncate(fd, 0)
    except OSError:
        if copy:
            copy.unlink(missing_ok=True)
        raise
    finally:
        os.close(out)


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def _append(fd: int, out: int, start: int, stop: int) -> None:
    while start < stop:
        chunk = os.pread(fd, min(CHUNK, stop - start), start)
        if not chunk:
            return
        start += len(chunk)
        while chunk:
            chunk = chunk[os.write(out, chunk) :]


def _collapse(fd: int, length: int) -> bool:
    """Take the first `length` bytes out of a file; return whether that is possible."""
    if length <= 0:
        return False
    import ctypes  # dear for a runner whose log stays short

    try:
        fallocate = ctypes.CDLL(None, use_errno=True).fallocate64
    except (OSError, AttributeError):
        return False
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return int(fallocate(fd, COLLAPSE_RANGE, 0, length)) == 0
