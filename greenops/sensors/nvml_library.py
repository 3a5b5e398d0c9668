"""NVML in greenops's words: SI units, and errors split by what to do next.

Source: NVIDIA, "NVML API Reference Guide"; the binding is `nvidia-ml-py` (`pynvml`).
"""

import sys
from collections.abc import Sequence
from typing import Any

from greenops.errors import SensorError, SensorReadError, SensorUnavailableError
from greenops.units import J_PER_MJ, W_PER_MW

LIBRARY = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"

# Field ids of nvmlDeviceGetFieldValues (nvml.h).
AVERAGE_POWER = 185
INSTANT_POWER = 186

AMPERE = 7
"""NVML_DEVICE_ARCH_AMPERE."""
GA100_CAPABILITY = (8, 0)
"""CUDA compute capability of GA100 (A100, A30), alone of its architecture."""

_VALUE_MEMBERS = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")

INSTALL = "install the NVIDIA driver; start a container with its GPUs (--gpus all)"
LOAD = "load the driver: sudo modprobe nvidia, then check with nvidia-smi"
REBOOT = "the driver was updated under way: reboot, or reload its kernel modules"
ALLOW = "give this user access to /dev/nvidia* (often: join the group `video`)"

Handle = Any
"""What the binding calls a device; opaque."""


class NotOfferedError(SensorError):
    """The device, the driver or the permissions do not offer this; do not ask again."""


class DeviceGoneError(SensorError):
    """The device fell off the bus, or was taken out. It does not come back."""


class DriverGoneError(SensorError):
    """The driver was unloaded or reloaded: every handle is stale."""


class NvmlLibrary:
    """The calls greenops makes of NVML.

    Every method that asks a device raises NotOfferedError, DeviceGoneError,
    DriverGoneError, or SensorReadError for what may work the next time.

    Raises:
        SensorUnavailableError: no library, no binding, or no driver that answers.
    """

    def __init__(self, library: str = LIBRARY) -> None:
        import ctypes  # dear for a host without GPUs

        try:
            ctypes.CDLL(library)
        except OSError as e:
            raise SensorUnavailableError(
                f"no NVIDIA driver here ({library} was not found)", remedy=INSTALL
            ) from e
        try:
            import pynvml  # 40 ms, for hosts with the driver only
        except ImportError as e:
            raise SensorUnavailableError(
                f"the NVML binding cannot be imported: {e}",
                remedy="pip install nvidia-ml-py",
            ) from e
        self._nvml: Any = pynvml
        self.start()

    def start(self) -> None:
        """Initialise NVML, again after the driver was lost.

        Raises:
            SensorUnavailableError: the driver does not answer, and why.
        """
        try:
            self._nvml.nvmlInit()
        except self._nvml.NVMLError as e:
            raise SensorUnavailableError(
                f"NVML does not start: {e}", remedy=self._remedy(e.value)
            ) from e

    def stop(self) -> None:
        """Release NVML. Never raises."""
        try:
            self._nvml.nvmlShutdown()
        except self._nvml.NVMLError:
            return  # released already: the driver went before us

    def _remedy(self, code: int) -> str:
        n = self._nvml
        return {
            n.NVML_ERROR_DRIVER_NOT_LOADED: LOAD,
            n.NVML_ERROR_LIB_RM_VERSION_MISMATCH: REBOOT,
            n.NVML_ERROR_NO_PERMISSION: ALLOW,
        }.get(code, "check with nvidia-smi")

    def _ask(self, function: str, *args: Any) -> Any:  # noqa: ANN401 - untyped binding
        try:
            return getattr(self._nvml, function)(*args)
        except self._nvml.NVMLError as e:
            raise self._error(e.value, function) from e
        except AttributeError as e:
            raise NotOfferedError(f"{function}: not in this nvidia-ml-py") from e

    def _error(self, code: int, function: str) -> SensorError:
        n = self._nvml
        message = f"{function}: {n.NVMLError(code)}"
        if code in (
            n.NVML_ERROR_NOT_SUPPORTED,
            n.NVML_ERROR_FUNCTION_NOT_FOUND,
            n.NVML_ERROR_NO_PERMISSION,
            n.NVML_ERROR_INVALID_ARGUMENT,  # of a field: an older driver
        ):
            return NotOfferedError(message)
        if code in (n.NVML_ERROR_GPU_IS_LOST, n.NVML_ERROR_RESET_REQUIRED):
            return DeviceGoneError(message)
        if code in (
            n.NVML_ERROR_UNINITIALIZED,
            n.NVML_ERROR_DRIVER_NOT_LOADED,
            n.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
        ):
            return DriverGoneError(message)
        return SensorReadError(message)

    def count(self) -> int:
        """Return how many boards this user may see."""
        return int(self._ask("nvmlDeviceGetCount"))

    def board(self, index: int) -> Handle:
        """Return the handle of the board of this NVML index (PCI bus order)."""
        return self._ask("nvmlDeviceGetHandleByIndex", index)

    def uuid(self, device: Handle) -> str:
        """Return `GPU-...`, or `MIG-...` for an instance."""
        return _text(self._ask("nvmlDeviceGetUUID", device))

    def name(self, device: Handle) -> str:
        """Return the product's name."""
        return _text(self._ask("nvmlDeviceGetName", device))

    def limit_w(self, device: Handle) -> float | None:
        """Return the highest power limit that can be set, in W; None: not told."""
        try:
            mw = self._ask("nvmlDeviceGetPowerManagementLimitConstraints", device)[1]
        except (NotOfferedError, SensorReadError):
            try:
                mw = self._ask("nvmlDeviceGetEnforcedPowerLimit", device)
            except (NotOfferedError, SensorReadError):
                return None
        return mw * W_PER_MW or None

    def counter_j(self, device: Handle) -> float:
        """Return the energy in J since the driver was loaded. Volta and newer."""
        mj: int = self._ask("nvmlDeviceGetTotalEnergyConsumption", device)
        return mj * J_PER_MJ

    def plain_power_w(self, device: Handle) -> float:
        """Return `nvmlDeviceGetPowerUsage` in W; see `plain_power_is_averaged`."""
        mw: int = self._ask("nvmlDeviceGetPowerUsage", device)
        return mw * W_PER_MW

    def plain_power_is_averaged(self, device: Handle) -> bool:
        """Return whether the plain power is a mean over 1 s.

        Source: NVML API Reference, nvmlDeviceGetPowerUsage: averaged over one second
        on Ampere (except GA100) and newer, instantaneous on GA100 and older.
        """
        try:
            if self._ask("nvmlDeviceGetArchitecture", device) < AMPERE:
                return False
            found = self._ask("nvmlDeviceGetCudaComputeCapability", device)
        except (NotOfferedError, SensorReadError):
            return False  # a driver that cannot tell is older than Ampere
        return tuple(found) != GA100_CAPABILITY

    def field_power_w(self, device: Handle, field: int) -> float:
        """Return AVERAGE_POWER or INSTANT_POWER of the board in W."""
        answer = self._ask("nvmlDeviceGetFieldValues", device, [field])[0]
        if answer.nvmlReturn != self._nvml.NVML_SUCCESS:
            raise self._error(answer.nvmlReturn, f"field {field}")
        mw = getattr(answer.value, _VALUE_MEMBERS[answer.valueType])
        return float(mw) * W_PER_MW

    def utilization(self, device: Handle) -> float:
        """Return the share of the last sample period in which a kernel ran, 0 to 1."""
        return float(self._ask("nvmlDeviceGetUtilizationRates", device).gpu) / 100

    def memory_used_bytes(self, device: Handle) -> int:
        """Return the device memory in use, the driver's own included, in bytes."""
        return int(self._ask("nvmlDeviceGetMemoryInfo", device).used)

    def temperature_c(self, device: Handle) -> float:
        """Return the temperature of the GPU die in degC."""
        return float(self._ask("nvmlDeviceGetTemperature", device, 0))

    def processes(self, device: Handle) -> frozenset[int]:
        """Return the process ids that hold a compute or a graphics context."""
        found = {p.pid for p in self._listed(device, "Compute")}
        try:
            found |= {p.pid for p in self._listed(device, "Graphics")}
        except NotOfferedError:
            return frozenset(found)  # data-centre boards may have no graphics at all
        return frozenset(found)

    def _listed(self, device: Handle, kind: str) -> Sequence[Any]:
        # By version: the unversioned name of newer bindings raises an error of its own
        # kind with drivers before R510.
        name = f"nvmlDeviceGet{kind}RunningProcesses"
        try:
            return list(self._ask(f"{name}_v3", device))
        except NotOfferedError:
            return list(self._ask(f"{name}_v2", device))

    def busy(self, device: Handle, since_us: int) -> Sequence[tuple[int, int, float]]:
        """Return (process id, time in us, SM utilisation 0 to 1) newer than `since_us`.

        A process is listed only if it was busy; none is: empty.
        """
        try:
            samples = self._nvml.nvmlDeviceGetProcessUtilization(device, since_us)
        except self._nvml.NVMLError as e:
            if e.value in (self._nvml.NVML_SUCCESS, self._nvml.NVML_ERROR_NOT_FOUND):
                return ()  # the binding raises even a success if there is no entry
            raise self._error(e.value, "nvmlDeviceGetProcessUtilization") from e
        return [(s.pid, s.timeStamp, min(s.smUtil, 100) / 100) for s in samples]

    def instances(self, device: Handle) -> Sequence[tuple[str, int, int, int]]:
        """Return the board's MIG instances: UUID, GPU and compute instance, slices.

        Empty where MIG is off, or unknown to the board.
        """
        try:
            if self._ask("nvmlDeviceGetMigMode", device)[0] == 0:
                return ()
            most = self._ask("nvmlDeviceGetMaxMigDeviceCount", device)
        except (NotOfferedError, SensorReadError):
            return ()
        found: list[tuple[str, int, int, int]] = []
        for index in range(most):
            try:
                found.append(self._instance(device, index))
            except SensorReadError:
                continue  # slots may be empty in between
        return found

    def _instance(self, device: Handle, index: int) -> tuple[str, int, int, int]:
        part = self._ask("nvmlDeviceGetMigDeviceHandleByIndex", device, index)
        try:
            slices = self._ask(
                "nvmlDeviceGetAttributes", part
            ).computeInstanceSliceCount
        except NotOfferedError:
            slices = 1
        return (
            self.uuid(part),
            self._ask("nvmlDeviceGetGpuInstanceId", part),
            self._ask("nvmlDeviceGetComputeInstanceId", part),
            slices,
        )


def _text(answer: str | bytes) -> str:
    """Older bindings answer bytes."""
    return answer.decode() if isinstance(answer, bytes) else answer
