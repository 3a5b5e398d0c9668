"""Running a program to its end with the kernel's own account of what it cost."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

BYTES_PER_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one program cost, its waited-for descendants included.

    `peak_rss_bytes` is that of its largest process. Linux seeds it with the size of
    the process that started it, so it is never below this harness's own few MiB.
    """

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int
    exit_code: int


def run_once(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> Usage:
    """Run `argv` with its output thrown away; return what `wait4` says it used."""
    with Path(os.devnull).open("r+b") as nowhere:
        started_s = time.monotonic()
        child = subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=nowhere, stdout=nowhere, stderr=nowhere
        )
        _, status, used = os.wait4(child.pid, 0)
        wall_s = time.monotonic() - started_s
    child.returncode = os.waitstatus_to_exitcode(status)
    return Usage(
        wall_s=wall_s,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_rss_bytes=used.ru_maxrss * BYTES_PER_KIB,
        exit_code=child.returncode,
    )


def interleaved(
    contenders: Mapping[str, Callable[[], T]], *, rounds: int
) -> dict[str, list[T]]:
    """Return `rounds` results of each, taken as A B C A B C rather than A A B B C C.

    What the machine does besides then falls on all of them alike.
    """
    results: dict[str, list[T]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            results[name].append(measure())
    return results


def median(values: Iterable[float]) -> float:
    """Return the middle value: one disturbed run in a few does not move it."""
    return statistics.median(values)
