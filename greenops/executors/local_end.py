"""Ends an attempt: SIGTERM to all of its processes, SIGKILL to what is left later."""

import contextlib
import signal
import time
from collections.abc import Mapping
from typing import Any

from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.processes import ProcessName, Seen, boot_id, members, send

LOOK_EVERY_S = 0.1
PASSES = 10


def living(folder: AttemptFolder) -> dict[int, Seen]:
    """Return the processes of an attempt that live, without its runner."""
    runner = folder.runner()
    if runner is None:
        return {}
    job = folder.job() or {}
    return members(
        str(folder.path), runner, ProcessName.of(job), str(job.get("group") or "")
    )


def order_to_cancel(grace_s: float, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return when to kill, by the monotonic clock, which all processes share.

    Asked for again, it may come sooner, never later.
    """
    kill_s = time.monotonic() + max(0.0, grace_s)
    boot = boot_id()
    if before and before.get("boot_id") == boot:
        kill_s = min(kill_s, float(before.get("kill_s", kill_s)))
    return {"kill_s": kill_s, "boot_id": boot}


def left_s(order: Mapping[str, Any]) -> float:
    """Return how long it is until the kill, in s; 0: it is due."""
    if order.get("boot_id") != boot_id():
        return 0.0
    return max(0.0, float(order.get("kill_s", 0.0)) - time.monotonic())


def terminate(folder: AttemptFolder) -> None:
    """Ask all processes to end; those that were stopped are woken up to do so."""
    there = living(folder)
    send(there, signal.SIGTERM)
    if any(seen.stopped for seen in there.values()):
        send(there, signal.SIGCONT)


def kill(folder: AttemptFolder) -> bool:
    """Kill all processes, and those they start meanwhile; return whether all are gone.

    Those that only the kernel can still end (a disk that hangs) may be left.
    """
    _kill_groups(folder)
    for _ in range(PASSES):
        there = living(folder)
        if not there:
            return True
        send(there, signal.SIGKILL)
        time.sleep(0.01)
    return False


def freeze(folder: AttemptFolder) -> None:
    """Stop all processes, and those they start meanwhile."""
    for _ in range(PASSES):
        moving = {p: s for p, s in living(folder).items() if not s.stopped}
        if not moving:
            return
        send(moving, signal.SIGSTOP)
        time.sleep(0.005)


def _kill_groups(folder: AttemptFolder) -> None:
    """Let the kernel kill the groups below the runner's, forks and all, at once."""
    from pathlib import Path

    group = str((folder.job() or {}).get("group") or "")
    if not group:
        return
    with contextlib.suppress(OSError):
        for below in Path(group).iterdir():
            if below.is_dir():
                (below / "cgroup.kill").write_text("1")
