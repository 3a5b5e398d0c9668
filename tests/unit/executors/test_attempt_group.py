import os
from pathlib import Path

import pytest

from greenops.executors.attempt_group import AttemptGroup, remove_group


@pytest.fixture
def parent(tmp_path, monkeypatch):
    """A tree of files that looks like control groups with controllers handed down."""
    make = os.mkdir

    def with_files(path, mode=0o777):
        make(path, mode)
        for name in ("cgroup.procs", "memory.max", "cpu.max"):
            (Path(path) / name).write_text("")

    (tmp_path / "cgroup.procs").write_text("")
    (tmp_path / "cgroup.subtree_control").write_text("")
    monkeypatch.setattr("os.mkdir", with_files)
    return tmp_path


def test_the_runner_moves_in(parent):
    group = AttemptGroup(parent, "a1")

    assert group.path == parent / f"greenopsjob-{os.getpid()}-a1"
    assert (group.path / "cgroup.procs").read_text() == "0"


def test_a_job_is_held_to_what_it_asked_for(parent):
    group = AttemptGroup(parent, "a1")

    assert group.hold(cpus=1.5, memory_gib=2.0) == ""

    assert (group.path / "cpu.max").read_text() == "150000 100000"
    assert (group.path / "memory.max").read_text() == "2147483648"


def test_what_was_not_asked_for_is_not_limited(parent):
    group = AttemptGroup(parent, "a1")

    assert group.hold(cpus=0.0, memory_gib=0.0) == ""

    assert (group.path / "cpu.max").read_text() == ""
    assert (group.path / "memory.max").read_text() == ""


def test_controllers_are_asked_for_where_they_are_missing(parent):
    group = AttemptGroup(parent, "a1")
    (group.path / "memory.max").unlink()

    said = group.hold(cpus=0.0, memory_gib=1.0)

    assert (parent / "cgroup.subtree_control").read_text() == "+memory"
    assert "not enforced" in said
    assert "Delegate=yes" in said
    assert not (group.path / "memory.max").exists()


def test_where_no_group_may_be_made_nothing_is_left(tmp_path):
    with pytest.raises(OSError, match=r"cgroup\.procs"):
        AttemptGroup(tmp_path, "a1")  # a folder like any other: no file to join by

    assert list(tmp_path.iterdir()) == []


def test_a_group_is_removed_with_those_below_it_and_nothing_else_is(tmp_path):
    ours, other = tmp_path / "greenopsjob-a1", tmp_path / "user.slice"
    (ours / "greenops-7-ab").mkdir(parents=True)
    other.mkdir()

    remove_group(ours)
    remove_group(other)

    assert not ours.exists()
    assert other.exists()
