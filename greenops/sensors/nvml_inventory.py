"""Which boards there are, which of them the job may use, and which are lost."""

import logging
from collections.abc import Sequence

from greenops.errors import SensorError, SensorReadError, SensorUnavailableError
from greenops.sensors.nvml_board import Board
from greenops.sensors.nvml_library import (
    ALLOW,
    DeviceGoneError,
    DriverGoneError,
    Handle,
    NotOfferedError,
    NvmlLibrary,
)
from greenops.sensors.nvml_processes import PidView
from greenops.sensors.nvml_visible import (
    BoardName,
    Choice,
    Instance,
    choose,
    instance_share,
)

_log = logging.getLogger(__name__)


class Inventory:
    """The boards that are read, kept up to date.

    `boards` maps a UUID to its board, in PCI bus order; `mig_shares` a device id to
    the part of the board that the job sees, for boards split by MIG.
    """

    def __init__(
        self,
        library: NvmlLibrary,
        pids: PidView,
        *,
        visible: str | None,
        device_order: str | None,
    ) -> None:
        self._library = library
        self._pids = pids
        self._visible = visible
        self._order = device_order
        self._counted = 0
        self._choice = Choice(indices=())
        self._gone: set[str] = set()
        self._unreadable: dict[str, str] = {}
        self._notes: list[str] = []
        self.boards: dict[str, Board] = {}
        self.mig_shares: dict[str, float] = {}

    def refresh(self, *, force: bool = False) -> None:
        """Look for boards that were added. Known ones are kept, lost ones stay lost.

        Raises:
            DriverGoneError: the driver went away.
            SensorReadError, NotOfferedError: the boards could not be counted.
        """
        count = self._library.count()
        if count == self._counted and not self._unreadable and not force:
            return
        self._counted = count
        handles: dict[int, Handle] = {}
        names: list[BoardName] = []
        for index in range(count):
            try:
                handles[index] = self._library.board(index)
                names.append(self._name(index, handles[index]))
            except DriverGoneError:
                raise
            except SensorError as e:
                self._unreadable[f"GPU {index}"] = str(e)
        self._choice = choose(self._visible, names, order=self._order)
        for name in names:
            if name.index in self._choice.indices:
                self._add(name, handles[name.index])

    def restart(self) -> None:
        """Begin anew with fresh handles after the driver was reloaded.

        Raises:
            As `refresh`.
        """
        self.boards, self.mig_shares = {}, {}
        self._gone.clear()
        self._unreadable.clear()
        self.refresh(force=True)
        self.note("the NVIDIA driver was reloaded under way; its counters restarted")

    def _name(self, index: int, handle: Handle) -> BoardName:
        try:
            uuid = self._library.uuid(handle)
        except (NotOfferedError, SensorReadError):
            uuid = str(index)  # still one device, if not one to be known by next boot
        try:
            product = self._library.name(handle)
        except (NotOfferedError, SensorReadError):
            product = ""
        instances = tuple(
            Instance(uuid=u, gpu_instance=g, compute_instance=c, slices=s)
            for u, g, c, s in self._library.instances(handle)
        )
        return BoardName(index=index, uuid=uuid, product=product, instances=instances)

    def _add(self, name: BoardName, handle: Handle) -> None:
        if name.uuid in self.boards or name.uuid in self._gone:
            return
        try:
            board = Board(self._library, handle, uuid=name.uuid, pids=self._pids)
        except (NotOfferedError, DeviceGoneError, SensorReadError) as e:
            self._unreadable[f"GPU {name.index}"] = str(e)
            return
        self._unreadable.pop(f"GPU {name.index}", None)
        self.boards[name.uuid] = board
        if name.instances:
            seen = self._choice.instances or name.instances
            self.mig_shares[board.device.device_id] = instance_share(name, seen)

    def lose(self, uuid: str, error: str) -> None:
        """Strike out a board that fell off the bus."""
        board = self.boards.pop(uuid)
        self.mig_shares.pop(board.device.device_id, None)
        self._gone.add(uuid)
        self.note(
            f"{board.device.name} ({uuid}) was lost and is no longer read: {error}"
        )

    def note(self, sentence: str) -> None:
        """Keep, and log once, something that happened under way."""
        if sentence not in self._notes:
            _log.warning("%s", sentence)
            self._notes.append(sentence)

    def why_empty(self) -> SensorUnavailableError:
        """Return the reason for there being no board to read."""
        if self._unreadable:
            return SensorUnavailableError(
                f"no GPU can be read ({'; '.join(self._failures())})", remedy=ALLOW
            )
        if self._counted:
            return SensorUnavailableError(
                f"the job sees none of the {self._counted} GPUs here"
                f" (CUDA_VISIBLE_DEVICES={self._visible!r})",
                remedy="name GPUs by index or UUID as `nvidia-smi -L` lists them",
            )
        return SensorUnavailableError(
            "the NVIDIA driver answers, but lists no GPU", remedy=ALLOW
        )

    def _failures(self) -> list[str]:
        return [f"{who}: {why}" for who, why in self._unreadable.items()]

    def problems(self) -> Sequence[str]:
        """Return what a reader of the figures should know, in sentences."""
        found = [*self._choice.doubts, *self._notes]
        found += [f"cannot be read: {failure}" for failure in self._failures()]
        for board in self.boards.values():
            found += board.problems()
            share = self.mig_shares.get(board.device.device_id)
            if share is not None:
                found.append(
                    f"{board.device.name} is split by MIG: its power is the whole"
                    f" board's, of which the job sees {share:.0%}"
                )
        return found
