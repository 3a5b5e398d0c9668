"""Run a command that sees simulated GPUs: `python -m tests.nvml_sim -- COMMAND`."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.nvml_sim.driver import SimulatedNvml
from tests.nvml_sim.profile import Profile, constant, square


def main() -> int:
    """Return the command's exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.nvml_sim")
    parser.add_argument("--gpus", type=int, default=1)
    parser.add_argument("--update", type=float, default=0.1, metavar="S")
    parser.add_argument("--power", type=float, default=300.0, metavar="W")
    parser.add_argument("--low", type=float, default=60.0, metavar="W")
    parser.add_argument("--period", type=float, metavar="S", help="a square wave")
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    profile: Profile = (
        square(asked.power, asked.low, asked.period)
        if asked.period
        else constant(asked.power)
    )
    with tempfile.TemporaryDirectory() as folder:
        nvml = SimulatedNvml(Path(folder), gpus=asked.gpus, update_s=asked.update)
        start_s = nvml.now_s()
        for gpu in nvml.gpus:
            gpu.power(profile, epoch_s=start_s)
            gpu.state.utilization_percent = 90
        done = subprocess.run(asked.command, env=nvml.environment(), check=False)
        true_j = sum(g.energy_j(start_s, nvml.now_s()) for g in nvml.gpus)
    print(f"simulated GPUs used {true_j:.1f} J", file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
