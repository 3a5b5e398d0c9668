"""A runner of attempts that measures nothing, and may kill itself at its n-th line.

Starts in a third of the time of the real one, so that faults can be tried by the
hundred. `bare_runner.py [--kill-at N] FOLDER`
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from greenops.executors.local_runner import (
    HowItEnded,
    NotStartedError,
    run_attempt,
)


class BareCommand:
    run_id: str | None = None

    def __init__(self, order, environ):
        try:
            self._process = subprocess.Popen(order.argv, env=environ)
        except FileNotFoundError as e:
            raise NotStartedError(f"{order.argv[0]}: command not found", 127) from e
        self.pid = self._process.pid

    def wait(self):
        code = self._process.wait()
        return HowItEnded(code, None) if code >= 0 else HowItEnded(None, -code)

    def conclude(self):
        return False


def dying_at(number):
    """Return a trace function that kills this process at its n-th line of executors.

    A line counts when it is reached for the first time.
    """
    reached = set()

    def trace(frame, event, _arg):
        if "greenops/executors/" not in frame.f_code.co_filename:
            return None
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
            if len(reached) >= number:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


if __name__ == "__main__":
    if sys.argv[1] == "--kill-at":
        sys.settrace(dying_at(int(sys.argv[2])))
    run_attempt(Path(sys.argv[-1]), BareCommand)
