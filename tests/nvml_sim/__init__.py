"""A simulated `libnvidia-ml.so.1` and the driver by which tests steer it live."""

from tests.nvml_sim.binding import bound
from tests.nvml_sim.driver import SimulatedGpu, SimulatedNvml
from tests.nvml_sim.library import build
from tests.nvml_sim.profile import Profile, constant, noise, ramp, square, steps

__all__ = [
    "Profile",
    "SimulatedGpu",
    "SimulatedNvml",
    "bound",
    "build",
    "constant",
    "noise",
    "ramp",
    "square",
    "steps",
]
