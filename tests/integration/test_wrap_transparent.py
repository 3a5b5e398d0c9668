"""The wrapped command cannot tell, and neither can whoever started it."""

import json
import os
import signal
import stat
import subprocess
import sys
import time

import pexpect
import psutil
import pytest

from tests.conftest import GREENOPS

CATCH = """
import signal, sys, time
def caught(number, frame):
    print("caught", signal.Signals(number).name, flush=True)
for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGQUIT"):
    signal.signal(getattr(signal, name), caught)
print("ready", flush=True)
stop = time.monotonic() + float(sys.argv[1])
while time.monotonic() < stop:
    time.sleep(0.02)
"""

TELL = """
import json, os, resource, signal, sys
print(json.dumps({
    "argv": sys.argv[1:], "cwd": os.getcwd(), "env": sorted(os.environ.items()),
    "umask": os.umask(0), "group": os.getpgrp(), "session": os.getsid(0),
    "fds": sorted(os.listdir("/proc/self/fd")), "nice": os.nice(0),
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "ignored": [l for l in open("/proc/self/status") if l.startswith("SigIgn")],
    "nofile": resource.getrlimit(resource.RLIMIT_NOFILE),
}))
"""


@pytest.fixture
def script(tmp_path):
    def write(source, name="job.py"):
        path = tmp_path / name
        path.write_text(source)
        return path

    return write


@pytest.mark.parametrize("code", [0, 1, 3, 75, 127, 255])
def test_the_exit_status_is_that_of_the_command(cli, code):
    assert cli.run("wrap", "--", "sh", "-c", f"exit {code}").returncode == code


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT", "SIGSEGV", "SIGABRT"])
def test_death_by_a_signal_is_death_by_that_signal(cli, name):
    number = getattr(signal, name)

    done = cli.run("wrap", "--", "sh", "-c", f"kill -{number.value} $$")

    assert done.returncode == -number


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["--", "no-such-command-here"], 127, "command not found"),
        (["--", "./absent/x"], 127, "no such file"),
        (["--", "/etc/passwd"], 126, "Permission denied"),
        (["--", "/tmp"], 126, "Permission denied"),
        (["absent.py"], 127, "no such script"),
        ([], 2, "no command given"),
        (["--", ""], 2, "no command given"),
        (["--pue", "0.5", "--", "true"], 2, "pue"),
        (["--interval", "-1", "--", "true"], 2, "interval"),
        (["--interval", "0", "--", "true"], 2, "interval"),
        (["--pue", "0", "--", "true"], 2, "pue"),
        (["--zone", "Atlantis", "--", "true"], 2, "zone"),
        (["--tag", "novalue", "--", "true"], 2, "KEY=VALUE"),
        (["--json", "/no/such/folder/x.json", "--", "true"], 2, "folder"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_what_cannot_start_says_why_and_exits_as_a_shell_would(
    cli, command, code, words
):
    done = cli.run("wrap", *command)

    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_without_a_first_line_runs_under_the_shell(cli, tmp_path):
    (tmp_path / "plain").write_text("echo from the shell: $1\n")
    (tmp_path / "plain").chmod(0o755)

    assert cli.run("wrap", "--", "./plain", "x").stdout == "from the shell: x\n"


def test_a_python_script_runs_under_this_python(cli, script):
    path = script("import sys; print(sys.executable, sys.argv[1:])")

    done = cli.run("wrap", path, "--epochs", "3", "--json", "kept")

    assert done.stdout == f"{sys.executable} ['--epochs', '3', '--json', 'kept']\n"


def test_everything_the_command_can_see_is_as_without_us(cli, script):
    path = script(TELL)
    kwargs = {
        "env": {**cli.env, "LC_ALL": "C", "ODD": "a=b=c"},
        "cwd": cli.home,
        "capture_output": True,
        "text": True,
        "check": True,
    }
    for key in ("LC_ALL", "LC_CTYPE", "LANG"):
        kwargs["env"].pop(key, None)  # a C locale: Python would add LC_CTYPE

    def told(*command):
        done = subprocess.run([*command, path, "a b"], **kwargs)
        return json.loads(done.stdout)

    bare = told(sys.executable)
    assert told(*GREENOPS, "wrap", "--quiet", "--no-hooks") == bare

    watched = told(*GREENOPS, "wrap", "--quiet")
    added = dict(watched["env"]).keys() - dict(bare["env"]).keys()
    assert added <= {"GREENOPS_WATCH", "PYTHONPATH"}
    hidden = ("GREENOPS_WATCH", "PYTHONPATH")
    for facts in (watched, bare):
        facts["env"] = [pair for pair in facts["env"] if pair[0] not in hidden]
    assert watched == bare


def test_nothing_is_added_to_standard_output_and_quiet_adds_nothing_at_all(cli):
    loud = cli.run("wrap", "--", "sh", "-c", "echo out; echo err >&2")
    quiet = cli.run("wrap", "--quiet", "--", "sh", "-c", "echo out; echo err >&2")

    assert loud.stdout == quiet.stdout == "out\n"
    assert loud.stderr.startswith("err\n")
    assert len(loud.stderr) > 200
    assert quiet.stderr == "err\n"


def test_standard_input_goes_to_the_command(cli):
    assert (
        cli.run("wrap", "--", "wc", "-c", input="x" * 70_000).stdout.strip() == "70000"
    )


@pytest.mark.parametrize("closing", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_streams_hurt_nobody(cli, tmp_path, closing):
    greenops = " ".join(GREENOPS)
    command = f"{greenops} wrap -- sh -c 'touch ran; exit 5' {closing}"

    done = subprocess.run(command, shell=True, cwd=tmp_path, env=cli.env, check=False)

    assert done.returncode == 5
    assert (tmp_path / "ran").exists()


def test_a_command_that_closes_its_streams_is_still_measured(cli):
    cli.run(
        "wrap", "--json", "out.json", "--", "sh", "-c", "exec 0<&- 1>&- 2>&-", check=0
    )

    assert json.loads((cli.home / "out.json").read_text())


def started(cli, *args, **kwargs):
    process = cli.start(*args, stdout=subprocess.PIPE, text=True, **kwargs)
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(
    "name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGQUIT"]
)
def test_a_signal_to_us_alone_reaches_the_command_once(cli, script, name):
    path = script(CATCH)
    process = started(cli, "wrap", "--quiet", path, "0.6")

    process.send_signal(getattr(signal, name))

    out, _ = process.communicate(timeout=20)
    assert out == f"caught {name}\n"
    assert process.returncode == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT"])
def test_a_signal_to_the_group_reaches_the_command_once(cli, script, name):
    path = script(CATCH)
    process = started(cli, "wrap", "--quiet", path, "0.6", process_group=0)

    os.killpg(process.pid, getattr(signal, name))

    assert process.communicate(timeout=20)[0] == f"caught {name}\n"


def test_a_second_signal_to_us_after_one_to_the_group_still_arrives(cli, script):
    path = script(CATCH)
    process = started(cli, "wrap", "--quiet", path, "1.0", process_group=0)

    os.killpg(process.pid, signal.SIGUSR1)
    time.sleep(0.2)
    process.send_signal(signal.SIGUSR1)

    assert process.communicate(timeout=20)[0] == "caught SIGUSR1\n" * 2


def test_an_ignored_hangup_stays_ignored(cli, script):
    path = script("import signal; print(signal.getsignal(signal.SIGHUP).name)")

    done = subprocess.run(
        ["nohup", *GREENOPS, "wrap", "--quiet", path],
        env=cli.env, cwd=cli.home, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout == "SIG_IGN\n"


def test_an_ignored_sigchld_does_not_lose_the_exit_status(cli):
    command = (
        "trap '' CHLD; exec " + " ".join(GREENOPS) + " wrap --quiet -- sh -c 'exit 9'"
    )

    done = subprocess.run(["bash", "-c", command], env=cli.env, check=False)

    assert done.returncode == 9


def terminal(cli, *args):
    env = {**cli.env, "TERM": "xterm", "PS1": "$ ", "COLUMNS": "100"}
    child = pexpect.spawn(
        "bash", ["--norc", "-i"], env=env, cwd=str(cli.home), timeout=20
    )
    child.setecho(False)
    child.expect_exact("$ ")
    child.sendline(" ".join([*GREENOPS, *map(str, args)]))
    return child


def test_ctrl_c_reaches_the_command_and_not_us(cli, script):
    shell = terminal(cli, "wrap", script(CATCH), "1")
    shell.expect("ready")
    shell.sendintr()
    shell.expect("caught SIGINT")
    shell.expect("g CO2e")
    shell.sendline("echo status $?")
    shell.expect("status 0")


def test_ctrl_z_stops_the_job_and_fg_goes_on(cli, script):
    shell = terminal(cli, "wrap", "--quiet", script(CATCH), "1.5")
    shell.expect("ready")
    shell.sendcontrol("z")
    shell.expect("Stopped")
    shell.sendline("fg")
    time.sleep(0.2)
    shell.sendintr()
    shell.expect("caught SIGINT")
    shell.expect_exact("$ ")
    shell.sendline("echo status $?")
    shell.expect("status 0")


def test_the_command_sees_the_terminal(cli, script):
    path = script("import os; print('tty', os.isatty(0), os.isatty(1), os.isatty(2))")
    shell = terminal(cli, "wrap", "--quiet", path)
    shell.expect("tty True True True")


def test_a_command_that_changes_its_group_is_waited_for(cli):
    done = cli.run("wrap", "--", "setsid", "-w", "sh", "-c", "sleep 0.2; exit 4")

    assert done.returncode == 4


def test_a_daemon_left_behind_does_not_hold_us(cli):
    begun = time.monotonic()

    cli.run(
        "wrap", "--", "sh", "-c", "setsid sleep 5 >/dev/null 2>&1 </dev/null &", check=0
    )

    assert time.monotonic() - begun < 3


def test_sigstop_to_the_command_alone_leaves_us_measuring(cli, script):
    process = started(cli, "wrap", "--json", "out.json", script(CATCH), "1.0")
    job = next(
        p for p in psutil.Process(process.pid).children() if "job.py" in p.cmdline()[1]
    )

    job.suspend()
    time.sleep(0.3)
    state = psutil.Process(process.pid).status()
    job.resume()

    assert process.wait(20) == 0
    assert state != psutil.STATUS_STOPPED
    process.stdout.close()


def test_the_result_may_go_to_what_is_no_file(cli):
    os.mkfifo(cli.home / "pipe")
    process = cli.start("wrap", "--quiet", "--json", "pipe", "--", "true")

    told = json.loads((cli.home / "pipe").read_text())

    assert process.wait(20) == 0
    assert told["name"] == "true"
    assert stat.S_ISFIFO((cli.home / "pipe").stat().st_mode)
