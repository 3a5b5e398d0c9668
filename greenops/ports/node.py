"""What sampling a whole node asks of the outside world."""

from collections.abc import Collection, Sequence
from typing import Protocol

from greenops.model import Group, GroupFacts, Identity, NodeEnergy


class Discovery(Protocol):
    """Finds the jobs on this machine, measured ones and others. Never raises.

    Called from one thread at a time. What may not be seen, such as the processes of
    other users under `hidepid`, is left out, and `problems` says so.
    """

    def scan(self) -> Sequence[Group]:
        """Return every group that lives, or lived at the last scan.

        The CPU times of one scan are those since the one before, each second in one
        group only; the first scan knows none.
        """

    def owner(self, pid: int) -> Identity | None:
        """Return the job of a process, seen before or not; None: it has none."""

    def facts(self, identity: Identity) -> GroupFacts:
        """Return what is known of a group of the last scan."""

    def reserved(self, device_ids: Collection[str]) -> Collection[str]:
        """Return those GPUs that jobs measured by a recorder may use, as of the scan.

        Such a job pays for its GPU while that idles.
        """

    def problems(self) -> Sequence[str]:
        """Return what cannot be found here, and why, in sentences."""


class NodeBook(Protocol):
    """Where it is kept what a node used by the hour. Never raises, never waits."""

    def keep(self, energies: Sequence[NodeEnergy]) -> None:
        """Write these down; one that is kept already, by its name, is replaced."""
