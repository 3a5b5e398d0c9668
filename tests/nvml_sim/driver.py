"""Steering the simulated library while other code reads it."""

import ctypes
import math
import mmap
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.nvml_sim.library import LIBRARY_NAME, STATE_NAME, build
from tests.nvml_sim.profile import Profile, constant
from tests.nvml_sim.state import LAYOUT, MAGIC, MAX_GPUS, MAX_SEGMENTS, Gpu, State

SUCCESS = 0
UNINITIALIZED, INVALID_ARGUMENT, NOT_SUPPORTED, NO_PERMISSION = 1, 2, 3, 4
NOT_FOUND, DRIVER_NOT_LOADED, TIMEOUT, FUNCTION_NOT_FOUND = 6, 9, 10, 13
GPU_IS_LOST, LIB_RM_VERSION_MISMATCH, UNKNOWN = 15, 18, 999

PASCAL = 4
"""NVML_DEVICE_ARCH_PASCAL."""
GIB = 1 << 30


class SimulatedGpu:
    """One board of a simulated machine."""

    def __init__(self, nvml: "SimulatedNvml", index: int) -> None:
        self._nvml = nvml
        self._history: list[tuple[float, Profile]] = []
        self.index = index
        self.state: Gpu = nvml.state.gpus[index]

    @property
    def uuid(self) -> str:
        """Such as `GPU-00000001-...`."""
        return bytes(self.state.uuid).decode()

    @property
    def device_id(self) -> str:
        """As greenops names it."""
        return f"gpu:{self.uuid}"

    def power(self, profile: Profile, *, epoch_s: float | None = None) -> float:
        """Change the power from `epoch_s` (now) on; return that moment.

        The counter goes on where it stands. An epoch in the future keeps the power
        at the profile's `before_w` until then.
        """
        epoch_s = self._nvml.now_s() if epoch_s is None else epoch_s
        segments = profile.segments
        if len(segments) > MAX_SEGMENTS:
            raise ValueError(f"more than {MAX_SEGMENTS} segments")
        counter_j = self.counter_j(epoch_s) if self._history else None
        with self._nvml.writing():
            gpu = self.state
            if counter_j is not None:
                gpu.counter_at_epoch_j = counter_j
            gpu.epoch_s = epoch_s
            gpu.before_w, gpu.after_w = profile.before_w, profile.after_w
            gpu.cycle_s = profile.cycle_s if profile.repeat else 0.0
            gpu.cycle_j = profile.cycle_j
            gpu.segment_count = len(segments)
            starts = profile.starts()
            for slot, part, start in zip(gpu.segments, segments, starts, strict=False):
                slot.duration_s, slot.watts0, slot.watts1 = part
                slot.start_s, slot.energy_j = start
        self._history.append((epoch_s, profile))
        return epoch_s

    def energy_j(self, start_s: float, stop_s: float) -> float:
        """Return the true energy over `[start_s, stop_s)` in J, whatever was read."""
        total_j = 0.0
        for n, (epoch_s, profile) in enumerate(self._history):
            last = n + 1 == len(self._history)
            until_s = math.inf if last else self._history[n + 1][0]
            low_s = max(start_s, -math.inf if n == 0 else epoch_s)
            high_s = min(stop_s, until_s)
            if high_s > low_s:
                total_j += profile.energy_j(high_s - epoch_s)
                total_j -= profile.energy_j(low_s - epoch_s)
        return total_j

    def counter_j(self, at_s: float) -> float:
        """Return what a counter that is renewed all the time would say at `at_s`."""
        epoch_s, profile = self._history[-1]
        return float(self.state.counter_at_epoch_j + profile.energy_j(at_s - epoch_s))

    def run(
        self,
        sm_percents: Mapping[int, int],
        *,
        graphics: bool = False,
        ended: bool = False,
        gi: int = 0,
    ) -> None:
        """Let these processes, and no others, run: process id to SM utilisation.

        Args:
            sm_percents: What each uses, 0 to 100.
            graphics: They draw, rather than compute.
            ended: They are gone, but the driver still has a sample of them.
            gi: The MIG GPU instance they run on.
        """
        kind = 3 if ended else int(graphics)
        with self._nvml.writing():
            self.state.process_count = len(sm_percents)
            for slot, (pid, percent) in zip(
                self.state.processes, sm_percents.items(), strict=False
            ):
                slot.pid, slot.sm_percent, slot.kind = pid, percent, kind
                slot.memory_bytes, slot.gpu_instance, slot.compute_instance = GIB, gi, 0

    def partition(self, slices: list[int]) -> list[str]:
        """Enable MIG with instances of so many compute slices; return their ids."""
        with self._nvml.writing():
            self.state.mig_mode, self.state.mig_count = 1, len(slices)
            for n, (slot, size) in enumerate(zip(self.state.mig, slices, strict=False)):
                slot.uuid = f"MIG-{self.index:08x}-0000-4000-8000-{n:012x}".encode()
                slot.gpu_instance, slot.compute_instance = n + 1, 0
                slot.slices, slot.multiprocessors = size, 16 * size
                slot.memory_mb = 10240 * size
        return [bytes(m.uuid).decode() for m in self.state.mig[: len(slices)]]

    def unplug(self) -> None:
        """Take the board out: its handle is lost, the device count drops."""
        self.state.present = 0

    def plug(self) -> None:
        """Put it back."""
        self.state.present = 1


class SimulatedNvml:
    """A machine with simulated NVIDIA GPUs, seen by whoever loads its library.

    Times are seconds of `clock_id` (CLOCK_MONOTONIC: `time.monotonic()`).

    Args:
        folder: Where the library and its state file lie.
        gpus: How many, 1 to 16.
        library: One built before, to be copied; None: build it.
        update_s: Period after which counter and power are renewed.
        clock_id: CLOCK_MONOTONIC or CLOCK_BOOTTIME.
    """

    def __init__(
        self,
        folder: Path,
        *,
        gpus: int = 1,
        library: Path | None = None,
        update_s: float = 0.1,
        clock_id: int = time.CLOCK_MONOTONIC,
    ) -> None:
        if not 1 <= gpus <= MAX_GPUS:
            raise ValueError(f"{gpus} GPUs: between 1 and {MAX_GPUS} can be simulated")
        folder.mkdir(parents=True, exist_ok=True)
        self.library = folder / LIBRARY_NAME
        if library is None:
            build(folder)
        elif library != self.library:
            shutil.copy(library, self.library)
        self.state_file = folder / STATE_NAME
        self.clock_id = clock_id
        self._map = self._create_state()
        self.state = State.from_buffer(self._map)
        self.state.clock_id = clock_id
        self.state.driver_version, self.state.cuda_version = b"580.95.05", 13000
        self.state.driver_generation = 1
        self.gpus = [SimulatedGpu(self, n) for n in range(gpus)]
        self.state.gpu_count = gpus
        for n, gpu in enumerate(self.gpus):
            self._equip(gpu.state, n, update_s)
            gpu.power(constant(100.0))
        self.state.magic = MAGIC

    def _create_state(self) -> mmap.mmap:
        fd = os.open(self.state_file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.ftruncate(fd, ctypes.sizeof(State))
            return mmap.mmap(fd, ctypes.sizeof(State))
        finally:
            os.close(fd)

    @staticmethod
    def _equip(gpu: Gpu, n: int, update_s: float) -> None:
        """Make it a Hopper board: counter, instant power, plain power averaged."""
        gpu.uuid = f"GPU-{n + 1:08x}-5e1f-4a2b-9c3d-{n:012x}".encode()
        gpu.name = b"NVIDIA H200"
        gpu.present, gpu.architecture = 1, 9
        gpu.capability_major, gpu.capability_minor = 9, 0
        gpu.counter_update_s = gpu.power_update_s = update_s
        # Boards do not tick together.
        gpu.update_phase_s = update_s * ((n * 0.37) % 1.0)
        gpu.plain_window_s, gpu.average_window_s, gpu.instant_window_s = 1.0, 1.0, 0.0
        gpu.counter_at_epoch_j = 123_456.789 + n
        gpu.limit_mw = gpu.max_limit_mw = 700_000
        gpu.memory_total_bytes, gpu.memory_used_bytes = 141 * GIB, 2 * GIB
        gpu.temperature_c, gpu.utilization_percent = 45, 0

    def now_s(self) -> float:
        """Return the machine's clock in s."""
        return time.clock_gettime(self.clock_id)

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return an environment whose processes load this library as NVML."""
        environment = dict(os.environ if base is None else base)
        before = environment.get("LD_LIBRARY_PATH")
        folder = str(self.library.parent)
        environment["LD_LIBRARY_PATH"] = f"{folder}:{before}" if before else folder
        return environment

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep readers waiting while several fields change together."""
        self.state.sequence += 1
        try:
            yield
        finally:
            self.state.sequence += 1

    def fail(
        self,
        function: str,
        code: int,
        *,
        gpu: int = -1,
        after_s: float = 0.0,
        for_s: float = math.inf,
        times: int = -1,
    ) -> None:
        """Let calls of `function` ("*": any; "field:186": that field) answer `code`.

        Args:
            function: Unversioned name, such as `nvmlDeviceGetPowerUsage`.
            code: An NVML return code.
            gpu: On this board only; -1: everywhere.
            after_s: From so many seconds from now on.
            for_s: For so long.
            times: For so many calls only; -1: for ever.
        """
        self._rule(function, code=code, gpu=gpu, times=times, span=(after_s, for_s))

    def show_moments_only(self, gpu: int = -1) -> None:
        """Turn one board, or all, into a Pascal: power of the moment, nothing else."""
        for function in ("TotalEnergyConsumption", "FieldValues"):
            self.fail(f"nvmlDeviceGet{function}", NOT_SUPPORTED, gpu=gpu)
        with self.writing():
            for board in self.gpus if gpu < 0 else [self.gpus[gpu]]:
                board.state.architecture, board.state.plain_window_s = PASCAL, 0.0

    def slow(self, function: str, latency_s: float, *, gpu: int = -1) -> None:
        """Let calls of `function` take that much longer, without using the CPU."""
        self._rule(function, latency_s=latency_s, gpu=gpu)

    def _rule(
        self,
        function: str,
        *,
        code: int = SUCCESS,
        latency_s: float = 0.0,
        gpu: int = -1,
        times: int = -1,
        span: tuple[float, float] = (-math.inf, math.inf),
    ) -> None:
        with self.writing():
            rule = self.state.rules[self.state.rule_count]
            rule.function = function.encode()
            rule.code, rule.latency_s, rule.gpu, rule.remaining = (
                code,
                latency_s,
                gpu,
                times,
            )
            rule.from_s = self.now_s() + span[0]
            rule.until_s = rule.from_s + span[1] if span[0] > -math.inf else math.inf
            self.state.rule_count += 1

    def heal(self) -> None:
        """Forget every failure and every delay."""
        with self.writing():
            self.state.rule_count = 0

    def reload_driver(self, *, down_for_s: float = 0.0) -> None:
        """Reload the kernel driver: handles are stale, the counters start at zero."""
        if down_for_s > 0:
            self.fail("nvmlInit", DRIVER_NOT_LOADED, for_s=down_for_s)
        with self.writing():
            self.state.driver_generation += 1
            for gpu in self.gpus:
                gpu.state.counter_at_epoch_j -= gpu.counter_j(self.now_s())

    def calls(self, function: str) -> int:
        """Return how often a function was called, by all processes together."""
        name = function.encode()
        return sum(int(f.calls) for f in self.state.functions if f.name == name)

    def check_layout(self) -> None:
        """Compare the Python and the C view of the state file.

        Raises:
            RuntimeError: they differ.
        """
        library = ctypes.CDLL(str(self.library))
        library.sim_layout.restype = ctypes.c_size_t
        found = tuple(library.sim_layout(n) for n in range(len(LAYOUT)))
        if found != LAYOUT:
            raise RuntimeError(f"state.py says {LAYOUT}, nvml_sim.h says {found}")
