"""Jobs in the ledger of a test's home, and what happens to them."""

from datetime import UTC, datetime, timedelta

from greenops.agent.lifecycle import submitted
from greenops.agent.standing import Standing
from greenops.model import Decision, JobEvent, JobSpec, JobState

HOSTILE = "evil\x1b[2J\u202e\n<script>"


def add(store, job_id="job-a", *, held=False, **changed):
    fields = {"name": "train.py", "argv": ("python", "train.py"), "cwd": "/work"}
    spec = JobSpec(**fields | {"user": "ada"} | changed)
    store.add(job_id, spec, submitted(job_id, datetime.now(UTC), "ada", held=held))


def state(store, job_id="job-a"):
    return store.job(job_id)[2][-1].state


def run_it(store, job_id="job-a"):
    """Let an attempt of it run."""
    standing = Standing(attempts=1, live=True, began=True)
    for seq, to in ((1, JobState.STARTING), (2, JobState.RUNNING)):
        store.append(
            JobEvent(
                job_id=job_id, seq=seq, at=datetime.now(UTC), state=to, why="its time",
                attempt_id=f"{job_id}.1", place="lab", facts=standing.facts(),
            )
        )  # fmt: skip


def decide(store, job_id="job-a", *, starts_in=timedelta(hours=3)):
    start = datetime.now(UTC) + starts_in
    spans = [[start.isoformat(), (start + timedelta(hours=1)).isoformat()]]
    store.append(
        decisions=[
            Decision(
                job_id=job_id, at=datetime.now(UTC), cause="forecast",
                inputs_sha256="ab" * 32, inputs={"places": []},
                candidates=(
                    {"place": "lab", "segments": spans, "emissions_g": 800.0},
                    {"place": "far", "rule": "residency", "detail": "far lacks EU"},
                ),
                chosen={"place": "lab", "segments": spans, "emissions_g": 800.0},
                reason="the night is windy", predicted_saved_g=210.0,
                greenops_version="1",
            )
        ]
    )  # fmt: skip


def end_it(store, job_id="job-a", *, to=JobState.DONE, why="it ended", **facts):
    """Let it end as it stands, its attempt too."""
    last = store.job(job_id)[2][-1]
    store.append(
        JobEvent(
            job_id=job_id, seq=last.seq + 1, at=datetime.now(UTC), state=to, why=why,
            attempt_id=last.attempt_id, place=last.place, facts=facts,
        )
    )  # fmt: skip
