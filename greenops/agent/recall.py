"""What was meant for jobs before this daemon knew them, read back from the ledger.

Without it a restart would forget what stands, and change plans for next to nothing; and
what was decided when a job was submitted would be decided and written down again.
"""

from dataclasses import replace

from greenops.agent.present import WAITING, Present
from greenops.agent.standing import Job
from greenops.agent.trail import recalled
from greenops.model import Decision
from greenops.ports import JobStore


class Recall:
    """Reads back the last decision of each job that is new to it.

    Args:
        present: Where what was meant is kept.
        store: Where decisions are written.
    """

    def __init__(self, present: Present, store: JobStore) -> None:
        self._present = present
        self._store = store
        self._known: frozenset[str] = frozenset()

    def look(self) -> None:
        """Take what was meant for jobs that were not there at the last look.

        Raises:
            LedgerError: the store fails; what is new then is new the next time.
        """
        jobs = self._present.book.jobs
        new = [job_id for job_id in jobs if job_id not in self._known]
        if new:
            for job_id, decision in self._store.last_decisions(new).items():
                job = jobs[job_id]
                if _stands(job, decision):
                    alone = job.last.seq == 0 and decision.at == job.last.at
                    meant = replace(recalled(decision), alone=alone)
                    self._present.intents[job_id] = meant
        self._known = frozenset(jobs)


def _stands(job: Job, decision: Decision) -> bool:
    """Return whether a decision is still meant, as far as the job's state tells.

    What was meant ends with the attempt that it was meant for, and with being held.
    """
    if job.state in WAITING:
        return decision.at >= job.last.at
    return job.standing.live
