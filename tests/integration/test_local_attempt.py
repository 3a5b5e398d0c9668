"""An attempt by the real runner: measured, logged, told what it needs to know."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenops.config import load_config_leniently
from greenops.executors.attempt_folder import AttemptFolder
from greenops.executors.job_folder import write_environment
from greenops.executors.local_end import living
from greenops.executors.processes import everybody
from greenops.model import AttemptState
from tests.conftest import GREENOPS
from tests.executors.rigs import MEASURED, LocalRig, environment, until

ENDED = AttemptState.ENDED
TELLS = "import json, os; json.dump(dict(os.environ), open('told', 'w')); print('out')"


@pytest.fixture
def rig(tmp_path):
    rig = LocalRig(tmp_path, runner=MEASURED)
    yield rig
    rig.close()


def told(rig, attempt_id="a1"):
    return json.loads((rig.folder(attempt_id) / "told").read_text())


def tells(rig, **changes):
    return rig.attempt(argv=(sys.executable, "-S", "-c", TELLS), **changes)


def shown(rig, run_id):
    done = subprocess.run(
        [*GREENOPS, "show", run_id, "--json"],
        env=environment(rig.home), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_an_attempt_becomes_a_measured_run_of_its_job(rig):
    spins = "import time\nstop = time.monotonic() + 1.5\nwhile time.monotonic() < stop: sum(range(9999))"
    spec = {"project": "vision", "team": "a", "tags": {"seed": "7"}}
    rig.executor.submit(
        rig.attempt(argv=(sys.executable, "-c", spins), zone="FR", pue=1.3, spec=spec)
    )
    running = until(lambda: (s := rig.status()) and s.run_id and s)
    ended = rig.wait_for(ENDED)
    run = shown(rig, ended.run_id)

    assert running.run_id == ended.run_id
    assert (ended.exit_code, run["status"], run["name"]) == (0, "finished", "waits")
    assert run["energy_j"] > 0
    assert (run["project"], run["team"]) == ("vision", "a")
    assert run["tags"] == {"seed": "7", "job_id": "job-a1", "attempt": "a1"}
    assert run["emissions"]["zone"] == "FR"
    log = rig.folder("a1") / "output.log"
    assert ended.run_id in log.read_text()  # the summary, as after `greenops wrap`


def test_a_job_finds_its_own_environment_and_what_it_is_told(rig):
    write_environment(rig.folder("a1"), {b"PATH": b"/bin", b"MINE": b"a=b\nc"})
    spec = {"environment_names": ("PATH", "MINE")}
    rig.executor.submit(tells(rig, resume=True, spec=spec))
    rig.wait_for(ENDED)

    found = told(rig)
    # What follows its PyTorch loops, if it has any, is as `wrap` adds it.
    added = ("LC_CTYPE", "PWD", "GREENOPS_WATCH", "PYTHONPATH")
    assert {k: v for k, v in found.items() if k not in added} == {
        "PATH": "/bin",
        "MINE": "a=b\nc",
        "GREENOPS_ATTEMPT": str(rig.root / "attempts" / "a1"),
        "GREENOPS_JOB_ID": "job-a1",
        "GREENOPS_RESUME": "1",
        "GREENOPS_CHECKPOINT_DIR": str(rig.folder("a1") / "checkpoints"),
    }
    assert (rig.folder("a1") / "checkpoints").is_dir()


def test_a_job_sees_the_gpus_it_was_assigned_and_no_other(rig):
    rig.executor = rig.again(gpus=lambda: {"0": False, "1": False, "2": True})
    for name, gpus in (("a1", 1), ("a2", 0), ("a3", 1)):
        rig.executor.submit(
            rig.attempt(
                name, argv=("sh", "-c", 'echo "$CUDA_VISIBLE_DEVICES" > gpus; sleep 2'),
                spec={"gpus": gpus}, place=name,
            )
        )  # fmt: skip
    until(lambda: all((rig.folder(n) / "gpus").exists() for n in ("a1", "a2", "a3")))

    time.sleep(0.1)
    seen = [(rig.folder(n) / "gpus").read_text().strip() for n in ("a1", "a2", "a3")]
    assert seen == ["0", "", "1"]
    health = rig.executor.health("here", {})
    assert (health.gpus, health.free_gpus) == (3, 0)


@pytest.mark.parametrize(
    ("argv", "changes", "code", "words"),
    [
        (("no-such-command",), {}, 127, "command not found"),
        (("/etc/passwd",), {}, 126, "Permission denied"),
        (("true",), {"cwd": "/no/such/folder"}, 126, "/no/such/folder"),
        (("true",), {"environment_names": ("LOST",)}, 126, "submit it again"),
    ],
)
def test_what_cannot_be_started_ends_and_says_why(rig, argv, changes, code, words):
    attempt = rig.attempt(argv=argv)
    for name, value in changes.items():
        object.__setattr__(attempt.spec, name, value)
    rig.executor.submit(attempt)
    ended = rig.wait_for(ENDED)

    assert ended.exit_code == code
    assert words in ended.detail


def test_a_wrong_zone_does_not_keep_a_job_from_running(rig):
    rig.executor.submit(rig.attempt(argv=("true",), zone="Atlantis", pue=0.2))

    assert rig.wait_for(ENDED).exit_code == 0


def test_a_chatty_jobs_log_is_rotated_while_it_runs_and_nothing_waits_for_it(rig):
    talks = (
        "import os, time\nstop = time.monotonic() + 3.5\ni = 0\nslowest = 0.0\n"
        "while time.monotonic() < stop:\n"
        "    before = time.monotonic()\n"
        "    os.write(1, b'line %09d\\n' % i); i += 1\n"
        "    slowest = max(slowest, time.monotonic() - before)\n"
        "    if i % 200 == 0: time.sleep(0.005)\n"
        "open('slowest', 'w').write(f'{slowest} {i}')"
    )
    options = {"log_mib": 0.05, "logs_kept": 50}
    rig.executor.submit(
        rig.attempt(argv=(sys.executable, "-S", "-c", talks), options=options)
    )
    assert rig.wait_for(ENDED).exit_code == 0

    folder = rig.folder("a1")
    old = sorted(folder.glob("output.log.*"), key=lambda p: -int(p.suffix[1:]))
    slowest_s, written = (folder / "slowest").read_text().split()
    text = b"".join(p.read_bytes() for p in [*old, folder / "output.log"])
    lines = [x for x in text.split(b"\n") if x.startswith(b"line ")]
    assert old
    assert float(slowest_s) < 1.0
    if sys.platform == "linux" and _collapses(folder):
        assert lines == [b"line %09d" % i for i in range(int(written))]


def _collapses(folder):
    from greenops.executors.local_logs import _collapse

    path = folder / "probe"
    path.write_bytes(b"x" * 8192)
    fd = os.open(path, os.O_RDWR)
    try:
        return _collapse(fd, 4096)
    finally:
        os.close(fd)


def test_a_job_cancelled_before_its_runner_is_up_never_begins(rig):
    rig.executor.submit(rig.attempt())
    rig.executor.cancel("a1", 5.0)

    assert rig.status().state is AttemptState.VOID
    time.sleep(0.5)
    assert rig.ran() == 0


FORKS_AWAY = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvpe("sleep", ["sleep", "60"], {"PATH": os.environ["PATH"]})
    os._exit(0)
time.sleep(60)
"""


def test_in_a_control_group_nothing_is_lost_sight_of(rig):
    """Neither session, nor parent, nor environment tells whose that sleep is."""
    rig.executor.submit(rig.attempt(argv=(sys.executable, "-S", "-c", FORKS_AWAY)))
    until(lambda: (s := rig.status()) and s.run_id)
    folder = AttemptFolder(rig.root / "attempts" / "a1")
    group = Path(rig.record("a1", "job")["group"] or "/no/group")
    if not group.is_dir():
        pytest.skip("no control group of one's own may be made here")
    until(lambda: len(there := living(folder)) == 2 and "sleep" in map(comm, there))
    pids = set(living(folder))
    os.kill(rig.record("a1", "claim")["pid"], signal.SIGKILL)
    until(lambda: "runner was killed" in rig.status().detail)
    assert set(living(folder)) == pids

    rig.executor.cancel("a1", 0.0)
    rig.wait_for(ENDED)
    assert not pids & everybody().keys()
    rig.executor.forget("a1")
    assert not group.exists()


def comm(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def test_what_a_job_is_told_is_no_setting_misspelt(tmp_path):
    told = ("ATTEMPT", "JOB_ID", "RESUME", "CHECKPOINT_DIR")
    environ = {f"GREENOPS_{name}": "1" for name in told}

    assert load_config_leniently(environ=environ, cwd=tmp_path)[1] == []


def test_the_runner_imports_nothing_heavy_before_its_job_runs():
    code = (
        "import sys, greenops.cli.run_attempt; "
        "print([m for m in ('greenops.model', 'ctypes', 'shutil', 'logging', 'numpy', "
        "'sqlalchemy', 'psutil', 'subprocess') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    bare = subprocess.run(
        [sys.executable, "-c", code.replace("run_attempt", "wrap")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout == bare.stdout


LAUNCHER = 'touch "$GREENOPS_CHECKPOINT_DIR/paused"; exit {code}'


@pytest.mark.parametrize("code", [0, 1])
def test_a_launcher_may_make_another_status_of_being_paused(rig, code):
    """As torchrun does, which ends with 1 whatever its processes end with."""
    rig.executor.submit(rig.attempt(argv=("sh", "-c", LAUNCHER.format(code=code))))

    assert rig.wait_for(ENDED).exit_code == 75


def test_the_mark_of_an_earlier_attempt_does_not_count(rig):
    folder = rig.folder("a1") / "checkpoints"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "paused").touch()
    folder.parent.chmod(0o700)

    rig.executor.submit(rig.attempt(argv=("sh", "-c", "exit 3")))

    assert rig.wait_for(ENDED).exit_code == 3
