"""Records of what came of submitted jobs, for lists, estimates and the audit trail."""

from dataclasses import dataclass
from datetime import datetime

from greenops.model.carbon import Bounded, IntensityKind
from greenops.model.runs import RunStatus
from greenops.model.work import JobState

JOB_ID_TAG = "job_id"
"""Tag of a measured run that is an attempt at a submitted job: which job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """One line of a list of jobs.

    Attributes:
        command: What looks like a secret is masked.
        since: When it came to stand as it does.
        why: Why it stands so, in one sentence.
        saved_g: Measured emissions below running at once; None: not known.
        planned_start: When it was last meant to start; None: as soon as there is room.
        planned_place: Where; None: anywhere.
        promised_g: What it was last expected to save; None: not known.
        request: What was asked of it and not answered yet; empty: nothing.
    """

    job_id: str
    name: str
    user: str
    state: JobState
    submitted_at: datetime
    since: datetime
    why: str
    command: tuple[str, ...]
    project: str | None = None
    team: str | None = None
    place: str | None = None
    deadline: datetime | None = None
    saved_g: float | None = None
    planned_start: datetime | None = None
    planned_place: str | None = None
    promised_g: float | None = None
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRun:
    """The measured run of an attempt at a job.

    Attributes:
        duration_s: None: it has not ended.
        energy_j: Of the job; None: not known (yet), as `total_g`.
        total_g: Operational and embodied emissions, as they were stated last.
    """

    run_id: str
    status: RunStatus
    started_at: datetime
    duration_s: float | None = None
    zone: str | None = None
    energy_j: Bounded | None = None
    total_g: Bounded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What past jobs and runs of one name took, as an estimate of the next.

    Attributes:
        n: How many are behind it.
        duration_s: Running time without pauses; the interval is for the next one.
        power_w: Mean power of the job; None: none of them was measured.
    """

    n: int
    duration_s: Bounded
    power_w: Bounded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """What a job emitted, beside what the same work would have, started at once.

    Operational emissions only: the hardware is held equally long either way. Both are
    of one kind of intensity, which is never the other's.

    Attributes:
        run_ids: The measured runs it is the sum of.
        energy_j: Measured.
        emitted_g: Of the data moved for it too, where that was planned.
        run_now_g: None: the intensities of that time are not known.
        saved_g: Below running at once; below 0: more. None as `run_now_g`.
        run_now_zone, run_now_start: Where and when it would have run.
        run_now_source: Who stated the intensities of that time.
        how: The method, or why there is no figure, in a sentence.
        promised_g: What the decision that the job began by expected it to save, by
            intensities of this kind; None: that is not known.
    """

    job_id: str
    stated_at: datetime
    kind: IntensityKind
    run_ids: tuple[str, ...]
    energy_j: Bounded
    emitted_g: Bounded
    run_now_g: Bounded | None
    saved_g: Bounded | None
    run_now_zone: str
    run_now_start: datetime
    run_now_source: str = ""
    how: str = ""
    greenops_version: str = ""
    promised_g: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLook:
    """An ended job whose outcome is to be stated, or may have to be stated anew.

    Attributes:
        looks: How often it was looked at before.
    """

    job_id: str
    ended_at: datetime
    looks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a request; written in one with the event it led to."""

    request_id: int
    at: datetime
    answer: str
