"""Commands that hold what looks like a secret, kept in the job's own folder (0600)."""

import json
import os
import re
from pathlib import Path

from greenops.errors import JobChangedError, LedgerError, LedgerUnavailableError
from greenops.ledger.place import is_ours, private_dir

COMMAND_FILE = "command"
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class SealedCommands:
    """The exact commands of jobs, each in `<folder>/<job_id>/command`.

    Args:
        folder: Of all jobs; made 0700 when the first command is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, job_id: str, argv: tuple[str, ...]) -> None:
        """Write a command down, on the disk before this returns.

        Raises:
            JobChangedError: another one is kept under this id.
            LedgerUnavailableError: it cannot be written there.
        """
        text = json.dumps(argv).encode("ascii")
        try:
            folder = private_dir(private_dir(self._folder) / job_id)
            _write_whole(folder / COMMAND_FILE, text)
        except OSError as e:
            raise LedgerUnavailableError(
                f"the command of job {job_id} holds what looks like a secret, and"
                f" cannot be kept beside the ledger in {self._folder}: {e}"
            ) from e

    def command(self, job_id: str) -> tuple[str, ...]:
        """Return the exact command of a job.

        Raises:
            LedgerError: it is not there, not this user's, or no command.
        """
        path = self._folder / job_id / COMMAND_FILE
        try:
            return _argv(_read_ours(path))
        except (OSError, ValueError) as e:
            raise LedgerError(
                f"the command of job {job_id} was kept in {path}, which cannot be read"
                f" ({e}): cancel it, and submit it again"
            ) from e


def checked_id(job_id: str) -> str:
    """Return an id that names a folder and nothing outside of it.

    Raises:
        ValueError: it could.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise ValueError(
            f"{job_id[:150]!r} is no id of a job: letters, digits, dots, dashes and"
            " underscores, at most 128, the first one a letter or a digit"
        )
    return job_id


def _argv(content: bytes) -> tuple[str, ...]:
    argv = json.loads(content)
    if not isinstance(argv, list) or not argv or not all(map(_is_text, argv)):
        raise ValueError("it holds no command")
    return tuple(argv)


def _is_text(arg: object) -> bool:
    return isinstance(arg, str)


def _read_ours(path: Path) -> bytes:
    with path.open("rb") as file:
        if not is_ours(os.fstat(file.fileno())):
            raise PermissionError("it belongs to another user")
        return file.read()


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there as a whole or not at all, also after a power loss."""
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}.new")
    fd = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with open(fd, "wb") as file:  # noqa: PTH123 - of a descriptor, not of a path
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, path, content)
        _sync_folder(path.parent)
        _sync_folder(path.parent.parent)
    finally:
        draft.unlink(missing_ok=True)


def _publish(draft: Path, path: Path, content: bytes) -> None:
    """Link the draft into place; what is there already must be the same.

    Raises:
        JobChangedError: it is something else.
    """
    try:
        path.hardlink_to(draft)
    except OSError as e:
        if not path.exists():  # a file system without hard links
            draft.rename(path)
        elif path.read_bytes() != content:
            raise JobChangedError(f"there is a job already, of {path}") from e


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
