"""What a daemon says of itself, and what others may conclude from it."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from greenops.agent.node_seen import NodeSeen

SILENT_AFTER = timedelta(seconds=60)
"""A daemon that has not looked at its jobs for this long is stuck."""
MOST_CHARS = 30_000


class Pulse(StrEnum):
    """How a daemon is."""

    NONE = "not running"
    ALIVE = "running"
    SILENT = "silent"  # it holds its place, and has not looked at its jobs for long


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a daemon writes down of itself, a few times a minute.

    Attributes:
        pid, boot_id: Its process, on the system that was started as `boot_id`.
        started_at: When it began.
        ticked_at: When it last looked at all jobs, from end to end; None: not yet.
        version: Of greenops.
        open_jobs: How many jobs are not final.
        trouble: What keeps it from its work; empty: nothing.
        node: What sampling this node has found; None: it is not sampled, or not yet.
    """

    pid: int
    boot_id: str
    started_at: datetime
    ticked_at: datetime | None
    version: str
    open_jobs: int = 0
    trouble: str = ""
    node: NodeSeen | None = None


def written(beat: Beat) -> str:
    """Return a beat as JSON, with UTC times."""
    return json.dumps(asdict(beat), default=_moment) + "\n"


def read(text: str) -> Beat | None:
    """Return the beat that a text holds; None: it is none, or of another version."""
    try:
        found = json.loads(text[:MOST_CHARS])
        ticked = found.get("ticked_at")
        return Beat(
            pid=int(found["pid"]),
            boot_id=str(found["boot_id"]),
            started_at=datetime.fromisoformat(found["started_at"]),
            ticked_at=None if ticked is None else datetime.fromisoformat(ticked),
            version=str(found["version"]),
            open_jobs=int(found.get("open_jobs", 0)),
            trouble=str(found.get("trouble", "")),
            node=None if found.get("node") is None else NodeSeen.read(found["node"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def pulse(beat: Beat | None, now: datetime, *, held: bool) -> Pulse:
    """Return how a daemon is.

    Args:
        beat: What it last wrote down; None: nothing.
        now: Aware.
        held: Whether somebody holds its place: the only proof that it lives.
    """
    if not held:
        return Pulse.NONE
    if beat is None:
        return Pulse.ALIVE  # it holds its place, and is about to write
    last = beat.ticked_at or beat.started_at
    # A clock that was set back says nothing about the daemon.
    return Pulse.SILENT if now - last > SILENT_AFTER else Pulse.ALIVE


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{value!r} is no moment")
