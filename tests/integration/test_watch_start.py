"""What starts below `greenops wrap` starts as without it, torch or not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenops.torch.watch_folder import SHIM
from tests.conftest import GREENOPS

TELL = """
import json, sys
custom = sys.modules.get("sitecustomize")
print(json.dumps({
    "path": sys.path, "flags": repr(sys.flags),
    "custom": getattr(custom, "__file__", None),
    "torch": "torch" in sys.modules,
    "hooks": "_greenops_hooks" in sys.modules,
    "modules": sorted(sys.modules),
}))
"""


@pytest.fixture
def tell(tmp_path):
    path = tmp_path / "tell.py"
    path.write_text(TELL)
    return path


@pytest.fixture
def custom(tmp_path):
    """A folder for the PYTHONPATH with what somebody wants run at every start."""
    folder = tmp_path / "own"
    folder.mkdir()

    def write(source, name="sitecustomize"):
        (folder / f"{name}.py").write_text(source)
        return str(folder)

    return write


def both(cli, *command, **environ):
    """Run a command bare and wrapped; return both, as completed processes."""
    env = {k: v for k, v in cli.env.items() if k != "PYTHONPATH"} | environ
    kwargs = {"env": env, "cwd": cli.home, "capture_output": True, "text": True}
    wrapped = [*GREENOPS, "wrap", "--quiet", "--", *command]
    return [
        subprocess.run(argv, **kwargs, check=False, timeout=60)
        for argv in (list(command), wrapped)
    ]


def same(bare, wrapped):
    assert (wrapped.returncode, wrapped.stdout, wrapped.stderr) == (
        bare.returncode,
        bare.stdout,
        bare.stderr,
    )
    return json.loads(bare.stdout.splitlines()[-1])


@pytest.mark.parametrize("flags", [[], ["-E"], ["-I"], ["-s"], ["-B", "-O"]])
def test_a_python_that_never_imports_torch_finds_all_as_it_was(cli, tell, flags):
    told = same(*both(cli, sys.executable, *flags, str(tell)))

    assert not told["hooks"]
    assert not any(SHIM in entry for entry in told["path"])


def test_without_site_only_the_path_has_one_folder_more(cli, tell):
    bare, wrapped = both(cli, sys.executable, "-S", str(tell))

    told = json.loads(wrapped.stdout)
    told["path"].remove(SHIM)
    assert told == json.loads(bare.stdout)
    assert sorted(p.name for p in Path(SHIM).iterdir() if p.suffix) == [
        "__init__.py",
        "sitecustomize.py",
    ]


def test_the_users_own_customizations_run_in_our_place(cli, tell, custom):
    # The Python of greenops itself finds it too; it is not what is looked at.
    path = custom("import sys; '-m' in sys.orig_argv or print('mine', __name__)")
    custom("print('user')", "usercustomize")

    bare, wrapped = both(cli, sys.executable, str(tell), PYTHONPATH=path)
    told = same(bare, wrapped)

    assert "mine sitecustomize" in wrapped.stdout
    assert told["custom"] == f"{path}/sitecustomize.py"


@pytest.mark.parametrize(
    "source",
    [
        "raise RuntimeError('mine')",
        "import no_such_module_here",
        "raise ImportError('a', name='sitecustomize')",
        "raise SystemExit(4)",
        "syntax error",
    ],
)
def test_a_customization_that_fails_fails_as_it_would(cli, tell, custom, source):
    bare, wrapped = both(cli, sys.executable, str(tell), PYTHONPATH=custom(source))

    assert wrapped.returncode == bare.returncode
    assert wrapped.stdout == bare.stdout
    # The traceback that Python prints of a fatal start names our file as well.
    assert wrapped.stderr.splitlines()[-1:] == bare.stderr.splitlines()[-1:]


@pytest.mark.parametrize("path", ["", ":", "relative", "a:", ":b"])
def test_a_path_of_any_shape_means_what_it_meant(cli, tell, path):
    same(*both(cli, sys.executable, str(tell), PYTHONPATH=path))


def test_children_with_an_environment_of_their_own_find_nothing_of_us(cli, tell):
    code = (
        "import subprocess, sys; subprocess.run([sys.executable, sys.argv[1]], env={})"
    )

    same(*both(cli, sys.executable, "-c", code, str(tell)))


def test_a_torch_that_is_not_torch_is_left_alone_and_noted(cli, tmp_path):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("print('a torch', __spec__.loader)")
    script = tmp_path / "job.py"
    script.write_text(
        "import torch, sys; print(type(torch.__loader__).__module__); sys.exit(3)"
    )

    bare, wrapped = both(cli, sys.executable, str(script))

    assert wrapped.returncode == bare.returncode == 3
    assert wrapped.stdout.splitlines()[1] == bare.stdout.splitlines()[1]
    assert "sitecustomize" not in wrapped.stdout
    assert wrapped.stderr == bare.stderr == ""
    shown = json.loads(cli.run("show", "--json", check=0).stdout)
    (note,) = shown["notes"]
    assert "training not watched" in note
    assert shown["training"] is None


def test_a_torch_that_cannot_be_imported_fails_as_it_would(cli, tmp_path):
    (tmp_path / "torch.py").write_text("raise OSError('libfoo.so: cannot open')")
    script = tmp_path / "job.py"
    script.write_text("try:\n    import torch\nexcept OSError as e:\n    print(e)\n")

    bare, wrapped = both(cli, sys.executable, str(script))

    assert (wrapped.stdout, wrapped.stderr) == (bare.stdout, bare.stderr)


def test_hooks_are_switched_off_by_option_and_by_configuration(cli):
    code = "import os; print(os.environ.get('GREENOPS_WATCH'))"
    off = {**cli.env, "GREENOPS_TORCH_HOOKS": "false"}

    by_option = cli.run("wrap", "--quiet", "--no-hooks", "--", "python3", "-c", code)
    by_setting = cli.run("wrap", "--quiet", "--", "python3", "-c", code, env=off)
    on = cli.run("wrap", "--quiet", "--", "python3", "-c", code)

    assert by_option.stdout == by_setting.stdout == "None\n"
    assert on.stdout != "None\n"


def test_the_folder_is_the_users_alone_and_gone_after_the_run(cli):
    code = (
        "import os; f = os.environ['GREENOPS_WATCH']; s = os.stat(f);"
        "print(f, oct(s.st_mode & 0o777), s.st_uid)"
    )

    done = cli.run("wrap", "--quiet", "--", "python3", "-c", code, check=0)

    folder, mode, owner = done.stdout.split()
    assert (mode, int(owner)) == ("0o700", os.getuid())
    assert not Path(folder).exists()
