"""Whose jobs a process runs: those of its own account only, whatever a job says."""

import os
import pwd
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from greenops.errors import ExecutorRefusedError
from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.job_owner import uid_of, why_not_ours
from greenops.executors.local_runner import run_attempt
from greenops.model import AttemptState
from greenops.tracking.identity import user_name
from tests.executors.rigs import LocalRig

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="jobs are run on Linux only"
)
ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as others")


def somebody_else():
    return "nobody" if user_name() != "nobody" else "root"


def acting(user, of):
    """Return what comes of a job of `of`, submitted to an executor that is `user`."""
    script = ROOT / "tests" / "workloads" / "act_as.py"
    done = subprocess.run(
        [sys.executable, script, user, of],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": "/tmp"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "user",
    [
        "no-such-user-here",
        "",
        "uid 4294967295",
        "uid 12 ",
        "uid -1",
        "root\0",
        "../root",
        somebody_else(),
    ],
    ids=repr,
)
def test_a_job_of_anybody_else_is_not_ours_and_it_says_what_to_do(user):
    why = why_not_ours(user)
    assert "runs as who submitted it" in why
    assert "daemon" in why


def test_a_job_of_our_own_account_is_ours_by_name_and_by_number():
    assert why_not_ours(user_name()) == ""
    assert why_not_ours(f"uid {os.geteuid()}") == ""
    assert uid_of("uid 65534") == 65534


def test_who_we_are_is_not_what_the_environment_says(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody")
    assert user_name() == pwd.getpwuid(os.geteuid()).pw_name


def test_a_job_whose_owner_was_tampered_with_is_refused_and_leaves_nothing(tmp_path):
    rig = LocalRig(tmp_path)
    good = rig.attempt()
    bad = replace(good, spec=replace(good.spec, user=somebody_else()))

    with pytest.raises(ExecutorRefusedError, match="runs as who submitted it"):
        rig.executor.submit(bad)

    assert rig.status().state is AttemptState.UNKNOWN
    assert not rig.root.exists()


def test_a_runner_looks_again_whose_job_it_is(tmp_path):
    rig = LocalRig(tmp_path, runner=("/bin/true",))
    rig.executor.submit(rig.attempt())
    folder = AttemptFolder(rig.root / "attempts" / "a1")
    order = folder.order()
    assert order
    (folder.path / "attempt.json").unlink()
    folder.accept(replace(order, user=somebody_else()))
    begun = []

    run_attempt(folder.path, lambda *order: begun.append(order))  # type: ignore[arg-type]

    assert not begun
    ended = folder.ended()
    assert ended
    assert "runs as who submitted it" in ended["detail"]


@as_root
def test_an_executor_of_a_user_runs_that_users_jobs_with_that_users_rights():
    assert acting("nobody", "nobody") == f"ran as {pwd.getpwnam('nobody').pw_uid}\n"


@as_root
@pytest.mark.parametrize(
    ("user", "of"), [("nobody", "root"), ("root", "nobody")], ids=["up", "down"]
)
def test_nobodys_rights_are_taken_for_a_job_of_another(user, of):
    said = acting(user, of)
    assert said.startswith("refused: ")
    assert "left []" in said
