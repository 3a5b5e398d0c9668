"""Records of jobs to write to stores in tests."""

from datetime import UTC, datetime, timedelta

from greenops.model import (
    Bounded,
    Dataset,
    Decision,
    IntensityKind,
    JobEvent,
    JobSpec,
    JobState,
    PauseBy,
    Pausing,
    Realised,
    Workload,
)

T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)
JOB_ID = "20260101-120000-aaaaaa"


def a_spec(**changed):
    fields = {
        "name": "train",
        "argv": ("python", "train.py", "--epochs", "3"),
        "cwd": "/home/ada",
        "user": "ada",
    }
    return JobSpec(**fields | changed)


def a_full_spec(**changed):
    """A submission none of whose fields is at its default."""
    fields = {
        "workload": Workload.INFER,
        "environment_names": ("HOME", "HF_TOKEN"),
        "duration_s": Bounded(central=3600.0, low=3000.0, high=5000.0),
        "power_w": 312.5,
        "gpus": 2,
        "cpus": 7.5,
        "memory_gib": 31.25,
        "earliest": T0,
        "deadline": T0 + timedelta(hours=30, microseconds=1),
        "max_delay_s": 7200.0,
        "hard": False,
        "interruptible": True,
        "pause_by": PauseBy.FREEZE,
        "pausing": Pausing(pause_s=1.0, resume_s=2.0, energy_j=3.0, max_pauses=4),
        "checkpoint_signal": "",
        "grace_s": 12.5,
        "datasets": (Dataset(name="d", size_gb=120.0, at=frozenset({"a", "b"})),),
        "checkpoint_gb": 1.5,
        "places": frozenset({"here", "there"}),
        "needs_tags": frozenset({"EU"}),
        "shuns_tags": frozenset({"spot"}),
        "private": True,
        "priority": -3,
        "project": "vision",
        "team": "a",
        "tags": {"seed": "1", "größe": "\udc80\0"},
    }
    return a_spec(**fields | changed)


def an_event(seq=0, state=JobState.WAITING, job_id=JOB_ID, **changed):
    fields = {
        "job_id": job_id,
        "seq": seq,
        "at": T0 + timedelta(seconds=seq, microseconds=1),
        "state": state,
        "why": "it was submitted",
    }
    return JobEvent(**fields | changed)


def a_decision(job_id=JOB_ID, **changed):
    fields = {
        "job_id": job_id,
        "at": T0,
        "cause": "a new forecast",
        "inputs_sha256": "ab" * 32,
        "inputs": {"forecast": {"DE": "2026-01-01T12:00:00+00:00"}, "free_gpus": 2},
        "candidates": ({"place": "here", "total_g": 12.5}, {"place": "there"}),
        "chosen": {"place": "here", "segments": [[0, 3600]]},
        "reason": "it is cleaner at night",
        "predicted_saved_g": 3.25,
        "greenops_version": "0.2.0",
        "job": {"deadline": "2026-01-02T12:00:00+00:00", "gpus": 2},
    }
    return Decision(**fields | changed)


def near(central):
    return Bounded(central=central, low=central * 0.5, high=central * 2)


def an_outcome(job_id=JOB_ID, **changed):
    fields = {
        "job_id": job_id,
        "stated_at": T0,
        "kind": IntensityKind.AVERAGE,
        "run_ids": ("r1", "r2"),
        "energy_j": near(3.6e6),
        "emitted_g": near(100.0),
        "run_now_g": near(400.0),
        "saved_g": Bounded(central=300.0, low=-10.0, high=600.0),
        "run_now_zone": "DE",
        "run_now_start": T0,
        "run_now_source": "a grid operator",
        "how": "the same energy, begun at once",
        "greenops_version": "0.2.0",
        "promised_g": 280.5,
    }
    return Realised(**fields | changed)
