"""Start, cost and memory of `greenops wrap` beside its peers: `make bench-wrap`.

Every contender runs the same two jobs in the same rounds, one after the other: `true`,
and a single-core loop that ends by its own CPU clock. What a run costs above the bare
loop, in CPU time of its whole process tree, is the tracker's. Figures are medians.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.bench import page, peers
from tests.bench.usage import Usage, interleaved, median, run_once

WORKLOADS = Path(__file__).parents[1] / "workloads"
BYTES_PER_MIB = 1024.0**2
NS_PER_MS = 1e6
CLOCK_C = r"""
#include <stdio.h>
#include <time.h>
int main(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
  return 0;
}
"""
CLOCK_PY = "import time; print(time.monotonic_ns())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Medians of one contender. Extra figures are above those of the bare loop."""

    name: str
    noop_s: float
    extra_cpu_percent: float
    extra_wall_percent: float
    peak_rss_mib: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how everything runs: an empty folder, an empty home, no network."""

    folder: Path
    env: Mapping[str, str]

    def usage(self, argv: Sequence[str]) -> Usage | None:
        """Run `argv` once; None if it fails: a failed run measures nothing."""
        used = run_once(argv, env=self.env, cwd=self.folder)
        if used.exit_code == 0:
            return used
        print(f"{' '.join(argv)}: exit status {used.exit_code}", file=sys.stderr)
        return None

    def until_exec_ms(self, prefix: Sequence[str], clock: Sequence[str]) -> float:
        """Return ms from starting `prefix` to the first instruction of its job."""
        began_ns = time.monotonic_ns()
        said = subprocess.run(
            [*prefix, *clock],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        return (int(said.stdout) - began_ns) / NS_PER_MS


def main() -> None:
    """Run all parts, print the tables, write the page."""
    options = page.options(__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=9, help="of the short runs")
    options.add_argument("--loop-rounds", type=int, default=5)
    options.add_argument("--loop-s", type=float, default=13.0, help="CPU seconds")
    options.add_argument("--runs", type=int, default=100_000, help="in the ledger")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder=folder, env=peers.environment(folder))
        ours = alone(bench, args)
        found = list(peers.installed(env=bench.env, cwd=folder))
        rows = contest(bench, found, args)
    versions = ", ".join(f"{p.name.split()[0]} {p.version()}" for p in found)
    page.publish(
        args,
        name="bench-wrap",
        title="`greenops wrap` beside its peers",
        body=f"{explain(args)} Peers: {versions}.\n\n{contest_table(rows)}\n"
        f"greenops alone, medians of {args.rounds}:\n\n{alone_table(ours)}",
        figures={"contest": [asdict(row) for row in rows], "greenops": ours},
    )


def greenops() -> str:
    """Return the `greenops` program of the Python this benchmark runs under."""
    program = Path(sys.executable).parent / "greenops"
    if not program.exists():
        raise SystemExit(f"{program} is missing; run `make dev` first")
    return str(program)


def contest(
    bench: Bench, found: Sequence[peers.Peer], args: argparse.Namespace
) -> list[Row]:
    """Run no-op and loop bare, under greenops, and under every peer, interleaved."""
    loop = [loop_program(bench.folder, args.loop_s)]
    ours = [greenops(), "wrap", "--interval", "1", "--"]
    noops = {"bare": ["true"], "greenops": [*ours, "true"]}
    loops = {"bare": loop, "greenops": [*ours, *loop]}
    for peer in found:
        noops[peer.name] = peer.wrap(["true"])
        loops[peer.name] = peer.wrap(loop)
    short = succeeded(interleaved(bind(bench.usage, noops), rounds=args.rounds))
    long = succeeded(interleaved(bind(bench.usage, loops), rounds=args.loop_rounds))
    bare_cpu_s = median(used.cpu_s for used in long["bare"])
    bare_wall_s = median(used.wall_s for used in long["bare"])
    return [
        Row(
            name=name,
            noop_s=median(used.wall_s for used in short[name]),
            extra_cpu_percent=percent_above(
                median(used.cpu_s for used in long[name]), bare_cpu_s
            ),
            extra_wall_percent=percent_above(
                median(used.wall_s for used in long[name]), bare_wall_s
            ),
            peak_rss_mib=median(used.peak_rss_bytes for used in long[name])
            / BYTES_PER_MIB,
        )
        for name in noops
        if name in short and name in long
    ]


def loop_program(folder: Path, loop_s: float) -> str:
    """Return the loop as a program of `folder`, where every contender runs.

    One of them writes its results beside the program that it is given.
    """
    program = folder / "loop"
    spin = f"{sys.executable} -S -E {WORKLOADS / 'spin.py'} {loop_s}"
    program.write_text(f"#!/bin/sh\nexec {spin}\n")
    program.chmod(0o755)
    return f"./{program.name}"


def succeeded(
    results: Mapping[str, Sequence[Usage | None]],
) -> dict[str, list[Usage]]:
    """Return what was measured, without the contenders whose every run failed."""
    kept = {
        name: [used for used in runs if used is not None]
        for name, runs in results.items()
    }
    return {name: runs for name, runs in kept.items() if runs}


def bind(
    measure: Callable[[Sequence[str]], Usage | None],
    commands: Mapping[str, Sequence[str]],
) -> dict[str, Callable[[], Usage | None]]:
    """Return `commands` as functions without arguments."""
    return {name: partial(measure, argv) for name, argv in commands.items()}


def percent_above(measured: float, bare: float) -> float:
    """Return how far `measured` lies above `bare`, in percent of it."""
    return (measured / bare - 1) * 100


def alone(bench: Bench, args: argparse.Namespace) -> dict[str, float]:
    """Return what concerns greenops only: start to exec, `--help`, a large ledger."""
    clock = clock_command(bench.folder)
    starts = interleaved(
        {
            "bare": partial(bench.until_exec_ms, [], clock),
            "wrap": partial(bench.until_exec_ms, [greenops(), "wrap", "--"], clock),
        },
        rounds=2 * args.rounds,
    )
    ledger = bench.folder / "large.db"
    large = [str(ledger), f"--runs={args.runs}"]
    subprocess.run(
        [sys.executable, "-m", "tests.bench.make_ledger", *large],
        check=True,
        cwd=WORKLOADS.parents[1],
        stdout=subprocess.DEVNULL,
    )
    faces = Bench(
        folder=bench.folder,
        env={**bench.env, "GREENOPS_LEDGER_PATH": str(ledger)},
    )
    commands = {
        "--help": [greenops(), "--help"],
        "runs": [greenops(), "runs"],
        "by_energy": [greenops(), "runs", "--sort", "energy"],
        "by_tag": [greenops(), "runs", "--tag", "kind=common"],
    }
    shown = succeeded(interleaved(bind(faces.usage, commands), rounds=args.rounds))
    return {
        "bare_to_exec_ms": median(starts["bare"]),
        "wrap_to_exec_ms": median(starts["wrap"]),
        "help_s": median(used.wall_s for used in shown["--help"]),
        f"runs_of_{args.runs}_s": median(used.wall_s for used in shown["runs"]),
        f"runs_of_{args.runs}_by_energy_s": median(
            used.wall_s for used in shown["by_energy"]
        ),
        f"runs_of_{args.runs}_by_tag_s": median(
            used.wall_s for used in shown["by_tag"]
        ),
    }


def clock_command(folder: Path) -> list[str]:
    """Return a program that prints the monotonic clock in ns as soon as it runs.

    In C where there is a compiler; a Python takes some 10 ms to get there, which then
    shows in the bare figure as well.
    """
    if not shutil.which("cc"):
        return [sys.executable, "-S", "-E", "-c", CLOCK_PY]
    source, program = folder / "clock.c", folder / "clock"
    source.write_text(CLOCK_C)
    subprocess.run(["cc", "-O1", "-o", program, source], check=True)
    return [str(program)]


def explain(args: argparse.Namespace) -> str:
    """Return what the first table shows."""
    return (
        f"No-op: the whole program wrapping `true`. Loop: {args.loop_s:g} s of CPU "
        "time on one core, sampled once a second; extra CPU is that of the whole "
        "process tree above the bare loop's, memory that of the largest process. "
        f"Medians of {args.rounds} and {args.loop_rounds} interleaved rounds."
    )


def contest_table(rows: Sequence[Row]) -> str:
    """Return the contest as Markdown, with each no-op as a multiple of ours."""
    ours_s = next(row.noop_s for row in rows if row.name == "greenops")
    head = ["", "no-op", "x greenops", "extra CPU", "extra wall", "peak memory"]
    return page.table(
        head,
        [
            [
                row.name,
                f"{row.noop_s:.3f} s",
                f"{row.noop_s / ours_s:.1f}",
                f"{row.extra_cpu_percent:+.2f} %",
                f"{row.extra_wall_percent:+.2f} %",
                f"{row.peak_rss_mib:.0f} MiB",
            ]
            for row in rows
        ],
    )


def alone_table(ours: Mapping[str, float]) -> str:
    """Return our own figures as Markdown, unit taken from each name."""
    units = {"ms": "ms", "s": "s"}
    return page.table(
        ["what", "median"],
        [
            [
                name.rsplit("_", 1)[0].replace("_", " "),
                f"{figure:.4g} {units[name.rsplit('_', 1)[1]]}",
            ]
            for name, figure in ours.items()
        ],
    )


if __name__ == "__main__":
    main()
