"""Run a command under eco2ai's own API; executed by the Python it is installed in."""

import subprocess
import sys

from eco2ai import Tracker  # type: ignore[import-not-found]

tracker = Tracker(
    project_name="bench",
    experiment_description="job",
    file_name="eco2ai.csv",
    measure_period=1,
    alpha_2_code="DE",  # otherwise it asks an address service where it is
    cpu_processes="all",
    ignore_warnings=True,
)
tracker.start()
code = subprocess.call(sys.argv[1:])
tracker.stop()
sys.exit(code)
