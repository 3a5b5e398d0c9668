"""Energy and power of NVIDIA GPUs through NVML."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from greenops.errors import SensorError, SensorReadError, SensorUnavailableError
from greenops.model import Device, Reading
from greenops.sensors.nvml_board import Board
from greenops.sensors.nvml_inventory import Inventory
from greenops.sensors.nvml_library import (
    LIBRARY,
    DeviceGoneError,
    DriverGoneError,
    NvmlLibrary,
)
from greenops.sensors.nvml_processes import PidView
from greenops.sensors.nvml_settle import renewals

_log = logging.getLogger(__name__)

RECOUNT_S = 10.0
"""How often to look whether boards were added."""

RESTART_S = (1.0, 60.0)
"""First and longest pause between two tries to find a lost driver again."""

SETTLE_S = 0.11
"""Longest wait for a counter to move: its longest period and a little."""


class NvmlSensor:
    """Every NVIDIA board a job may use: counter, power, load, processes.

    A board is read as a whole: under MIG, NVML states the board's power alone, so the
    board is reported once, and `mig_shares` says which part of it the job sees.

    Args:
        visible: The job's CUDA_VISIBLE_DEVICES (not ours); None: not set.
        device_order: The job's CUDA_DEVICE_ORDER; None: not set.
        library: What to load as NVML.
        pids: Whose process ids the driver lists.

    Raises:
        SensorUnavailableError: no driver, no board, or none the job may use.
    """

    name = "nvml"

    def __init__(
        self,
        *,
        visible: str | None = None,
        device_order: str | None = None,
        library: str = LIBRARY,
        pids: PidView | None = None,
    ) -> None:
        self._closed = False
        self._recount_at_s: float | None = None
        self._down = ""
        self._retry_at_s = 0.0
        self._pause_s = RESTART_S[0]
        self._library = NvmlLibrary(library)
        self._inventory = Inventory(
            self._library,
            pids or PidView(),
            visible=visible,
            device_order=device_order,
        )
        self._open()

    def _open(self) -> None:
        try:
            self._inventory.refresh(force=True)
        except SensorError as e:
            self.close()
            raise SensorUnavailableError(f"NVML does not answer: {e}") from e
        if not self._inventory.boards:
            self.close()
            raise self._inventory.why_empty()

    def devices(self) -> Sequence[Device]:
        """Return the boards that can be read, in PCI bus order."""
        return [board.device for board in self._inventory.boards.values()]

    def read(self, at_s: float) -> Sequence[Reading]:
        """Return one reading per board; one that fails this time is left out.

        Args:
            at_s: The caller's monotonic time in s.

        Raises:
            SensorReadError: no board could be read.
        """
        self._look_around(at_s)
        return self._each(lambda board: board.read(at_s), at_s)

    def glance(self, at_s: float) -> Sequence[Reading]:  # noqa: ARG002 - as `read`
        """Return the power of the boards that show nothing but moments of it.

        One call to the driver per such board (Pascal and older); nothing for others. A
        board that fails is left out, and found out about at the next `read`.

        Raises:
            SensorReadError: the driver is away.
        """
        if self._down:
            raise SensorReadError(f"the NVIDIA driver is away: {self._down}")
        readings = (b.glance() for b in self._inventory.boards.values())
        return [reading for reading in readings if reading is not None]

    def settle(
        self,
        now: Callable[[], float],
        *,
        sleep: Callable[[float], None] = time.sleep,
        timeout_s: float = SETTLE_S,
    ) -> Sequence[Reading]:
        """Wait until the counters move; return readings that say when they did.

        For the two ends of a run: a counter that is renewed every 0.1 s is otherwise
        up to 0.1 s old, 3 % of a job of 3 s. Boards that do not move in time, or have
        no counter, are read as always, with `counter_at_s` None.

        Args:
            now: The caller's monotonic clock in s.
            sleep: Waits for so many s.
            timeout_s: Longest wait in s.

        Raises:
            SensorReadError: no board could be read.
        """
        self._look_around(now())
        boards = self._inventory.boards
        counters = {u: b.counter_j for u, b in boards.items() if b.counts}
        moved = renewals(counters, now, sleep=sleep, timeout_s=timeout_s)
        at_s = now()

        def ask(board: Board) -> Reading:
            found = moved.get(board.uuid)
            if found is None:
                return board.read(at_s)
            return board.reading(
                at_s, counter_j=found.counter_j, counter_at_s=found.at_s
            )

        return self._each(ask, at_s)

    def _each(self, ask: Callable[[Board], Reading], at_s: float) -> list[Reading]:
        """Ask every board; sort out those that are gone.

        Raises:
            SensorReadError: none answered.
        """
        readings: list[Reading] = []
        for uuid, board in list(self._inventory.boards.items()):
            try:
                readings.append(ask(board))
            except DriverGoneError as e:
                self._lose_driver(at_s, str(e))
                break
            except DeviceGoneError as e:
                self._inventory.lose(uuid, str(e))
            except SensorReadError as e:
                board.report(str(e))
            else:
                board.report("")
        if not readings:
            why = "; ".join(self.problems()) or "no GPU is left"
            raise SensorReadError(f"no GPU could be read: {why}")
        return readings

    def _look_around(self, at_s: float) -> None:
        """Bring a lost driver back, or look for boards that were added.

        Raises:
            SensorReadError: the driver is still away.
        """
        if self._down:
            self._restart(at_s)
            return
        if self._recount_at_s is None:
            self._recount_at_s = at_s + RECOUNT_S
        if at_s < self._recount_at_s:
            return
        self._recount_at_s = at_s + RECOUNT_S
        try:
            self._inventory.refresh()
        except DriverGoneError as e:
            self._lose_driver(at_s, str(e))
        except SensorError as e:
            _log.debug("GPUs not counted this time: %s", e)

    def _lose_driver(self, at_s: float, error: str) -> None:
        _log.warning("the NVIDIA driver went away: %s", error)
        self._down, self._retry_at_s, self._pause_s = error, at_s, RESTART_S[0]

    def _restart(self, at_s: float) -> None:
        """Start NVML again, at growing intervals.

        Raises:
            SensorReadError: the driver is still away.
        """
        if at_s < self._retry_at_s:
            raise SensorReadError(f"the NVIDIA driver is away: {self._down}")
        self._library.stop()
        try:
            self._library.start()
            self._inventory.restart()
        except SensorError as e:
            self._retry_at_s = at_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, RESTART_S[1])
            self._down = str(e)
            raise SensorReadError(f"the NVIDIA driver is away: {e}") from e
        self._down = ""

    def mig_shares(self) -> Mapping[str, float]:
        """Return the part of each MIG board that the job sees, by device id, 0 to 1.

        Boards without MIG are not in it. By compute slices, of those given out.
        """
        return dict(self._inventory.mig_shares)

    def problems(self) -> Sequence[str]:
        """Return what a reader of the figures should know, in sentences."""
        away = [f"the NVIDIA driver is away: {self._down}"] if self._down else []
        return list(dict.fromkeys([*away, *self._inventory.problems()]))

    def close(self) -> None:
        """Release NVML. Never raises; may be called twice."""
        if not self._closed:
            self._closed = True
            self._library.stop()
