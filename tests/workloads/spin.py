"""Burn a given amount of CPU time on one core: `spin.py SECONDS`.

The end is set by the process's own CPU clock, so every run costs the same CPU time
however busy the machine is, and what a tracker adds stands out.
"""

import sys
import time


def spin(cpu_s: float) -> None:
    """Compute until this process has used `cpu_s` of CPU time."""
    state = 1
    while time.process_time() < cpu_s:
        for _ in range(20_000):
            state = (state * 1_103_515_245 + 12_345) & 0x7FFFFFFF


if __name__ == "__main__":
    spin(float(sys.argv[1]))
