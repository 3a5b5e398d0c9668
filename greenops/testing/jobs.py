"""A store of jobs in memory, for tests of what decides about them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import isfinite

from greenops.errors import JobChangedError, JobNotFoundError
from greenops.model import (
    Answer,
    Decision,
    IntensityKind,
    JobEvent,
    JobRequest,
    JobSpec,
    OutcomeLook,
    Past,
    Realised,
    RequestKind,
)
from greenops.model.masking import masked


@dataclass(slots=True)
class _KeptJob:
    """What a MemoryJobs holds of one job."""

    spec: JobSpec
    events: list[JobEvent]
    decisions: list[Decision] = field(default_factory=list)
    outcomes: dict[IntensityKind, Realised] = field(default_factory=dict)


class MemoryJobs:
    """A `ports.JobStore` and `JobHistory` in memory, held to the same contract tests.

    Attributes:
        jobs: What is kept, by job id.
        pasts: What `past` returns, by name; to be filled by a test.
        runs: What `run_ids` returns, by job id; likewise.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, _KeptJob] = {}
        self.pasts: dict[str, Past] = {}
        self.runs: dict[str, list[str]] = {}
        self._asked: list[JobRequest] = []
        self._answers: dict[int, Answer] = {}
        self._written = True
        self._looks: dict[str, tuple[datetime, OutcomeLook]] = {}

    def add(
        self,
        job_id: str,
        spec: JobSpec,
        first: JobEvent,
        decisions: Sequence[Decision] = (),
    ) -> None:
        """Write down a submission with its first event and its first plan."""
        if job_id in self.jobs:
            raise JobChangedError(f"there is a job {job_id} already")
        if first.seq != 0:
            raise ValueError(f"the first event of {job_id} is number 0")
        if wrong := {d.job_id for d in decisions} - {job_id}:
            raise JobNotFoundError(f"a decision of another job: {wrong}")
        _refuse_unplain((first,), decisions)
        self.jobs[job_id] = _KeptJob(spec, [first], list(decisions))
        self._written = True

    def append(
        self,
        *events: JobEvent,
        decisions: Sequence[Decision] = (),
        answers: Sequence[Answer] = (),
    ) -> None:
        """Write down what happened, all of it or none."""
        heads: dict[str, JobEvent] = {}
        for event in events:
            last = heads.get(event.job_id) or self._kept(event.job_id).events[-1]
            if last.state.final or event.seq != last.seq + 1:
                raise JobChangedError(
                    f"job {event.job_id} stands at its event {last.seq}: {last.state}"
                )
            heads[event.job_id] = event
        for decision in decisions:
            self._kept(decision.job_id)
        _refuse_unplain(events, decisions)
        for event in events:
            self._append(event)
        for decision in decisions:
            self.jobs[decision.job_id].decisions.append(decision)
        known = {request.request_id for request in self._asked}
        for answer in answers:
            if answer.request_id in known:
                self._answers.setdefault(answer.request_id, answer)
        self._written = True

    def _append(self, event: JobEvent) -> None:
        self.jobs[event.job_id].events.append(event)
        if event.state.final and event.attempt_id is not None:
            look = OutcomeLook(job_id=event.job_id, ended_at=event.at, looks=0)
            self._looks[event.job_id] = (event.at, look)

    def open_jobs(self) -> Mapping[str, tuple[JobSpec, JobEvent]]:
        """Return jobs that are not final, each with its last event, oldest first."""
        return {
            job_id: (kept.spec, kept.events[-1])
            for job_id, kept in self.jobs.items()
            if not kept.events[-1].state.final
        }

    def unreadable(self) -> Mapping[str, str]:
        """Return nothing: what was put in comes out."""
        return {}

    def changed(self) -> bool:
        """Return whether anything was written since this was last asked."""
        written, self._written = self._written, False
        return written

    def job(self, name_or_id: str) -> tuple[str, JobSpec, Sequence[JobEvent]]:
        """Return a job by its id, the start of it, its name or `last`."""
        job_id = self._meant(name_or_id)
        kept = self.jobs[job_id]
        shown = replace(kept.spec, argv=masked(kept.spec.argv))
        return job_id, shown, list(kept.events)

    def decisions(self, job_id: str) -> Sequence[Decision]:
        """Return what was decided for a job, the oldest first."""
        return list(self.jobs[job_id].decisions) if job_id in self.jobs else []

    def last_decisions(self, job_ids: Sequence[str]) -> Mapping[str, Decision]:
        """Return what was decided last for each of these jobs."""
        found = {job_id: self.decisions(job_id) for job_id in job_ids}
        return {job_id: made[-1] for job_id, made in found.items() if made}

    def ask(self, job_id: str, kind: RequestKind, by_user: str, at: datetime) -> int:
        """Write down what a person asks of a job; return the number of the request."""
        self._kept(job_id)
        number = len(self._asked) + 1
        self._asked.append(
            JobRequest(
                request_id=number, job_id=job_id, kind=kind, by_user=by_user, at=at
            )
        )
        self._written = True
        return number

    def requests(self) -> Sequence[JobRequest]:
        """Return what was asked and not answered yet, the oldest first."""
        return [r for r in self._asked if r.request_id not in self._answers]

    def answer(self, request_id: int) -> Answer | None:
        """Return what came of a request; None: not answered yet."""
        return self._answers.get(request_id)

    def past(self, name: str) -> Past | None:
        """Return what a test has put in."""
        return self.pasts.get(name)

    def run_ids(self, job_id: str) -> Sequence[str]:
        """Return what a test has put in."""
        return list(self.runs.get(job_id, ()))

    def state_outcome(self, outcome: Realised) -> None:
        """Write down what came of a job; a later statement counts."""
        figures = (outcome.energy_j, outcome.emitted_g)
        if not all(isfinite(x.low + x.high) for x in figures):
            raise ValueError(f"{outcome} holds no figure to keep")
        self._kept(outcome.job_id).outcomes[outcome.kind] = outcome

    def outcomes(self, job_id: str) -> Mapping[IntensityKind, Realised]:
        """Return what came of a job by kind of intensity, as it was stated last."""
        return dict(self.jobs[job_id].outcomes) if job_id in self.jobs else {}

    def outcomes_due(self, now: datetime, most: int) -> Sequence[OutcomeLook]:
        """Return the ended jobs to be looked at, the longest due first."""
        waiting = sorted(self._looks.values(), key=lambda found: found[0])
        return [look for due, look in waiting if due <= now][:most]

    def looked(self, look: OutcomeLook, again_at: datetime | None) -> None:
        """Write down that an ended job was looked at, and when to look again."""
        self._looks.pop(look.job_id, None)
        if again_at is not None and look.job_id in self.jobs:
            again = replace(look, looks=look.looks + 1)
            self._looks[look.job_id] = (again_at, again)

    def ended(self, job_ids: Sequence[str]) -> Mapping[str, datetime]:
        """Return when each of these jobs ended, without those that did not."""
        last = {j: self.jobs[j].events[-1] for j in job_ids if j in self.jobs}
        return {job_id: event.at for job_id, event in last.items() if event.state.final}

    def close(self) -> None:
        """Do nothing; nothing is held."""

    def _kept(self, job_id: str) -> _KeptJob:
        if job_id not in self.jobs:
            raise JobNotFoundError(f"no job {job_id!r}")
        return self.jobs[job_id]

    def _meant(self, name: str) -> str:
        newest_first = list(reversed(self.jobs))
        if name == "last" and newest_first:
            return newest_first[0]
        if name in self.jobs:
            return name
        named = [j for j in newest_first if self.jobs[j].spec.name == name]
        begun = [j for j in newest_first if name and j.startswith(name)]
        if named or len(begun) == 1:
            return (named or begun)[0]
        raise JobNotFoundError(f"no job {name!r}, or several: {', '.join(begun)}")


def _refuse_unplain(events: Sequence[JobEvent], decisions: Sequence[Decision]) -> None:
    """Raise ValueError for what could not be written to a file."""
    plain: list[object] = [dict(event.facts) for event in events]
    for d in decisions:
        plain += [d.predicted_saved_g, dict(d.inputs), d.candidates, d.chosen]
        plain.append(dict(d.job))
    try:
        json.dumps(plain, allow_nan=False)
    except TypeError as e:
        raise ValueError(f"only plain data can be kept: {e}") from e
