"""Keep an idle tree of processes for a while: `tree.py PROCESSES SECONDS`.

Processes are forked from one parent in groups of ten, each group under its own
leader, so that the tree is two levels deep. All end with the parent.
"""

import ctypes
import os
import signal
import sys
import time

GROUP = 10
PR_SET_PDEATHSIG = 1


def fork_idle(group: int) -> None:
    """Fork one leader with `group - 1` idle children of its own."""
    if os.fork():
        return
    die_with_parent()
    for _ in range(group - 1):
        if os.fork() == 0:
            die_with_parent()
            break
    signal.pause()


def die_with_parent() -> None:
    """Have the kernel end this process when its parent goes."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Build the tree, say so, wait."""
    left, stay_s = int(sys.argv[1]) - 1, float(sys.argv[2])
    while left > 0:
        fork_idle(min(GROUP, left))
        left -= GROUP
    print("ready", flush=True)
    time.sleep(stay_s)


if __name__ == "__main__":
    main()
