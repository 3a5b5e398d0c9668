import json
import stat

import pytest

from greenops.errors import JobChangedError, LedgerError, LedgerUnavailableError
from greenops.ledger.sealed import SealedCommands, checked_id

ARGV = ("x", "--token", "hunter2", "\udc80\0")


@pytest.fixture
def sealed(tmp_path):
    return SealedCommands(tmp_path / "state" / "jobs")


def test_a_command_comes_back_exactly_and_is_for_its_user_alone(sealed, tmp_path):
    sealed.keep("j1", ARGV)

    path = tmp_path / "state" / "jobs" / "j1" / "command"
    assert sealed.command("j1") == ARGV
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700
    assert [f.name for f in path.parent.iterdir()] == ["command"]


def test_keeping_the_same_command_again_does_no_harm(sealed):
    sealed.keep("j1", ARGV)
    sealed.keep("j1", ARGV)

    assert sealed.command("j1") == ARGV


def test_the_command_of_another_job_is_never_replaced(sealed):
    sealed.keep("j1", ARGV)

    with pytest.raises(JobChangedError, match="j1"):
        sealed.keep("j1", ("rm", "-rf"))

    assert sealed.command("j1") == ARGV


def test_where_nothing_can_be_written_it_says_so(tmp_path):
    (tmp_path / "state").write_text("")

    with pytest.raises(LedgerUnavailableError, match=r"j1.*secret.*state"):
        SealedCommands(tmp_path / "state" / "jobs").keep("j1", ARGV)


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", "[1]", '"x"'], ids=lambda c: repr(c)
)
def test_a_command_that_is_gone_or_damaged_is_an_error(sealed, tmp_path, content):
    folder = tmp_path / "state" / "jobs" / "j1"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "command").write_text(content)

    with pytest.raises(LedgerError, match=r"j1.*submit it again"):
        sealed.command("j1")


@pytest.mark.parametrize(
    "job_id",
    ["", ".", "..", "../x", "a/b", "a\0", "a b", "-rf", ".x", "x" * 129, "é", "a\n"],
)
def test_an_id_cannot_name_a_place_outside_of_its_folder(job_id):
    with pytest.raises(ValueError, match="no id of a job"):
        checked_id(job_id)


def test_a_command_is_kept_as_text_that_people_can_read(sealed, tmp_path):
    sealed.keep("j1", ("x", "ü"))

    kept = (tmp_path / "state" / "jobs" / "j1" / "command").read_text("ascii")
    assert json.loads(kept) == ["x", "ü"]
