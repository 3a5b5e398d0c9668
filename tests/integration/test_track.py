"""`greenops.track` in a process of its own, as a user's script would have it."""

import json
import subprocess
import sys

import pytest

LOADING_S = 0.2
BEGIN = """
import json, sys, threading, time
import greenops
def spin(seconds):
    stop = time.thread_time() + seconds
    while time.thread_time() < stop:
        pass
def show(**trackers):
    print(json.dumps({n: t.result().facts.cpu_s for n, t in trackers.items()}))
"""


@pytest.fixture
def python(cli):
    def run(source, **kwargs):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", BEGIN + source],
            env=cli.env, cwd=cli.home, capture_output=True, text=True, timeout=60, **kwargs,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done

    return run


def test_a_block_is_measured_and_kept(python, cli):
    done = python(
        'with greenops.track("fit", project="p", tags={"k": "v"}, zone="FR") as t:\n'
        "    spin(0.3); t.mark('second'); spin(0.2)\n"
        "show(t=t)"
    )
    kept = json.loads(cli.run("show", "last", "--json", check=0).stdout)

    # The first block of a process also pays for loading the sensors beside it.
    assert 0.49 < json.loads(done.stdout)["t"] < 0.5 + LOADING_S
    assert (kept["name"], kept["project"], kept["tags"]) == ("fit", "p", {"k": "v"})
    assert [m["name"] for m in kept["marks"]] == ["second"]
    assert kept["emissions"]["zone"] == "FR"


def test_the_outer_block_holds_the_inner_one_which_names_it(python, cli):
    done = python(
        'with greenops.track("outer") as o:\n'
        "    spin(0.3)\n"
        '    with greenops.track("inner") as i:\n'
        "        spin(0.3)\n"
        "show(o=o, i=i); print(o.run_id)"
    )
    seen = json.loads(done.stdout.splitlines()[0])
    kept = json.loads(cli.run("show", "inner", "--json", check=0).stdout)

    assert 0.29 < seen["i"] < 0.3 + LOADING_S
    assert seen["i"] + 0.29 < seen["o"] < 0.6 + LOADING_S
    assert kept["parent_run_id"] == done.stdout.splitlines()[1]


def test_threads_beside_each_other_share_by_their_work(python):
    done = python(
        "found = {}\n"
        "def work(name, seconds):\n"
        "    with greenops.track(name) as t:\n"
        "        spin(seconds)\n"
        "    found[name] = t\n"
        "threads = [threading.Thread(target=work, args=a) for a in (('a', 0.4), ('b', 1.2))]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "show(**found)"
    )
    seen = json.loads(done.stdout)

    assert seen["a"] == pytest.approx(0.4, abs=LOADING_S)
    assert seen["b"] == pytest.approx(1.2, abs=LOADING_S)
    assert seen["b"] > 2 * seen["a"]


def test_a_function_is_tracked_at_every_call_and_stays_itself(python, cli):
    done = python(
        "@greenops.track\n"
        "def bare(x):\n"
        '    "doc"\n'
        "    return x + 1\n"
        '@greenops.track("named", project="q")\n'
        "def named(): return bare(2)\n"
        "print(bare(1), named(), bare.__name__, bare.__doc__)"
    )
    runs = json.loads(cli.run("runs", "--json", "--all", check=0).stdout)

    assert done.stdout == "2 3 bare doc\n"
    names = [r["name"] for r in (runs["runs"] if isinstance(runs, dict) else runs)]
    assert sorted(names) == ["bare", "bare", "named"]


def test_an_async_function_is_tracked_until_it_has_been_awaited(python, cli):
    done = python(
        "import asyncio, inspect\n"
        "@greenops.track\n"
        "async def work(x):\n"
        "    await asyncio.sleep(0.4)\n"
        "    return x\n"
        "async def both():\n"
        "    return await asyncio.gather(work(1), work(2))\n"
        "print(asyncio.run(both()), inspect.iscoroutinefunction(work))"
    )
    runs = json.loads(cli.run("runs", "--json", "--all", check=0).stdout)

    assert done.stdout == "[1, 2] True\n"
    assert [r["name"] for r in runs] == ["work", "work"]
    assert all(0.39 < r["duration_s"] < 2 for r in runs)


def test_a_generator_is_refused_since_its_work_comes_after_the_call(python):
    done = python(
        "from greenops.errors import ConfigError\n"
        "for source in ('def f(): yield 1', 'async def f(): yield 1'):\n"
        "    found = {}\n"
        "    exec(source, found)\n"
        "    try:\n"
        "        greenops.track(found['f'])\n"
        "    except ConfigError as e:\n"
        "        print('around the loop' in str(e))"
    )

    assert done.stdout == "True\nTrue\n"


def test_the_block_s_own_error_comes_through_and_the_run_is_failed(python, cli):
    python(
        "try:\n"
        '    with greenops.track("bad"):\n'
        "        raise KeyError('mine')\n"
        "except KeyError as e:\n"
        "    assert e.args == ('mine',)"
    )

    assert (
        json.loads(cli.run("show", "bad", "--json", check=0).stdout)["status"]
        == "failed"
    )


def test_a_wrong_option_is_said_at_once(python):
    python(
        "from greenops.errors import ConfigError\n"
        "for wrong in ({'pue': 0.5}, {'nonsense': 1}, {'interval_s': -1}):\n"
        "    try:\n"
        "        greenops.track('x', **wrong)\n"
        "    except ConfigError as e:\n"
        "        continue\n"
        "    raise SystemExit(f'{wrong} was taken')"
    )


def test_a_forked_child_of_a_tracked_block_does_no_harm(python, cli):
    python(
        "import os, warnings\n"
        "warnings.simplefilter('ignore')\n"
        'with greenops.track("forking") as t:\n'
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        t.mark('child')\n"
        "    else:\n"
        "        os.waitpid(pid, 0)\n"
        "if pid == 0:\n"
        "    os._exit(0)\n"
        "t.result()"
    )

    kept = json.loads(cli.run("show", "forking", "--json", check=0).stdout)
    assert (kept["status"], kept["marks"]) == ("finished", [])


def test_no_ledger_at_all_does_not_touch_the_work(python, cli):
    (cli.home / "file").write_text("")
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        cli.env[name] = str(cli.home / "file" / "below")
    cli.env["TMPDIR"] = str(cli.home / "file")

    done = python('with greenops.track("x"): spin(0.1)\nprint("done")')

    assert done.stdout == "done\n"


def test_importing_greenops_imports_next_to_nothing(python):
    done = python("print(sorted(m for m in sys.modules if m.startswith('greenops')))")

    assert done.stdout == "['greenops']\n"
