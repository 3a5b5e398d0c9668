"""Files and folders for this user alone, written whole or not at all."""

import contextlib
import errno
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenops.errors import ExecutorBusyError, ExecutorError, ExecutorRefusedError

PASSING = {
    errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
    errno.EAGAIN, errno.EINTR, errno.EIO, errno.ETIMEDOUT, errno.ESTALE,
}  # fmt: skip
"""What may be over the next time; all else stays until a person changes something."""
MAX_BYTES = 4 << 20


def private_folder(path: Path) -> Path:
    """Make `path` for this user alone where it is missing, and return it.

    Raises:
        ExecutorRefusedError: it is a link or no folder, belongs to somebody else, or
            others may write to it; or it cannot be made here.
        ExecutorBusyError: it cannot be made now.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as e:
        raise executor_error(e, f"cannot make the folder {path}") from e
    if not stat.S_ISDIR(found.st_mode):
        raise ExecutorRefusedError(f"{path} is no folder (a link is not followed)")
    if found.st_uid != os.geteuid():
        raise ExecutorRefusedError(
            f"{path} belongs to another user; name a folder of your own"
        )
    if found.st_mode & 0o022:
        raise ExecutorRefusedError(
            f"others may write to {path}; look at what is in it, then: chmod 700 {path}"
        )
    if found.st_mode & 0o077:
        with contextlib.suppress(OSError):
            path.chmod(0o700)
    return path


def write_new(path: Path, record: Mapping[str, object], *, durable: bool) -> bool:
    """Write a file that must not exist yet; return False where it does.

    Of several that try, one succeeds. Nobody ever sees a part of it.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    beside = _written_beside(path, record, durable=durable)
    try:
        os.link(beside, path)  # unlike a rename, it fails where there is one
    except FileExistsError:
        return False
    finally:
        beside.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)
    return True


def write_over(path: Path, record: Mapping[str, object], *, durable: bool) -> None:
    """Write a file in the place of what it held before, if anything.

    Raises:
        OSError: it cannot be written; what was there before still is.
    """
    beside = _written_beside(path, record, durable=durable)
    try:
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def read(path: Path) -> dict[str, Any] | None:
    """Return what a file holds; None: there is none; empty: it is damaged.

    Raises:
        OSError: it is there, and cannot be read now.
    """
    try:
        with path.open("rb") as stream:
            record = json.loads(stream.read(MAX_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def sync_folder(path: Path) -> None:
    """Make what was named in a folder outlive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def executor_error(error: OSError, what: str) -> ExecutorError:
    """Return the error for a failed system call, told apart by what helps."""
    said = f"{what}: {error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ExecutorBusyError(f"{said}; free some space there")
    if error.errno in PASSING:
        return ExecutorBusyError(said)
    if error.errno == errno.EROFS:
        return ExecutorRefusedError(f"{said}; set `state.path` to a folder to write to")
    return ExecutorRefusedError(said)


def _written_beside(path: Path, record: Mapping[str, object], *, durable: bool) -> Path:
    text = json.dumps(record, ensure_ascii=True).encode() + b"\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        fd = os.open(
            beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600
        )
        try:
            _write_all(fd, text)
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _write_all(fd: int, text: bytes) -> None:
    while text:  # a nearly full disk takes a part
        text = text[os.write(fd, text) :]
