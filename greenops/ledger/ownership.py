"""Whether a ledger is this user's alone: a daemon runs what it finds in one."""

import os
import stat
import sys
from pathlib import Path

from greenops.ledger.place import is_ours


def why_not_ours(path: Path) -> str:
    """Return why nobody should run what a ledger holds; empty: it is ours alone.

    Whoever may write to it, or put another file in its place, would have commands run
    with the rights of this process. A ledger that is not there yet is ours to make.

    Args:
        path: Its file.
    """
    if sys.platform == "win32":
        return ""
    for place, hint in ((path, "chmod 600"), (path.parent, "chmod 700")):
        try:
            found = place.stat()
        except FileNotFoundError:
            continue
        except OSError as e:
            return f"{place} cannot be looked at: {e.strerror or e}"
        if why := _whose(place, found, hint):
            return why
    return ""


def _whose(place: Path, found: os.stat_result, hint: str) -> str:
    root_keeps_it = found.st_uid == 0 and stat.S_ISDIR(found.st_mode)
    if not is_ours(found) and not root_keeps_it:
        return (
            f"{place} belongs to another user (uid {found.st_uid}), whose jobs would"
            f" run as uid {os.geteuid()}: start the daemon as that user, or name a"
            " ledger of your own by ledger.path"
        )
    # In a folder like /tmp nobody can move away what is not theirs.
    shared = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
    if shared:
        return (
            f"others may write to {place}, and so have commands run as uid"
            f" {os.geteuid()}; look at what is in it, then: {hint} {place}"
        )
    return ""
