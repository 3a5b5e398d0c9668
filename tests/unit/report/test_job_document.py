"""Submitted jobs as JSON: all of it documented, with units, in UTC."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenops.model import (
    AttemptRun,
    Bounded,
    IntensityKind,
    JobLine,
    JobState,
    RunStatus,
)
from greenops.report.job_document import job_to_dict, line_to_dict, plan_to_dict
from greenops.report.job_facts import WholeJob
from tests.unit.ledger import job_records as r

PAGE = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
OWN_KEYS = {"facts", "inputs", "job", "chosen", "candidates", "tags"}
"""Objects whose keys are told in a sentence, or are people's own."""


def whole():
    run = AttemptRun(
        run_id="r1",
        status=RunStatus.FINISHED,
        started_at=r.T0,
        duration_s=60.0,
        zone="FR",
        energy_j=Bounded(central=3.0, low=2.0, high=4.0),
    )
    return WholeJob(
        job_id=r.JOB_ID,
        spec=r.a_full_spec(),
        events=[r.an_event(attempt_id="a.1", place="here")],
        decisions=[r.a_decision()],
        runs=[run],
        outcomes={IntensityKind.AVERAGE: r.an_outcome()},
        log="/state/jobs/a/output.log",
    )


def keys_of(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in OWN_KEYS:
                yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


def line():
    return JobLine(
        job_id="a",
        name="train",
        user="ada",
        state=JobState.WAITING,
        submitted_at=r.T0,
        since=r.T0.astimezone(datetime.now().astimezone().tzinfo),
        why="so",
        command=("true",),
        deadline=r.T0 + timedelta(days=1),
    )


def test_every_key_is_documented():
    rows = [job_to_dict(whole()), line_to_dict(line()), plan_to_dict("a", None)]
    named = set(re.findall(r"`([a-z_0-9]+)`", PAGE))

    assert {key for row in rows for key in keys_of(row)} - named - {"average"} == set()


def test_a_job_is_plain_json_and_its_times_are_utc():
    row = json.loads(json.dumps(job_to_dict(whole())))

    assert row["events"][0]["at"].endswith("+00:00")
    assert row["spec"]["deadline"].endswith("+00:00")
    assert row["spec"]["needs_tags"] == ["EU"]
    assert row["spec"]["environment_names"] == ["HOME", "HF_TOKEN"]


def test_what_has_bounds_has_them_beside_it():
    row = job_to_dict(whole())

    assert (row["spec"]["duration_low_s"], row["spec"]["duration_s"]) == (
        3000.0,
        3600.0,
    )
    assert row["runs"][0]["energy_high_j"] == 4.0
    assert row["runs"][0]["total_g"] is None  # not known is null, never 0
    assert row["outcomes"]["average"]["saved_low_g"] is not None


def test_a_line_says_when_it_came_to_stand_so_in_utc():
    row = line_to_dict(line())

    assert row["since"] == r.T0.astimezone(UTC).isoformat()
    assert row["request"] is None
