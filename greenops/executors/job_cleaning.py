"""Takes down what is kept of jobs, and never anything beside it.

What a job put into its folder may be a link to anywhere, or a folder that something
else is mounted on. Links are removed and never followed; a folder with a mount in it
stays.
"""

import logging
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from greenops.executors.job_folder import ENVIRONMENT

log = logging.getLogger(__name__)

COMMAND = "command"
"""The exact command of a job, where it holds what looks like a secret."""
JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
GONE = ".gone-"
MOUNTS = Path("/proc/self/mountinfo")


def kept_jobs(folder: Path) -> Iterator[str]:
    """Yield the ids of the jobs that have a folder of their own in `folder`."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if JOB_ID.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                    yield entry.name
    except FileNotFoundError:
        return


def forget_secrets(folder: Path) -> bool:
    """Remove what only running a job needs; return whether any was there.

    Args:
        folder: Of the job, which has ended.

    Raises:
        OSError: it cannot be removed.
    """
    found = False
    try:
        # By its descriptor: what the path leads to may be changed meanwhile.
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        for name in (ENVIRONMENT, COMMAND):
            try:
                os.unlink(name, dir_fd=fd)
                found = True
            except FileNotFoundError:
                continue
    finally:
        os.close(fd)
    return found


def remove_job(folder: Path, job_id: str, *, mounts: Path = MOUNTS) -> bool:
    """Remove the folder of a job with all that is in it; return whether it is gone.

    Args:
        folder: Of all jobs.
        job_id: Of one that has ended.
        mounts: What is mounted where, as the kernel tells it.

    Raises:
        OSError: a part of it cannot be removed; the rest may be gone.
    """
    doomed = folder / job_id
    if not JOB_ID.fullmatch(job_id) or not _is_ours(doomed):
        return False
    if mount := _mounted_below(doomed, mounts):
        log.warning("%s stays: something is mounted on %s", doomed, mount)
        return False
    # Renamed first, so that what is cut off here is taken for no job any more.
    gone = folder / f"{GONE}{job_id}-{os.urandom(4).hex()}"
    doomed.rename(gone)
    shutil.rmtree(gone)
    return True


def remove_remains(folder: Path, *, mounts: Path = MOUNTS) -> None:
    """Remove what is left of removals that were cut off.

    Raises:
        OSError: a part of it cannot be removed.
    """
    for gone in sorted(folder.glob(f"{GONE}*")):
        if _is_ours(gone) and not _mounted_below(gone, mounts):
            shutil.rmtree(gone)


def _is_ours(folder: Path) -> bool:
    """Return whether this is a real folder of this user's, and no link to one."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _mounted_below(folder: Path, mounts: Path) -> str:
    """Return where something is mounted on or below a folder; empty: nowhere.

    Source: proc_pid_mountinfo(5), field 5, with octal escapes.
    """
    real = os.path.realpath(folder)
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:  # no Linux: nobody mounts anything there
        return ""
    for line in lines.splitlines():
        point = _unescaped(line.split(" ")[4])
        if point == real or point.startswith(f"{real}/"):
            return point
    return ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
