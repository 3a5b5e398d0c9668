"""Checks on a real NVIDIA GPU: `pytest -m hardware tests/hardware/test_gpu.py -s`.

They compare with NVML read directly, and print what this board supports and costs as
Markdown. Without a board, or without torch for those that need a load, they skip.
"""

import subprocess
import sys
import time
from itertools import pairwise
from statistics import median

import pytest

from greenops.energy.cut import cut_off
from greenops.energy.meter import DeviceMeter
from greenops.errors import SensorUnavailableError
from greenops.sensors.nvml import NvmlSensor

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(300)]

LOAD = """
import sys, time, torch
duration_s, on_s, off_s = map(float, sys.argv[1:4])
a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
b = a @ a
torch.cuda.synchronize()
print("ready", flush=True)
sys.stdin.readline()
end_s = time.monotonic() + duration_s
while time.monotonic() < end_s:
    until_s = min(time.monotonic() + on_s, end_s)
    while time.monotonic() < until_s:
        for _ in range(4):
            b = a @ a
        torch.cuda.synchronize()
    time.sleep(max(min(off_s, end_s - time.monotonic()), 0))
"""


@pytest.fixture
def sensor():
    try:
        sensor = NvmlSensor()
    except SensorUnavailableError as e:
        pytest.skip(f"no real GPU: {e}")
    yield sensor
    sensor.close()


@pytest.fixture
def handle(sensor):
    """NVML's own handle of the first board."""
    import pynvml

    uuid = sensor.devices()[0].device_id.removeprefix("gpu:")
    return pynvml.nvmlDeviceGetHandleByUUID(uuid.encode())


class Load:
    """A process that multiplies bf16 matrices on the first GPU, on and off."""

    def __init__(self, duration_s, on_s=1e9, off_s=0.0):
        self.process = subprocess.Popen(
            [sys.executable, "-c", LOAD, str(duration_s), str(on_s), str(off_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._go = self.process.stdin
        assert self.process.stdout.readline() == "ready\n"

    def start(self):
        self._go.write("go\n")
        self._go.flush()

    def wait(self):
        self.process.communicate()
        assert self.process.returncode == 0


@pytest.fixture
def loads(sensor):  # noqa: ARG001 - skips where there is no GPU
    """Make loads, and end those that a failed test leaves behind."""
    probe = "import torch; assert torch.cuda.is_available()"
    found = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, check=False
    )
    if found.returncode:
        pytest.skip("a load needs torch with CUDA")
    made = []

    def make(*args, **options):
        made.append(Load(*args, **options))
        return made[-1]

    yield make
    for load in made:
        load.process.kill()
        load.process.communicate()


def counter_at_renewal(handle):
    """Return NVML's counter in J right after it was renewed, and when that was."""
    import pynvml

    first = pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    while (value := pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) == first:
        pass
    return value / 1000, time.monotonic()


def measure(sensor, run, *, interval_s=1.0):
    """Return energy in J, start and stop of what `run` starts and then waits for."""
    start_s = time.monotonic()
    meter = DeviceMeter(sensor.devices()[0], start_s=start_s, interval_s=interval_s)
    intervals = [meter.advance(sensor.settle(time.monotonic)[0], time.monotonic())]
    waiting = run()
    while waiting():
        time.sleep(interval_s)
        at_s = time.monotonic()
        intervals.append(meter.advance(sensor.read(at_s)[0], at_s))
    stop_s = time.monotonic()
    reading = sensor.settle(time.monotonic)[0]
    last = meter.advance(reading, time.monotonic())
    if last is not None and last.stop_s > stop_s:
        last = cut_off(last, stop_s, power_w=reading.power_w)
    intervals += [last, meter.finish(stop_s)]
    energy_j = sum(i.energy_j for i in intervals if i is not None)
    return energy_j, start_s, stop_s


def against_counter(sensor, handle, run):
    """Return our energy and the counter's own over the same span, both in J."""
    before_j, before_s = counter_at_renewal(handle)
    energy_j, start_s, stop_s = measure(sensor, run)
    after_j, after_s = counter_at_renewal(handle)
    direct_w = (after_j - before_j) / (after_s - before_s)
    assert after_s - before_s == pytest.approx(stop_s - start_s, abs=0.5)
    # The ends that only the counter saw are idle: less than half a second of idling.
    ends_s = (after_s - before_s) - (stop_s - start_s)
    idle_w = sensor.read(time.monotonic())[0].power_w
    return energy_j, direct_w * (after_s - before_s) - ends_s * idle_w


def test_a_minute_of_bf16_products_agrees_with_the_counter(sensor, handle, loads):
    load = loads(60.0)

    def run():
        load.start()
        return lambda: load.process.poll() is None

    ours_j, direct_j = against_counter(sensor, handle, run)
    print(f"\n60 s bf16: ours {ours_j:.1f} J, counter {direct_j:.1f} J")
    assert ours_j == pytest.approx(direct_j, rel=0.005)


def test_an_idle_gpu_agrees_with_the_counter(sensor, handle):
    end_s = time.monotonic() + 20

    ours_j, direct_j = against_counter(
        sensor, handle, lambda: lambda: time.monotonic() < end_s
    )
    print(f"\n20 s idle: ours {ours_j:.1f} J, counter {direct_j:.1f} J")
    assert ours_j == pytest.approx(direct_j, rel=0.01)


@pytest.mark.parametrize("half_s", [0.1, 0.5, 2.0])
def test_bursts_agree_with_the_counter(sensor, handle, loads, half_s):
    load = loads(20.0, on_s=half_s, off_s=half_s)

    def run():
        load.start()
        return lambda: load.process.poll() is None

    ours_j, direct_j = against_counter(sensor, handle, run)
    print(f"\nbursts of {half_s} s: ours {ours_j:.1f} J, counter {direct_j:.1f} J")
    assert ours_j == pytest.approx(direct_j, rel=0.01)


def test_two_processes_share_the_gpu_and_nobody_else(sensor, loads):
    both = [loads(12.0), loads(12.0)]
    for load in both:
        load.start()
    seen = []
    for _ in range(10):
        time.sleep(1.0)
        seen.append(sensor.read(time.monotonic())[0].processes)
    for load in both:
        load.wait()

    print(f"\nshares of two equal loads: {seen[3:]}")
    ours = {load.process.pid for load in both}
    known = [s for s in seen[3:] if s and None not in s.values()]
    if not known:
        pytest.skip(f"this driver does not tell shares here: {sensor.problems()}")
    assert all(sum(s.get(pid, 0.0) for pid in ours) > 0.9 for s in known)
    for pid in ours:
        assert median(s.get(pid, 0.0) for s in known) == pytest.approx(0.5, abs=0.15)


CALLS = {
    "nvmlDeviceGetTotalEnergyConsumption": "nvmlDeviceGetTotalEnergyConsumption(h)",
    "nvmlDeviceGetPowerUsage": "nvmlDeviceGetPowerUsage(h)",
    "field 83 (energy)": "nvmlDeviceGetFieldValues(h, [83])",
    "field 185 (average power)": "nvmlDeviceGetFieldValues(h, [185])",
    "field 186 (instant power)": "nvmlDeviceGetFieldValues(h, [186])",
    "field 186, module": "nvmlDeviceGetFieldValues(h, [(186, 1)])",
    "field 186, memory": "nvmlDeviceGetFieldValues(h, [(186, 2)])",
    "nvmlDeviceGetUtilizationRates": "nvmlDeviceGetUtilizationRates(h)",
    "nvmlDeviceGetMemoryInfo": "nvmlDeviceGetMemoryInfo(h)",
    "nvmlDeviceGetTemperature": "nvmlDeviceGetTemperature(h, 0)",
    "compute processes": "nvmlDeviceGetComputeRunningProcesses_v3(h)",
    "graphics processes": "nvmlDeviceGetGraphicsRunningProcesses_v3(h)",
    "nvmlDeviceGetProcessUtilization": "nvmlDeviceGetProcessUtilization(h, 0)",
    "nvmlDeviceGetMigMode": "nvmlDeviceGetMigMode(h)",
    "power limit constraints": "nvmlDeviceGetPowerManagementLimitConstraints(h)",
}


def ask(call, handle, times=50):
    """Return what one call answers (or its error), and its median cost in us."""
    import pynvml

    names = {**vars(pynvml), "h": handle}
    code = compile(call, "call", "eval")
    costs_us, answer = [], ""
    for _ in range(times):
        start_ns = time.perf_counter_ns()
        try:
            value = eval(code, names)
            first = value[0] if hasattr(value, "__getitem__") and len(value) else value
            result = getattr(first, "nvmlReturn", 0)
            answer = "yes" if result == 0 else str(pynvml.NVMLError(result))
        except pynvml.NVMLError as e:
            answer = str(e)
        costs_us.append((time.perf_counter_ns() - start_ns) / 1000)
    return answer, median(costs_us)


def test_the_table_of_what_this_board_supports(sensor, handle):
    device = sensor.devices()[0]
    rows = {name: ask(call, handle) for name, call in CALLS.items()}

    print(f"\n\n{device.name}, driver {_driver()}\n")
    print("| call | supported | median cost |\n|---|---|---|")
    for name, (answer, cost_us) in rows.items():
        print(f"| {name} | {answer} | {cost_us:.1f} us |")
    print(f"\ncounter renewed every {_period_s(handle) * 1000:.0f} ms (median)")

    reads = 200
    start_s = time.process_time()
    for tick in range(reads):
        sensor.read(time.monotonic() + tick)
    cpu_s = (time.process_time() - start_s) / reads
    print(f"one read of {len(sensor.devices())} GPU(s): {cpu_s * 1e6:.0f} us of CPU")
    assert rows["nvmlDeviceGetPowerUsage"][0] == "yes"
    assert cpu_s < 0.02 * len(sensor.devices())


def _driver():
    import pynvml

    return pynvml.nvmlSystemGetDriverVersion()


def _period_s(handle):
    moments = [counter_at_renewal(handle)[1] for _ in range(20)]
    return median(b - a for a, b in pairwise(moments))
