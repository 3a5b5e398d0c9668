"""Add many jobs that have ended to a ledger, the same for the same seed.

python -m tests.bench.make_jobs PATH --jobs 100000 [--seed 1]
"""

import argparse
import contextlib
import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from greenops.ledger import job_writing
from greenops.ledger.append import Appender
from greenops.ledger.job_rows import job_row
from greenops.ledger.rows import Row
from greenops.model import JobEvent, JobSpec, JobState

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
PER_TRANSACTION = 5000
LIFE = (JobState.STARTING, JobState.RUNNING)
ENDS = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
ODDS = (9000, 998, 2)
RARE = 0.00005
"""How often a job is of a user and of a name that hardly occur."""


def make_jobs(path: Path, *, jobs: int, seed: int = 1) -> None:
    """Write `jobs` ended jobs, four events each, to the ledger at `path`."""
    dice = random.Random(seed)
    with contextlib.closing(Appender(path)) as appender:
        for first in range(0, jobs, PER_TRANSACTION):
            numbers = range(first, min(first + PER_TRANSACTION, jobs))
            made = [_job(number, dice) for number in numbers]
            events = [e for _, events in made for e in events[1:]]
            submissions = [(row, events[0]) for row, events in made]
            appender.transact(partial(_write, submissions, events), until_s=float)


def _write(
    submissions: Sequence[tuple[Row, JobEvent]],
    events: Sequence[JobEvent],
    connection: sqlite3.Connection,
) -> None:
    job_writing.add(connection, submissions)
    job_writing.append(connection, events)


def _job(number: int, dice: random.Random) -> tuple[Row, list[JobEvent]]:
    rare = dice.random() < RARE
    job_id = f"job-{number:06d}"
    at = FIRST + timedelta(seconds=60 * number)
    spec = JobSpec(
        name="rare" if rare else f"train-{number % 7}",
        argv=("python", "train.py", "--seed", str(number)),
        cwd="/home/ada",
        user="grace" if rare else "ada",
        project=f"project-{number % 3}",
    )
    events = [
        JobEvent(
            job_id=job_id,
            seq=seq,
            at=at + timedelta(seconds=seq),
            state=state,
            why=f"it is {state}",
            attempt_id=f"{job_id}.1" if seq else None,
            place="here" if seq else None,
            facts={"attempts": 1, "live": True} if seq else {},
        )
        for seq, state in enumerate(_life(dice))
    ]
    return job_row(job_id, spec, at)[0], events


def _life(dice: random.Random) -> Iterator[JobState]:
    yield JobState.WAITING
    yield from LIFE
    yield dice.choices(ENDS, ODDS)[0]


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    make_jobs(asked.path, jobs=asked.jobs, seed=asked.seed)


if __name__ == "__main__":
    main()
