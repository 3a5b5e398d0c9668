"""Alternate load and rest: `steps.py PERIOD_S CYCLES [DUTY]`.

Each period burns DUTY (0.5) of its length on one core and sleeps for the rest, like
a training that waits for its data. Prints the CPU seconds used.
"""

import sys
import time


def main() -> None:
    """Run the cycles against the wall clock, so that errors do not add up."""
    period_s, cycles = float(sys.argv[1]), int(sys.argv[2])
    duty = float(sys.argv[3]) if len(sys.argv) > 3 else 0.5
    started_s = time.monotonic()
    for cycle in range(cycles):
        begin_s = started_s + cycle * period_s
        while time.monotonic() < begin_s + duty * period_s:
            pass
        time.sleep(max(0.0, begin_s + period_s - time.monotonic()))
    print(f"{time.process_time():.3f}")


if __name__ == "__main__":
    main()
