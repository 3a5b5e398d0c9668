"""Samples this node, as configured, until its standard input ends."""

import os
import sys
import threading
import time
from pathlib import Path

from greenops.config import load_config
from greenops.wire.node import open_node_sampler


def main():
    config = load_config(environ=os.environ, cwd=Path.cwd())
    sampler = open_node_sampler(config, at_s=time.monotonic(), epoch_s=time.time())
    ended = threading.Event()

    def wait_for_end():
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    sampler.tick(time.monotonic(), time.time())
    print("ready", flush=True)
    due_s = time.monotonic()
    while not ended.wait(max(0.0, due_s - time.monotonic())):
        sampler.tick(time.monotonic(), time.time())
        due_s += config.interval_s
    sampler.tick(time.monotonic(), time.time())
    sampler.close()
    print(*sampler.problems(), sep="\n")


if __name__ == "__main__":
    main()
