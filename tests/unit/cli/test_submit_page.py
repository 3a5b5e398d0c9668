"""What `docs/submitting.md` says is what there is."""

import json
import re
from pathlib import Path

from greenops.cli.submit import submit
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.submission_keys import EXECUTED
from greenops.jobspec.submissions import Around, read_submissions
from tests.unit.jobspec.files import NOW

PAGE = (Path(__file__).parents[3] / "docs" / "submitting.md").read_text()
SAID = PAGE.split("## What you can say")[1].split("## Jobs that may be paused")[0]
FILE = PAGE.split("## The job file")[1].split("## What is at hand")[0]


def test_every_option_is_on_the_page():
    options = {o for p in submit.params for o in (*p.opts, *p.secondary_opts)}
    options = {o for o in options if o.startswith("-")}

    assert {o for o in options if not re.search(rf"`{o}[ `]", SAID)} == set()


def test_every_option_on_the_page_exists():
    options = {o for p in submit.params for o in (*p.opts, *p.secondary_opts)}
    rows = re.findall(r"^\| (`-.*?) \|", SAID, re.MULTILINE)
    named = {o for row in rows for o in re.findall(r"`(--?[a-z-]+)", row)}

    assert len(named) > 25
    assert named - options == set()


def test_every_key_of_the_file_is_on_the_page():
    assert {k for k in EXECUTED if f"`{k}`" not in FILE} == set()


def test_the_file_of_the_page_can_be_submitted(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", FILE, re.DOTALL)
    (tmp_path / "job.toml").write_text(text)
    complaints = Complaints()
    around = Around(cwd="/work", user="ada", places=(), tags_known=frozenset(), now=NOW)

    (job,) = read_submissions(tmp_path / "job.toml", complaints, around)

    complaints.raise_any()
    assert job.spec.argv == ("train.py", "--epochs", "30")
    assert job.env == {"SEED": "7"}


def test_its_programs_are_programs():
    programs = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    assert len(programs) == 2
    for program in programs:
        compile(program, "page", "exec")


def test_every_key_of_the_json_is_documented(greenops, home, monkeypatch):
    monkeypatch.setenv("GREENOPS_ZONE", "DE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    json_page = (Path(__file__).parents[3] / "docs" / "json.md").read_text()
    section = json_page.split("# The JSON of a submission")[1]

    submitted = json.loads(greenops("submit", "--dry-run", "--json", "true").stdout)
    (place,) = json.loads(greenops("places", "--json").stdout)["places"]

    keys = [*submitted, *submitted["plan"], *submitted["forecasts"][0], *place]
    keys += [*place["now"], *place["forecast"]]
    shortened = {"emissions_low_g", "emissions_high_g"}
    assert {k for k in keys if f"`{k}`" not in section} - shortened == set()
