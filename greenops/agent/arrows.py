"""The states of a job and the arrows between them: one table for code and documents."""

from collections.abc import Mapping

from greenops.model import JobState

WAITING, HELD, STARTING = JobState.WAITING, JobState.HELD, JobState.STARTING
RUNNING, PAUSING, PAUSED = JobState.RUNNING, JobState.PAUSING, JobState.PAUSED
CANCELLING, CANCELLED = JobState.CANCELLING, JobState.CANCELLED
DONE, FAILED = JobState.DONE, JobState.FAILED

ARROWS: Mapping[tuple[JobState | None, JobState], str] = {
    (None, WAITING): "submitted",
    (None, HELD): "submitted, to be held",
    (WAITING, WAITING): "asked to run now",
    (WAITING, HELD): "held",
    (WAITING, STARTING): "its time has come",
    (WAITING, CANCELLED): "cancelled",
    (HELD, HELD): "frozen, and ended with a checkpoint",
    (HELD, WAITING): "released",
    (HELD, PAUSED): "released, to go on from where it was",
    (HELD, RUNNING): "frozen, and asked to run now",
    (HELD, CANCELLING): "frozen, and cancelled",
    (HELD, CANCELLED): "cancelled",
    (HELD, DONE): "frozen, and ended all the same",
    (HELD, FAILED): "frozen, and killed by somebody else",
    (STARTING, STARTING): "asked to run now",
    (STARTING, RUNNING): "seen running",
    (STARTING, WAITING): "refused, or never began",
    (STARTING, PAUSED): "as before, with a checkpoint to go on from",
    (STARTING, PAUSING): "held, or to start elsewhere or later",
    (STARTING, CANCELLING): "cancelled",
    (STARTING, DONE): "ended well before it was seen running",
    (STARTING, FAILED): "ended badly, or refused too often",
    (RUNNING, RUNNING): "asked to run now, or seen running after it was frozen",
    (RUNNING, PAUSING): "held, or to go on later or elsewhere",
    (RUNNING, PAUSED): "asked to be run again (exit status 75)",
    (RUNNING, CANCELLING): "cancelled",
    (RUNNING, DONE): "exit status 0",
    (RUNNING, FAILED): "any other end, or one nobody knows",
    (PAUSING, PAUSING): "signalled, seen running, or asked otherwise meanwhile",
    (PAUSING, PAUSED): "stopped",
    (PAUSING, HELD): "stopped, because it was held",
    (PAUSING, WAITING): "had not begun",
    (PAUSING, RUNNING): "had begun, and may not be paused",
    (PAUSING, CANCELLING): "cancelled",
    (PAUSING, DONE): "exit status 0 after all",
    (PAUSING, FAILED): "any other end, or one nobody knows",
    (PAUSED, PAUSED): "asked to run now, or frozen and ended with a checkpoint",
    (PAUSED, STARTING): "its time has come again: a further attempt",
    (PAUSED, RUNNING): "frozen, and its time has come again",
    (PAUSED, HELD): "held",
    (PAUSED, CANCELLING): "frozen, and cancelled",
    (PAUSED, CANCELLED): "cancelled",
    (PAUSED, DONE): "frozen, and ended all the same",
    (PAUSED, FAILED): "frozen, and killed by somebody else",
    (CANCELLING, CANCELLED): "ended, or never began",
}
"""What leads from a state to the next one; None: from nothing."""


class IllegalArrowError(ValueError):
    """A step that no arrow allows: a mistake in greenops, never in what it is given."""


def checked(before: JobState | None, after: JobState) -> JobState:
    """Return `after`.

    Raises:
        IllegalArrowError: no arrow leads there from `before`.
    """
    if (before, after) not in ARROWS:
        raise IllegalArrowError(f"no arrow leads from {before} to {after}")
    return after


def diagram() -> str:
    """Return the states and arrows as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for (before, after), words in ARROWS.items():
        lines.append(f"    {before or '[*]'} --> {after}: {words.replace(':', ' -')}")
    lines += [f"    {state} --> [*]" for state in JobState if state.final]
    return "\n".join(lines)
