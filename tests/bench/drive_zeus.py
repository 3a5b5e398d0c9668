"""Run a command under zeus's own API; executed by the Python zeus is installed in."""

import subprocess
import sys

from zeus.monitor import ZeusMonitor  # type: ignore[import-not-found]

monitor = ZeusMonitor()
monitor.begin_window("job")
code = subprocess.call(sys.argv[1:])
print(monitor.end_window("job"))
sys.exit(code)
