"""Start many short children one after another: `forks.py COUNT MILLISECONDS`.

Each burns its CPU time and is gone before a sampler that looks once a second could
see it. Prints the CPU seconds of all children as the kernel counted them.
"""

import os
import sys
import time


def burn(cpu_s: float) -> None:
    """Compute until `cpu_s` of this process's CPU time has passed."""
    stop_s = time.process_time() + cpu_s
    while time.process_time() < stop_s:
        pass


def main() -> None:
    """Fork, burn, wait; print the children's CPU seconds."""
    count, cpu_s = int(sys.argv[1]), float(sys.argv[2]) / 1e3
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            burn(cpu_s)
            os._exit(0)
        os.waitpid(pid, 0)
    used = os.times()
    print(f"{used.children_user + used.children_system:.3f}")


if __name__ == "__main__":
    main()
