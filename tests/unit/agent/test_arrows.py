from pathlib import Path

import pytest

from greenops.agent.arrows import ARROWS, IllegalArrowError, checked, diagram
from greenops.model import JobState

DOCUMENT = Path(__file__).parents[3] / "docs" / "jobs.md"


def test_the_diagram_in_the_documentation_is_the_table():
    assert f"```mermaid\n{diagram()}\n```" in DOCUMENT.read_text(encoding="utf-8")


def test_every_state_is_explained_in_the_documentation():
    text = DOCUMENT.read_text(encoding="utf-8")

    assert [s for s in JobState if f"`{s}`" not in text] == []


def test_an_arrow_that_is_not_in_the_table_is_refused():
    with pytest.raises(IllegalArrowError, match="from done to running"):
        checked(JobState.DONE, JobState.RUNNING)
    assert checked(JobState.WAITING, JobState.STARTING) is JobState.STARTING


def test_nothing_leads_out_of_an_end_and_something_into_every_state():
    assert not [before for before, _ in ARROWS if before and before.final]
    assert {after for _, after in ARROWS} == set(JobState)


@pytest.mark.parametrize("state", [s for s in JobState if not s.final])
def test_from_every_state_a_job_can_be_cancelled_and_come_to_an_end(state):
    reached, todo = set(), [state]
    while todo:
        here = todo.pop()
        reached.add(here)
        todo += [b for a, b in ARROWS if a is here and b not in reached]

    assert JobState.CANCELLED in reached
    assert JobState.DONE in reached or state is JobState.CANCELLING
