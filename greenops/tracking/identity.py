"""Who and what a run is: its id, its host and user, its process."""

import getpass
import os
import socket
import sys
import time
from pathlib import Path

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads like something else


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


def user_name() -> str:
    """Return the name of the account this process acts as, or its number, `uid N`.

    By what the kernel says: LOGNAME and USER hold whatever somebody has set, and stay
    as they were through `su` and `sudo`.
    """
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # no entry in the password database (containers)
        return f"uid {os.geteuid()}"


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
