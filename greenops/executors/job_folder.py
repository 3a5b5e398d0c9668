"""A job's own folder: its environment, its log, where its checkpoints go.

The environment lies there as the kernel has it, `NAME=value` with a NUL behind each:
values may hold anything else. The file is for its owner alone.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from greenops.errors import ExecutorRefusedError
from greenops.executors.private_files import executor_error, private_folder

ENVIRONMENT = "environment"
LOG = "output.log"
CHECKPOINTS = "checkpoints"
PAUSED = "paused"
"""Beside the checkpoints: the program ended to be run again, as exit status 75 says.

For launchers that make exit status 1 of whatever their processes end with.
"""
MAX_ENVIRONMENT_BYTES = 2 << 20


def write_environment(folder: Path, environ: Mapping[bytes, bytes]) -> None:
    """Keep the environment a job was submitted in, for its attempts.

    Raises:
        ExecutorError: the folder is not this user's alone, or cannot be written.
    """
    private_folder(folder)
    text = b"".join(b"%s=%s\0" % pair for pair in environ.items())
    beside = folder / f".{ENVIRONMENT}.{os.getpid()}"
    try:
        fd = os.open(
            beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600
        )
        with os.fdopen(fd, "wb") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(folder / ENVIRONMENT)
    except OSError as e:
        beside.unlink(missing_ok=True)
        raise executor_error(e, f"cannot write {folder / ENVIRONMENT}") from e


def read_environment(folder: Path) -> dict[bytes, bytes] | None:
    """Return the environment of a job; None: none was kept.

    Raises:
        ExecutorRefusedError: others may read it, or have written it.
    """
    path = folder / ENVIRONMENT
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as e:
        raise executor_error(e, f"cannot read {path}") from e
    with os.fdopen(fd, "rb") as stream:
        found = os.fstat(stream.fileno())
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise ExecutorRefusedError(f"{path} is not this user's alone: chmod 600 it")
        if not stat.S_ISREG(found.st_mode):
            raise ExecutorRefusedError(f"{path} is no file")
        pairs = stream.read(MAX_ENVIRONMENT_BYTES).split(b"\0")
    split = (pair.partition(b"=") for pair in pairs)
    return {name: value for name, equals, value in split if name and equals}


def open_log(folder: Path) -> int:
    """Open a job's log to be appended to; return its descriptor, not inherited.

    Raises:
        ExecutorError: it cannot be opened, or is not this user's alone.
    """
    path = private_folder(folder) / LOG
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        fd = os.open(path, flags, 0o600)
    except OSError as e:
        raise executor_error(e, f"cannot open the log {path}") from e
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(fd)
        raise ExecutorRefusedError(
            f"{path} is not a file of this user's own; remove it"
        )
    return fd
