"""Which GPUs there are, and on which something runs, asked anew each time."""

from collections.abc import Mapping

from greenops.errors import SensorError
from greenops.sensors.nvml_library import (
    LIBRARY,
    DriverGoneError,
    NotOfferedError,
    NvmlLibrary,
)


class GpuUse:
    """Asks NVML, by its own numbers (PCI bus order), at every call.

    Where there is no driver, or none any more, there are no GPUs. A GPU that is lost,
    or does not answer, is there and in use: nothing may be started on it.

    Args:
        library: The library's file.
    """

    def __init__(self, library: str = LIBRARY) -> None:
        self._file = library
        self._library: NvmlLibrary | None = None

    def __call__(self) -> Mapping[str, bool]:
        """Return each GPU's number, and whether anything runs on it, now."""
        for _ in range(2):  # a driver that was reloaded is asked once more
            try:
                self._library = self._library or NvmlLibrary(self._file)
                return {
                    str(index): _in_use(self._library, index)
                    for index in range(self._library.count())
                }
            except DriverGoneError:
                self._library = None
            except SensorError:
                return {}
        return {}


def _in_use(library: NvmlLibrary, index: int) -> bool:
    try:
        return bool(library.processes(library.board(index)))
    except NotOfferedError:
        return False  # it does not say; what we started ourselves is known
    except DriverGoneError:
        raise
    except SensorError:
        return True
