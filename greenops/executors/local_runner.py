"""Runs one attempt, in a process of its own that outlives the daemon.

Claimed first, so that of any number of runners one goes on. Then, in this order: the
group, the environment, the mark that the command may have been started, the command.
Killed before that mark, an attempt never began; killed later, it may have.
"""

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from greenops.errors import ExecutorError, ExecutorRefusedError
from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.attempt_group import AttemptGroup
from greenops.executors.job_folder import (
    CHECKPOINTS,
    LOG,
    PAUSED,
    read_environment,
)
from greenops.executors.job_owner import why_not_ours
from greenops.executors.local_end import kill, living, terminate
from greenops.executors.local_guard import Guard, see_through
from greenops.executors.local_order import Order
from greenops.executors.log_places import note_beginning
from greenops.executors.private_files import private_folder
from greenops.executors.processes import MARK, lives, named

EXIT_NOT_STARTED = 126
LEFTOVERS_WITHIN_S = 5.0
"""What a command leaves behind when it ends is terminated, and killed after this."""
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


class NotStartedError(Exception):
    """The command cannot be started; `exit_code` is what a shell would return."""

    def __init__(self, message: str, exit_code: int = EXIT_NOT_STARTED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class NotBegunError(Exception):
    """The command was not started this time; nothing of it has run."""


@dataclass(frozen=True, slots=True)
class HowItEnded:
    """The exit status of a command: one of the two is set."""

    exit_code: int | None
    exit_signal: int | None


class Command(Protocol):
    """A command that runs, and is measured.

    Attributes:
        pid: Of the command's first process.
        run_id: The run it is measured as; None: it is not.
    """

    pid: int
    run_id: str | None

    def wait(self) -> HowItEnded:
        """Return when it has ended, with how."""

    def conclude(self) -> bool:
        """Finish measuring; return whether there is a run to be found."""


Start = Callable[[Order, Mapping[bytes, bytes]], Command]
"""Starts the command of an order in an environment; raises NotStartedError."""


def run_attempt(
    path: Path, start: Start, *, own_group: Callable[[], Path] | None = None
) -> None:
    """Run the attempt of a folder, unless another runner does, or it is void.

    Args:
        path: The attempt's folder.
        start: Starts a command, measured.
        own_group: Returns the folder of this process's own control group, or raises
            OSError; None: there are to be none.
    """
    folder = AttemptFolder(path)
    me = named(os.getpid())
    if me is None or not folder.claim(me):
        _stand_in(folder)
        return
    order, problem = None, "there is no attempt.json"
    try:
        order = folder.order()
    except ValueError as e:
        problem = str(e)
    if order is None:
        _write_end(folder, {"void": True, "detail": problem})
    else:
        _Run(folder, order, start).run(own_group)


def _stand_in(folder: AttemptFolder) -> None:
    """See a cancel through whose runner was killed."""
    runner = folder.runner()
    if runner and folder.cancelled() and not lives(runner):
        see_through(folder)


class _Run:
    """One attempt that this process has claimed."""

    def __init__(self, folder: AttemptFolder, order: Order, start: Start) -> None:
        self._folder = folder
        self._order = order
        self._start = start
        self._started_at_s = time.time()
        self._detail = ""

    def run(self, own_group: Callable[[], Path] | None) -> None:
        group = self._own_group(own_group)
        try:
            environ = self._prepare(group)
            command = self._start(self._order, environ)
        except NotBegunError as e:
            _write_end(self._folder, {"void": True, "detail": str(e)})
        except NotStartedError as e:
            self._end(HowItEnded(e.exit_code, None), detail=str(e))
        else:
            self._see_to(command, group)
        if group:
            group.leave()

    def _own_group(self, own_group: Callable[[], Path] | None) -> AttemptGroup | None:
        order = self._order
        try:
            group = AttemptGroup(own_group(), order.attempt_id) if own_group else None
        except OSError:  # not ours to make: processes are found in /proc
            group = None
        if order.enforce:
            self._detail = (
                group.hold(cpus=order.cpus, memory_gib=order.memory_gib)
                if group
                else "its limits are not enforced: it has no control group here"
            )
        return group

    def _prepare(self, group: AttemptGroup | None) -> dict[bytes, bytes]:
        """Return the command's environment, just before it is started.

        Raises:
            NotBegunError: it was cancelled, or something is in short supply: another
                attempt may be made.
            NotStartedError: as often as it is tried, it cannot be started.
        """
        order = self._order
        try:
            environ = job_environment(order, os.environb)
            _paused_mark(order).unlink(missing_ok=True)
            environ[os.fsencode(MARK)] = os.fsencode(self._folder.path)
            if self._folder.cancelled():
                raise NotBegunError("cancelled before it began")
            if order.user and (why := why_not_ours(order.user)):
                raise NotStartedError(why)  # what was accepted was written over
            self._enter(order.cwd)
            self._started_at_s = time.time()
            with contextlib.suppress(OSError):  # its output is found all the same
                note_beginning(Path(order.folder) / LOG, order.attempt_id)
            self._folder.about_to_start(self._known(group))
        except ExecutorRefusedError as e:
            raise NotStartedError(str(e)) from e
        except (ExecutorError, OSError) as e:
            raise NotBegunError(str(e)) from e
        return environ

    def _enter(self, cwd: str) -> None:
        try:
            os.chdir(cwd)
        except OSError as e:
            raise NotStartedError(f"working folder {cwd}: {e.strerror or e}") from e

    def _known(self, group: AttemptGroup | None) -> dict[str, object]:
        return {
            "started_at": self._started_at_s,
            "group": str(group.path) if group else "",
            "detail": self._detail,
        }

    def _see_to(self, command: Command, group: AttemptGroup | None) -> None:
        order = self._order
        log = Path(order.folder) / LOG
        guard = Guard(self._folder, log, limit_mib=order.log_mib, kept=order.logs_kept)
        guard.start()
        job = named(command.pid)
        name = job.as_record() if job else {}
        with contextlib.suppress(OSError):  # what is missing of it is found otherwise
            self._folder.started(
                {**self._known(group), **name, "run_id": command.run_id}
            )
        how = self._meant(command.wait())
        self._conclude(command, how)
        guard.stop()

    def _meant(self, how: HowItEnded) -> HowItEnded:
        """Return how the program ended, where a launcher made another status of it."""
        if not _paused_mark(self._order).exists():
            return how
        from greenops.model import CHECKPOINTED

        return HowItEnded(CHECKPOINTED, None)

    def _conclude(self, command: Command, how: HowItEnded) -> None:
        """Keep the exit status first: all that follows may be killed."""
        ended_at_s = time.time()
        self._end(how, at_s=ended_at_s, run_id=command.run_id, concluded=False)
        left = bool(living(self._folder))
        if left:
            terminate(self._folder)
        kill_s = time.monotonic() + LEFTOVERS_WITHIN_S
        measured = command.conclude()
        while left and (left := bool(living(self._folder))):
            if time.monotonic() >= kill_s:
                kill(self._folder)
            time.sleep(0.05)
        self._end(how, at_s=ended_at_s, run_id=command.run_id if measured else None)

    def _end(
        self,
        how: HowItEnded,
        *,
        detail: str = "",
        at_s: float | None = None,
        run_id: str | None = None,
        concluded: bool = True,
    ) -> None:
        _write_end(
            self._folder,
            {
                "exit_code": how.exit_code,
                "exit_signal": how.exit_signal,
                "started_at": self._started_at_s,
                "ended_at": time.time() if at_s is None else at_s,
                "run_id": run_id,
                "detail": detail or self._detail,
                "concluded": concluded,
            },
        )


def _paused_mark(order: Order) -> Path:
    return Path(order.folder) / CHECKPOINTS / PAUSED


def _write_end(folder: AttemptFolder, record: Mapping[str, object]) -> None:
    """Write down how it ended; a disk that is full is asked until it is not."""
    tries = 0
    while True:
        try:
            folder.end(record)
        except FileNotFoundError:  # the folder was removed: nobody asks any more
            return
        except OSError:
            time.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1
        else:
            return


def job_environment(order: Order, own: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return the environment of a command: as submitted, and what it is told.

    Args:
        order: What to run.
        own: For a job that was submitted without any.

    Raises:
        ExecutorRefusedError: it was submitted with one that is gone, or not its own.
        ExecutorBusyError: it cannot be read now.
    """
    folder = Path(order.folder)
    kept = read_environment(folder)
    if kept is None and order.environment_names:
        raise ExecutorRefusedError(
            f"{folder} holds no environment any more; submit it again"
        )
    told = {
        "GREENOPS_JOB_ID": order.job_id,
        "GREENOPS_RESUME": "1" if order.resume else "0",
        "GREENOPS_CHECKPOINT_DIR": str(private_folder(folder / CHECKPOINTS)),
    }
    if order.gpu_ids is not None:
        told["CUDA_VISIBLE_DEVICES"] = ",".join(order.gpu_ids)
        # CUDA's own order is by speed; the numbers are NVML's, which are by bus.
        told["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    environ = dict(own if kept is None else kept)
    environ |= {os.fsencode(k): os.fsencode(v) for k, v in told.items()}
    return environ
