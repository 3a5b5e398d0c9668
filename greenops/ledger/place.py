"""Where the ledger and its spool lie."""

import os
import stat
import sys
from pathlib import Path

NETWORK_FILE_SYSTEMS = (
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs",
    "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs",
)  # fmt: skip
"""Types in the mount table that several hosts may write to at once."""
MOUNTS = Path("/proc/self/mounts")


def default_path() -> Path:
    """Return `$XDG_DATA_HOME/greenops/ledger.db`, or what the platform has for it."""
    return _folder("data") / "ledger.db"


def default_state() -> Path:
    """Return `$XDG_STATE_HOME/greenops`, or what the platform has for it."""
    return _folder("state")


def default_spool_dirs() -> tuple[Path, ...]:
    """Return where records wait while the ledger cannot be written, best place first.

    The first lies in the user's state folder, the second in `$TMPDIR`.
    """
    temporary = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - see private_dir
    if sys.platform == "win32":
        return (_folder("state") / "spool",)
    return (_folder("state") / "spool", temporary / f"greenops-spool-{os.getuid()}")


def private_dir(path: Path) -> Path:
    """Make `path` for this user alone, and return it.

    In a folder that everybody writes to, another user may have put something there
    first: only a real folder of our own that nobody else may write is taken.

    Raises:
        OSError: it cannot be made, or is not ours alone.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{path} is not a folder (a link is not followed)")
    if not is_ours(found):
        raise PermissionError(f"{path} belongs to another user")
    if sys.platform != "win32" and stat.S_IMODE(found.st_mode) & 0o077:
        path.chmod(0o700)
    return path


def is_ours(found: os.stat_result) -> bool:
    """Return whether what was found belongs to this user."""
    return sys.platform == "win32" or found.st_uid == os.geteuid()


def is_network_folder(folder: Path, *, mounts: Path = MOUNTS) -> bool:
    """Return whether `folder` lies on a file system that other hosts may share."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    inside = str(folder.resolve()) + "/"
    best, best_type = "", ""
    for line in lines:
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ").rstrip("/") + "/"
        if inside.startswith(point) and len(point) >= len(best):
            best, best_type = point, fields[2]
    return best_type in NETWORK_FILE_SYSTEMS


def _folder(kind: str) -> Path:
    if sys.platform in ("win32", "darwin"):
        import platformdirs

        if kind == "data":
            return Path(platformdirs.user_data_dir("greenops", appauthor=False))
        return Path(platformdirs.user_state_dir("greenops", appauthor=False))
    variable, below = {
        "data": ("XDG_DATA_HOME", ".local/share"),
        "state": ("XDG_STATE_HOME", ".local/state"),
    }[kind]
    configured = os.environ.get(variable, "")
    # The specification says that a relative path there is to be ignored.
    if configured.startswith("/"):
        return Path(configured) / "greenops"
    try:
        return Path.home() / below / "greenops"
    except RuntimeError:  # a container that runs as a user it has never heard of
        return Path("/tmp") / f"greenops-{os.getuid()}"  # noqa: S108 - named by user id
