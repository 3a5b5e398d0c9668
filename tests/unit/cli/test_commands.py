"""What holds for every command: hostile names, empty ledgers, errors in one line."""

import os
import pty
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from greenops.cli import COMMANDS, cli

FULL = Path("/dev/full")
READING = [
    ("runs",),
    ("runs", "--json"),
    ("runs", "--csv"),
    ("show", "last"),
    ("show", "last", "--json"),
    ("compare", "last", "base"),
    ("compare", "last", "base", "lean", "--json"),
    ("export", "--csv"),
    ("export", "--json", "--samples"),
    ("config",),
    ("config", "--json"),
]
ON_SCREEN = [("runs",), ("show", "last"), ("compare", "last", "base"), ("config",)]


def shell(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "greenops", *words],
        capture_output=True,
        check=False,
        timeout=60,
        **options,
    )


def harmful(text):
    return {
        c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"
    }


@pytest.mark.parametrize("words", READING, ids=" ".join)
@pytest.mark.usefixtures("ledger")
def test_hostile_names_reach_no_terminal(greenops, words):
    result = greenops(*words)

    assert result.exit_code == 0, result.output
    assert not harmful(result.output)


@pytest.mark.parametrize("width", [40, 61, 80, 120, 200])
@pytest.mark.parametrize("words", ON_SCREEN, ids=" ".join)
@pytest.mark.usefixtures("ledger")
def test_tables_fit_the_screen(greenops, words, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))

    result = greenops(*words)

    assert max(map(len, result.output.splitlines())) <= width


@pytest.mark.parametrize(
    "words", [("runs",), ("runs", "--json"), ("export", "--csv"), ("export", "--json")]
)
@pytest.mark.usefixtures("home")
def test_an_empty_ledger_is_no_error(greenops, words):
    result = greenops(*words)

    assert result.exit_code == 0
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "words", [("show", "bsae"), ("compare", "base", "bsae"), ("rm", "-y", "bsae")]
)
@pytest.mark.usefixtures("ledger")
def test_an_unknown_run_is_answered_with_near_ones(greenops, words):
    result = greenops(*words)

    assert result.exit_code == 2
    assert result.stderr.startswith("greenops: ")
    assert "base" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [("show",), ("compare", "a", "b"), ("rm", "a", "-y")])
@pytest.mark.usefixtures("home")
def test_a_ledger_that_is_not_there_is_said_in_one_line(greenops, words):
    result = greenops(*words)

    assert result.exit_code == 2
    assert result.stderr.startswith("greenops: no run")


def test_a_damaged_ledger_is_moved_aside_and_said(ledger, greenops):
    ledger.write_bytes(b"no database at all" * 1000)

    result = greenops("runs")

    assert result.exit_code == 1
    assert "moved to" in result.stderr
    assert any(p.name.startswith("ledger.db") for p in ledger.parent.iterdir())


@pytest.mark.usefixtures("ledger")
def test_a_broken_configuration_is_bad_input(greenops, monkeypatch):
    monkeypatch.setenv("GREENOPS_PUE", "0.5")

    result = greenops("runs")

    assert result.exit_code == 2
    assert "GREENOPS_PUE" in result.stderr


def test_every_listed_command_is_there_and_helps():
    from click.testing import CliRunner

    for name in COMMANDS:
        result = CliRunner().invoke(cli, [name, "--help"])
        assert result.exit_code == 0, name
        assert len(result.output.splitlines()) > 4, name


def test_a_mistyped_command_is_answered_with_a_near_one(greenops):
    result = greenops("rnus")

    assert result.exit_code == 2
    assert "Did you mean runs?" in result.stderr


def test_help_imports_no_command_and_is_quick():
    code = (
        "import sys; sys.argv = ['greenops', '--help']\n"
        "from greenops.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'pydantic', 'rich', 'numpy', 'sqlite3', 'psutil'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
        "assert not [m for m in sys.modules if m.startswith('greenops.cli.')]\n"
    )
    spent_s = []
    for _ in range(3):
        before_s = children_cpu_s()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        spent_s.append(children_cpu_s() - before_s)
    # 0.05 s on a quiet machine, 0.15 s promised; CPU time, as others may be busy.
    assert min(spent_s) < 0.15


def children_cpu_s():
    used = os.times()
    return used.children_user + used.children_system


def test_the_version_is_that_of_the_package():
    from importlib.metadata import version

    assert shell("--version").stdout.decode().split() == [
        "greenops",
        version("greenops"),
    ]


@pytest.mark.usefixtures("ledger")
def test_a_reader_that_goes_away_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "greenops", "export", "--json", "--samples"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()

        assert writer.stderr.read() == b""
        assert writer.wait() in (0, 1)


def test_a_full_disk_under_the_output_is_one_line():
    if not FULL.exists():
        pytest.skip("needs /dev/full")
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "greenops", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["greenops: No space left on device"]


def in_terminal(*words, **environ):
    """Return what a command writes to a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "greenops", *words],
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", **environ},
    )
    os.close(slave)
    text = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        text += part
    process.wait()
    os.close(master)
    return text.decode()


@pytest.mark.usefixtures("ledger")
def test_a_terminal_gets_colours_unless_it_asks_not_to():
    assert "\x1b[" in in_terminal("runs")
    assert "\x1b[" not in in_terminal("runs", NO_COLOR="1")
    assert "\x1b[" not in in_terminal("runs", TERM="dumb")


@pytest.mark.usefixtures("ledger")
def test_a_terminal_without_unicode_gets_ascii():
    text = in_terminal("show", "lean", PYTHONIOENCODING="ascii", NO_COLOR="1")

    assert text.isascii()
    assert "GPU NVIDIA H200" in text


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_and_how_to_use_it(shell_name):
    done = shell("completion", shell_name)

    assert done.returncode == 0
    assert b"_GREENOPS_COMPLETE" in done.stdout
    assert done.stdout.startswith(b"# To switch this on")


@pytest.mark.usefixtures("ledger")
def test_runs_are_completed_by_name_and_hostile_names_are_not():
    done = shell(
        env={
            **os.environ,
            "_GREENOPS_COMPLETE": "bash_complete",
            "COMP_WORDS": "greenops show ",
            "COMP_CWORD": "2",
        }
    )

    found = done.stdout.decode().split()
    assert {"plain,last", "plain,base", "plain,lean"} <= set(found)
    assert "evil" not in done.stdout.decode()


def test_a_deleted_working_folder_is_no_obstacle(ledger, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert ledger.exists()
    assert b"lean" in shell("runs").stdout


def test_the_completion_script_completes_commands():
    done = shell(
        env={
            **os.environ,
            "_GREENOPS_COMPLETE": "bash_complete",
            "COMP_WORDS": "greenops com",
            "COMP_CWORD": "1",
        }
    )

    assert done.stdout.decode().split() == ["plain,compare", "plain,completion"]
