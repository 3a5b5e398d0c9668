"""Who and what a run is: its id, its command without secrets, its host and user."""

import getpass
import os
import re
import socket
import time
from collections.abc import Sequence
from pathlib import Path

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads like something else
_SECRET = re.compile(
    r"pass(word|wd|phrase)?$|secret|token$|api[-_]?key|credential|auth$|private[-_]?key",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"(://[^/:@\s]+:)[^@/\s]+(@)")
MASK = "***"


def new_run_id(epoch_s: float) -> str:
    """Return an id that sorts by time (UTC) and is unique on any number of machines.

    Six random characters of 31 within one second: a hundred runs that start at once
    collide with a probability of 6e-6.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(epoch_s))
    random = int.from_bytes(os.urandom(8))
    letters = [
        _ALPHABET[random // len(_ALPHABET) ** i % len(_ALPHABET)] for i in range(6)
    ]
    return f"{stamp}-{''.join(letters)}"


def masked(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments with whatever looks like a secret replaced.

    Covers `--token X`, `--token=X`, `API_KEY=X` and passwords in URLs. It is a
    safety net, not a proof: secrets do not belong on a command line.
    """
    shown: list[str] = []
    hide_next = False
    for arg in argv:
        name, equals, _ = arg.partition("=")
        if hide_next and not arg.startswith("-"):
            shown.append(MASK)
        elif equals and _SECRET.search(name):
            shown.append(f"{name}={MASK}")
        else:
            shown.append(_URL_PASSWORD.sub(rf"\1{MASK}\2", arg))
        hide_next = arg.startswith("-") and not equals and bool(_SECRET.search(arg))
    return tuple(shown)


def user_name() -> str:
    """Return the login name, or the numeric id where none is known."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry in the password database (containers)
        return f"uid {os.getuid()}"


def host_name() -> str:
    """Return the name of this machine as it calls itself. No look-up is made."""
    return socket.gethostname()


def boot_id() -> str:
    """Return what tells this boot of the kernel from others; empty where unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def process_started_s(pid: int) -> float:
    """Return when the process started, in s since boot; 0 where unknown.

    With the pid it names a process for good: pids are used again.
    Source: proc_pid_stat(5), field 22.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0.0
    return int(text.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
