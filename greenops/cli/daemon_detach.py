"""Starts the daemon in the background, and waits until it is there."""

import os
import subprocess
import sys
import time
from pathlib import Path

from greenops.agent.heartbeat import read
from greenops.cli.daemon import log_file
from greenops.cli.store import at_home, ledger_path
from greenops.config import Config
from greenops.errors import GreenopsError
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.place import private_dir

PATIENCE_S = 30.0
LAST_CHARS = 2000
COMMAND = (sys.executable, "-P", "-m", "greenops", "daemon")


def start_detached(config: Config) -> str:
    """Start a daemon in a session of its own; return a sentence about it.

    Raises:
        GreenopsError: it does not start; has the end of its log.
    """
    path = log_file(config)
    seat = DaemonSeat(ledger_path(config))
    if seat.held():
        return "a daemon works on this ledger already; see `greenops daemon status`"
    private_dir(path.parent)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    fd = os.open(path, flags, 0o600)
    with os.fdopen(fd, "ab") as log:
        began = log.seek(0, os.SEEK_END)
        child = subprocess.Popen(  # noqa: S603 - ourselves
            COMMAND,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        beat = read(seat.said())
        if beat is not None and beat.pid == child.pid:
            # It outlives us: nobody is to wait for it when this process ends.
            child.returncode = 0
            return f"the daemon runs as process {child.pid}; it logs to {at_home(path)}"
        if child.poll() is not None:
            raise GreenopsError(f"the daemon did not start:\n{_end_of(path, began)}")
        time.sleep(0.05)
    raise GreenopsError(
        f"the daemon (process {child.pid}) has not said anything for {PATIENCE_S:g} s;"
        f" see {at_home(path)}"
    )


def _end_of(path: Path, began: int) -> str:
    with path.open("rb") as log:
        log.seek(began)
        return log.read().decode(errors="replace")[-LAST_CHARS:].strip()
