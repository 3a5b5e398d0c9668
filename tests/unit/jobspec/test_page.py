"""What `docs/planning.md` says of the files is what the reader takes."""

import re
import tomllib
from pathlib import Path

import pytest

from greenops.cli.plan import plan
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.job_keys import DataKeys, JobFile, JobKeys, PauseKeys, PhaseKeys
from greenops.jobspec.jobs import read_jobs
from greenops.jobspec.place_keys import FreeKeys, LinkKeys, PlaceFile, PlaceKeys
from greenops.jobspec.tables import Table
from greenops.planner.transfer import UNSTATED_WH_PER_GB
from tests.unit.jobspec.files import NOW

PAGE = (Path(__file__).parents[3] / "docs" / "planning.md").read_text()
JOBS = PAGE.split("## The job file")[1].split("## The file of places")[0]
PLACES = PAGE.split("## The file of places")[1].split("## Replaying")[0]
TABLES: list[tuple[str, type[Table]]] = [
    (JOBS, JobKeys),
    (JOBS, PhaseKeys),
    (JOBS, PauseKeys),
    (JOBS, DataKeys),
    (JOBS, JobFile),
    (PLACES, PlaceKeys),
    (PLACES, FreeKeys),
    (PLACES, LinkKeys),
    (PLACES, PlaceFile),
]


@pytest.mark.parametrize(
    ("section", "key"),
    [(section, key) for section, model in TABLES for key in model.model_fields],
    ids=lambda x: x if len(x) < 30 else "",
)
def test_every_key_is_documented_where_its_file_is(section, key):
    assert re.search(rf"`(\[*(job|place)?\.?){key}\]*`", section)


@pytest.mark.parametrize("section", [JOBS, PLACES], ids=["jobs", "places"])
def test_every_key_in_the_first_column_exists(section):
    known = {k for s, m in TABLES if s is section for k in m.model_fields}
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert len(named) > 15
    assert set(named) - known == set()


@pytest.mark.parametrize(
    ("model", "key"),
    [(m, k) for _, m in TABLES for k in m.model_fields if m not in (JobFile, PlaceFile)],
    ids=lambda x: x if isinstance(x, str) else x.__name__,
)  # fmt: skip
def test_every_example_in_a_complaint_is_right(model, key):
    field = model.model_fields[key]
    given = tomllib.loads(f"{key} = {field.examples[0]}")

    checked = model.__pydantic_validator__.validate_assignment(
        model.model_construct(), key, given[key]
    )

    assert checked is not None
    assert field.description


def test_the_job_of_the_page_can_be_read(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", JOBS, re.DOTALL)
    (tmp_path / "job.toml").write_text(text)
    complaints = Complaints()

    read = read_jobs(
        tmp_path / "job.toml", complaints, moment=lambda _: NOW, places=("lab",)
    )

    complaints.raise_any()
    assert [job.name for job in read.jobs] == ["finetune"]


def test_every_option_of_the_command_is_on_the_page():
    table = PAGE.split("## Reading a plan")[0]
    options = {o for p in plan.params for o in p.opts if o.startswith("-")}

    assert {o for o in options if f"`{o}" not in table} == set()
    assert set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE)) == options


def test_what_is_assumed_of_a_network_is_what_the_planner_assumes():
    known = UNSTATED_WH_PER_GB

    assert f"{known.central:g} Wh/GB within {known.low:g} to {known.high:g}" in PAGE
