"""Folders of jobs are taken down, and nothing beside them is."""

import os
import sys

import pytest

from greenops.executors.job_cleaning import (
    forget_secrets,
    kept_jobs,
    remove_job,
    remove_remains,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no jobs are run there")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def jobs(tmp_path):
    """The folder of all jobs, with one in it."""
    folder = tmp_path / "jobs"
    (folder / "j1" / "checkpoints" / "deep").mkdir(parents=True)
    for name in ("environment", "command", "output.log", "checkpoints/deep/model.pt"):
        (folder / "j1" / name).write_text("x")
    return folder


@pytest.fixture
def home(tmp_path):
    """What nobody may touch."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "thesis").write_text("years of work")
    yield folder
    assert (folder / "thesis").read_text() == "years of work"


def test_a_jobs_folder_goes_with_all_that_is_in_it(jobs):
    (jobs / "j2").mkdir()
    assert remove_job(jobs, "j1")
    assert [p.name for p in jobs.iterdir()] == ["j2"]


def test_a_link_in_a_folder_goes_and_what_it_leads_to_stays(jobs, home):
    (jobs / "j1" / "data").symlink_to(home)
    (jobs / "j1" / "checkpoints" / "thesis").symlink_to(home / "thesis")
    os.link(home / "thesis", jobs / "j1" / "hard")
    assert remove_job(jobs, "j1")


def test_a_link_in_the_place_of_a_jobs_folder_is_neither_followed_nor_counted(
    jobs, home
):
    (jobs / "j2").symlink_to(home)
    (home / "environment").write_text("of the home")
    assert list(kept_jobs(jobs)) == ["j1"]
    assert not remove_job(jobs, "j2")
    with pytest.raises(OSError, match="j2"):
        forget_secrets(jobs / "j2")
    assert (home / "environment").exists()
    assert (jobs / "j2").is_symlink()


@pytest.mark.parametrize("job_id", ["", ".", "..", "../home", "/etc", ".gone-x", "a/b"])
@pytest.mark.usefixtures("home")
def test_what_is_no_id_of_a_job_removes_nothing(jobs, job_id):
    assert not remove_job(jobs, job_id)
    assert (jobs / "j1" / "output.log").exists()


def test_a_folder_with_a_mount_in_it_stays(jobs, tmp_path, caplog):
    (jobs / "j1" / "my data").mkdir()
    point = str(jobs.resolve() / "j1" / "my data").replace(" ", "\\040")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"36 35 98:0 /mnt1 {point} rw,noatime - ext3 /dev/root rw\n")
    assert not remove_job(jobs, "j1", mounts=mounts)
    assert (jobs / "j1" / "output.log").exists()
    assert "mounted" in caplog.text


def test_a_folder_whose_name_begins_like_a_mounted_one_goes(jobs, tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"36 35 98:0 / {jobs.resolve()}/j11 rw - ext3 /dev/root rw\n")
    assert remove_job(jobs, "j1", mounts=mounts)


@as_root
def test_a_folder_of_another_user_stays(jobs):
    os.chown(jobs / "j1", 65534, 65534)
    assert not remove_job(jobs, "j1")


def test_a_removal_that_was_cut_off_is_no_job_and_is_finished_later(
    jobs, home, monkeypatch
):
    def killed(_path):
        raise OSError("the daemon was killed here")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", killed)
        with pytest.raises(OSError, match="killed here"):
            remove_job(jobs, "j1")
    (jobs / ".gone-link").symlink_to(home)

    assert list(kept_jobs(jobs)) == []
    remove_remains(jobs)
    assert [p.name for p in jobs.iterdir()] == [".gone-link"]


def test_secrets_go_and_the_log_and_the_checkpoints_stay(jobs):
    assert forget_secrets(jobs / "j1")
    assert sorted(p.name for p in (jobs / "j1").iterdir()) == [
        "checkpoints",
        "output.log",
    ]
    assert not forget_secrets(jobs / "j1")
    assert not forget_secrets(jobs / "not there")


def test_without_a_folder_there_are_no_jobs(tmp_path):
    assert list(kept_jobs(tmp_path / "none")) == []
    remove_remains(tmp_path / "none")
