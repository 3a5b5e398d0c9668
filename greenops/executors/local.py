"""The executor `local`: attempts on this machine, each in a process that outlives us.

All that is known of an attempt lies in its folder, so any number of executors may
share a root, one after the other or at once, and be killed at any line.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from greenops.errors import ExecutorBusyError, ExecutorError, ExecutorRefusedError
from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.attempt_group import remove_group
from greenops.executors.job_folder import open_log
from greenops.executors.job_owner import why_not_ours
from greenops.executors.local_end import (
    freeze,
    kill,
    left_s,
    living,
    order_to_cancel,
)
from greenops.executors.local_order import ATTEMPT_ID, Order
from greenops.executors.local_places import (
    Machine,
    PlaceOptions,
    assign,
    room,
    this_machine,
)
from greenops.executors.local_root import FINAL, LocalRoot
from greenops.executors.local_runners import Runners
from greenops.executors.local_status import UNKNOWN
from greenops.executors.processes import lives, send, understand, wake
from greenops.model import Attempt, AttemptState, AttemptStatus, PlaceHealth

OVERDUE_S = 2.0
"""A runner that has not killed its job by then is helped."""


class LocalExecutor:
    """Runs attempts as processes of this user on this machine. Linux only.

    Args:
        root: Folder of its own; made, for this user alone, when it is needed.
        runner: Command line of the process that runs an attempt; the attempt's folder
            is added to it.
        gpus: Returns the ids of this machine's GPUs, as NVML numbers them, and whether
            anything runs on each, now.
        machine: Returns what is in this machine.
        environ: What the runner finds in its environment; ours if None.

    Raises:
        ExecutorRefusedError: this is not Linux.
    """

    name = "local"

    def __init__(
        self,
        root: Path,
        *,
        runner: Sequence[str],
        gpus: Callable[[], Mapping[str, bool]] = dict,
        machine: Callable[[], Machine] = this_machine,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        if not sys.platform.startswith("linux"):
            raise ExecutorRefusedError("jobs are run on Linux only")
        self._root = LocalRoot(root)
        self._gpus = gpus
        self._machine = machine
        self._runners = Runners(runner, environ)

    def submit(self, attempt: Attempt) -> None:
        """Accept an attempt, and start its runner.

        Raises:
            ExecutorRefusedError: it is somebody else's job, it is larger than its
                place, it was voided, an id, a path or an option is wrong, or the root
                is not this user's alone.
            ExecutorBusyError: its place has no room now, or the disk is full.
        """
        if why := why_not_ours(attempt.spec.user):
            raise ExecutorRefusedError(why)
        options = PlaceOptions.of(attempt.options)
        order = Order.of(
            attempt,
            enforce=options.enforce,
            log_mib=options.log_mib,
            logs_kept=options.logs_kept,
        )
        with self._root.alone():
            folder = self._root.folder(order.attempt_id)
            if not self._accepted(folder, order):
                os.close(open_log(Path(order.folder)))  # before anything is promised
                gpu_ids = self._assign(order, attempt.gpu_ids, options)
                folder.make()
                folder.accept(replace(order, gpu_ids=gpu_ids))
        if folder.claimed() is None:
            self._runners.start(folder, order)

    def poll(self, attempt_ids: Sequence[str]) -> Mapping[str, AttemptStatus]:
        """Return how each stands; runners that got lost on the way are started anew.

        Raises:
            ExecutorError: that cannot be told now.
        """
        return {name: self._poll_one(name) for name in attempt_ids}

    def void(self, attempt_id: str) -> bool:
        """Keep an attempt from ever beginning; return False where it has begun.

        Raises:
            ExecutorError: it cannot be written down; it may still begin.
        """
        with self._root.alone():
            folder = self._root.folder(attempt_id)
            folder.make()
            return folder.void()

    def signal(self, attempt_id: str, name: str) -> None:
        """Send a signal to those of a job's processes that would not die of it.

        STOP and CONT go to all of them, and so do KILL and TERM.

        Raises:
            ExecutorRefusedError: there is no such signal.
            ExecutorBusyError: the attempt is just about to begin.
        """
        signo = getattr(signal, f"SIG{name}", None)
        if not isinstance(signo, signal.Signals):
            raise ExecutorRefusedError(f"there is no signal {name!r}; such as USR1")
        folder = self._root.folder(attempt_id)
        status = self._poll_one(attempt_id)
        if status.state is AttemptState.QUEUED:
            raise ExecutorBusyError(f"attempt {attempt_id} is just about to begin")
        if status.state not in {AttemptState.RUNNING, AttemptState.FROZEN}:
            return
        if signo == signal.SIGSTOP:
            freeze(folder)
            return
        there = living(folder)
        if not there and not (folder.job() or {}).get("pid"):
            raise ExecutorBusyError(f"attempt {attempt_id} is just about to begin")
        to_all = {signal.SIGCONT, signal.SIGTERM, signal.SIGKILL}
        send(there if signo in to_all else understand(there, signo), signo)

    def cancel(self, attempt_id: str, grace_s: float) -> None:
        """Have an attempt ended; its runner keeps the grace, whoever dies.

        Raises:
            ExecutorBusyError: it cannot be written down now.
        """
        folder = self._root.folder(attempt_id)
        if self._poll_one(attempt_id).state in {*FINAL, AttemptState.UNKNOWN}:
            return
        folder.cancel(order_to_cancel(grace_s, folder.cancelled()))
        if self.void(attempt_id):
            return
        runner = folder.runner()
        if runner and lives(runner):
            wake(runner)  # one that was stopped hears nothing
            folder.ring()
        elif order := folder.order():
            self._runners.start(folder, order)

    def forget(self, attempt_id: str) -> None:
        """Remove the folder of an attempt that has ended. Its job's logs stay.

        Raises:
            ExecutorBusyError: it has not ended, or cannot be removed now.
        """
        state = self._poll_one(attempt_id).state
        if state is AttemptState.UNKNOWN:
            return
        if state not in FINAL:
            raise ExecutorBusyError(f"attempt {attempt_id} is {state}; cancel it first")
        folder = self._root.folder(attempt_id)
        if group := (folder.job() or {}).get("group"):
            remove_group(Path(str(group)))
        self._root.remove(attempt_id)
        self._runners.forget(attempt_id)

    def attempts(self) -> list[str]:
        """Return the ids of all attempts that are kept here, over or not."""
        return self._root.known()

    def health(self, place: str, options: Mapping[str, object]) -> PlaceHealth:
        """Return what is there and free now. Never raises.

        Memory is free that nobody uses; a GPU, on which nothing runs. Processors are
        free that no attempt was promised: others only make them slower.
        """
        at = datetime.now(UTC)
        try:
            parsed = PlaceOptions.of(options)
            problem = self._root.problem()
            held = self._root.held()
            there = room(place, parsed, held, self._machine(), self._gpus())
        except (ExecutorError, OSError) as e:
            return PlaceHealth(usable=False, at=at, detail=str(e))
        return PlaceHealth(
            usable=not problem,
            at=at,
            detail=problem,
            gpus=there.gpus,
            cpus=there.cpus,
            memory_gib=there.memory_gib,
            free_gpus=len(there.free_gpu_ids) if there.free_jobs else 0,
            free_cpus=there.free_cpus if there.free_jobs else 0.0,
            free_memory_gib=there.free_memory_gib,
        )

    def _accepted(self, folder: AttemptFolder, order: Order) -> bool:
        if folder.is_void():
            raise ExecutorRefusedError(
                f"attempt {order.attempt_id} was voided; make another one"
            )
        try:
            before = folder.order()
        except ValueError as e:
            raise ExecutorRefusedError(f"{folder.path}: {e}; make another one") from e
        if before is not None and not before.same_as(order):
            raise ExecutorRefusedError(
                f"attempt {order.attempt_id} is of another job, {before.job_id}"
            )
        return before is not None

    def _assign(
        self, order: Order, wanted: Sequence[str], options: PlaceOptions
    ) -> tuple[str, ...] | None:
        there = room(
            order.place, options, self._root.held(), self._machine(), self._gpus()
        )
        return assign(order, wanted, there)

    def _poll_one(self, attempt_id: str) -> AttemptStatus:
        if not ATTEMPT_ID.fullmatch(attempt_id):
            return UNKNOWN
        self._runners.look(attempt_id)
        status = self._root.look(attempt_id)
        if status.state is AttemptState.QUEUED:
            return self._queued(attempt_id)
        if status.state not in {*FINAL, AttemptState.UNKNOWN}:
            self._help_to_end(self._root.folder(attempt_id))
        return status

    def _queued(self, attempt_id: str) -> AttemptStatus:
        """See to it that a runner is on its way to one that is accepted."""
        detail = self._runners.complaint(attempt_id)
        if self._runners.due(attempt_id):
            try:
                folder = self._root.folder(attempt_id)
                if order := folder.order():
                    self._runners.start(folder, order)
            except (ExecutorError, ValueError) as e:
                detail = str(e)
        return AttemptStatus(state=AttemptState.QUEUED, detail=detail)

    def _help_to_end(self, folder: AttemptFolder) -> None:
        """Kill what a runner should have killed: it was stopped, or killed itself."""
        order = folder.cancelled()
        if (
            order
            and left_s({**order, "kill_s": order.get("kill_s", 0.0) + OVERDUE_S}) <= 0.0
        ):
            kill(folder)
