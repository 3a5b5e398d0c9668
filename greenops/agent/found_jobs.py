"""The jobs found on a node: which of them become runs, and when those end."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from greenops.agent.found_run import Describe, FoundRun, Instant, use_of
from greenops.agent.node_balance import Held, NodeBalance
from greenops.model import Group, Identity, IdentityKind
from greenops.ports import Recorder
from greenops.tracking.recording import Assess, footprint_or_why

log = logging.getLogger(__name__)

UNKNOWN_END = "found on the node, not started by greenops: how it ended is not known"
GOES_ON = "the job goes on: greenops stopped sampling the node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What makes a job that is found worth a run of its own.

    Attributes:
        after_s: For so long it has to live, in s, and use a GPU or processors.
        cpus: Processors it has to use on the average over that time, where it uses no
            GPU.
    """

    after_s: float = 60.0
    cpus: float = 0.1


class FoundJobs:
    """Every job that lives on the node and is not measured by a recorder of its own.

    A job becomes a run, from its first moment seen, when it has lived for
    `Worth.after_s` and used enough in that time. One that did not gets another such
    span: so a notebook that sat idle all day becomes a run with the work, not before.

    Args:
        recorder: Keeps the runs.
        describe: Returns the record of a run.
        assess: Computes its footprint at its end.
        worth: What makes a job a run.
    """

    def __init__(
        self, recorder: Recorder, describe: Describe, assess: Assess, worth: Worth
    ) -> None:
        self._recorder = recorder
        self._describe = describe
        self._assess = assess
        self._worth = worth
        self._jobs: dict[Identity, FoundRun] = {}

    def job(self, identity: Identity, since: Instant) -> FoundRun:
        """Return a job; one that was not there begins at `since`."""
        if identity not in self._jobs:
            self._jobs[identity] = FoundRun(identity, since)
        return self._jobs[identity]

    def runs(self) -> list[str]:
        """Return the names of the jobs that live and are runs."""
        return [job.run.name for job in self._jobs.values() if job.run is not None]

    def take(
        self,
        groups: Sequence[Group],
        node_cpu_s: float | None,
        *,
        before: Instant,
        now: Instant,
        balance: NodeBalance,
    ) -> None:
        """Take in a scan, after the energy up to it was charged.

        Args:
            groups: Who lives, and who lived at the scan before.
            node_cpu_s: CPU time of everybody since then, in s; None: unknown.
            before: When that was.
            now: When this scan was.
            balance: Gets the energy of jobs that become runs.
        """
        unseen = set(self._jobs)
        for group in groups:
            if group.identity.kind is IdentityKind.RUN:
                continue
            unseen.discard(group.identity)
            job = self.job(group.identity, before)
            span_s = now.at_s - before.at_s
            if span_s > 0:
                job.note_use(
                    use_of(
                        group,
                        start_epoch_s=before.epoch_s,
                        span_s=span_s,
                        node_cpu_s=node_cpu_s,
                    )
                )
            if not group.processes:
                self._end(job, now, UNKNOWN_END)
            else:
                balance.give(self._go_on(job, now))
        for identity in unseen:
            self._end(self._jobs[identity], now, UNKNOWN_END)

    def close(self, now: Instant) -> None:
        """End every run here; their jobs go on."""
        for job in list(self._jobs.values()):
            self._end(job, now, GOES_ON)

    def _go_on(self, job: FoundRun, now: Instant) -> Sequence[Held]:
        if job.run is not None:
            job.write(self._recorder)
            return ()
        lived_s = now.at_s - job.since.at_s
        if lived_s < self._worth.after_s:
            return ()
        if not (job.on_gpu or job.cpu_s >= self._worth.cpus * lived_s):
            job.restart(now)
            return ()
        run = self._describe(job.identity, job.since)
        log.info("found %s: run %s", job.identity.name, run.run_id)
        return job.begin(run, self._recorder)

    def _end(self, job: FoundRun, now: Instant, note: str) -> None:
        del self._jobs[job.identity]
        run = job.run
        if run is None:
            return
        job.write(self._recorder)
        notes = [note]
        totals = job.totals()
        footprint = footprint_or_why(
            lambda: self._assess(run, totals, job.hours(), now.at_s - job.since.at_s),
            notes,
        )
        self._recorder.finish(job.end(run, now, notes), totals, footprint)
