"""A daemon whose clock is ahead by so many seconds: `run_daemon.py SECONDS`."""

import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenops.config import load_config
from greenops.wire.agent import Daemon


def main():
    ahead = timedelta(seconds=float(sys.argv[1]))
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = load_config(environ=os.environ, cwd=Path.cwd())
    Daemon(config, wall=lambda: datetime.now(UTC) + ahead).run(stop, lambda: None)


if __name__ == "__main__":
    main()
