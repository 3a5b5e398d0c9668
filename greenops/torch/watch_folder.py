"""Where the processes of one run leave what they count of their training.

A folder in memory (tmpfs) where there is one: a count is a store into a mapped file,
and a full or failing disk must not reach the job. Imported before the job starts: keep
it small.
"""

import os
from collections.abc import Mapping
from contextlib import suppress

VARIABLE = b"GREENOPS_WATCH"
PATH = b"PYTHONPATH"
PREFIX = "greenops-watch-"
SHIM = os.path.join(os.path.dirname(__file__), "shim")


class WatchFolder:
    """A new folder, 0700, named after this process.

    Raises:
        OSError: there is no place for one.
    """

    def __init__(self) -> None:
        name = f"{PREFIX}{os.getpid()}-{os.urandom(6).hex()}"
        self.path = ""
        refused: OSError | None = None
        for place in _places():
            path = os.path.join(place, name)
            try:
                os.mkdir(path, 0o700)
            except OSError as e:
                refused = e
                continue
            self.path = path
            return
        raise refused or FileNotFoundError("no place for a folder")

    def environment(self, environ: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """Return the job's environment, with what lets its Pythons find the shim."""
        shim = os.fsencode(SHIM)
        old = environ.get(PATH)
        # An empty variable counts as none; after our entry it would be an empty entry,
        # which is the working folder.
        path = shim + os.pathsep.encode() + old if old else shim
        return {**environ, PATH: path, VARIABLE: os.fsencode(self.path)}

    def remove(self) -> None:
        """Remove the folder. What is mapped lives on in those who have it mapped."""
        _remove(self.path)


def remove_stale() -> None:
    """Remove the folders of processes of ours that are gone. Never raises."""
    for place in _places():
        with suppress(OSError):
            names = os.listdir(place)
            for name in names:
                if name.startswith(PREFIX) and _is_stale(name):
                    _remove(os.path.join(place, name))


def _places() -> list[str]:
    places = [os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"]  # noqa: S108
    places.append(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108
    return [p for p in dict.fromkeys(places) if os.path.isabs(p)]


def _is_stale(name: str) -> bool:
    pid = name.removeprefix(PREFIX).partition("-")[0]
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _remove(path: str) -> None:
    with suppress(OSError):
        if os.lstat(path).st_uid != os.getuid():
            return
        for name in os.listdir(path):
            with suppress(OSError):
                os.unlink(os.path.join(path, name))
        os.rmdir(path)
