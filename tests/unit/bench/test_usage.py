import os
import subprocess
import sys
from pathlib import Path

from tests.bench.usage import interleaved, run_once

ROOT = Path(__file__).parents[3]


def test_cpu_time_of_grandchildren_is_counted(tmp_path):
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    nested = (
        f"import subprocess, sys; subprocess.call([sys.executable, '-c', {burn!r}])"
    )
    used = run_once([sys.executable, "-c", nested], env=os.environ, cwd=tmp_path)
    assert used.exit_code == 0
    assert 0.2 <= used.cpu_s < 2.0


def test_memory_is_that_of_the_largest_process():
    # From a small process: Linux seeds the figure with the size of whoever starts it.
    measure = (
        "import os, pathlib, sys; from tests.bench.usage import run_once\n"
        "big = [sys.executable, '-c', 'bytearray(100_000_000)']\n"
        "print(run_once(big, env=os.environ, cwd=pathlib.Path()).peak_rss_bytes)"
    )
    told = subprocess.run(
        [sys.executable, "-c", measure],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert 100_000_000 < int(told.stdout) < 200_000_000


def test_a_failed_program_is_told_by_its_status(tmp_path):
    assert run_once(["false"], env=os.environ, cwd=tmp_path).exit_code == 1


def test_contenders_take_turns():
    order = []
    found = interleaved(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2
    )
    assert order == ["a", "b", "a", "b"]
    assert {name: len(got) for name, got in found.items()} == {"a": 2, "b": 2}
