"""What the planner reaches on real traces: all its figures, in one table.

Takes every folder of hours (one zone a file, as CarbonCast's, with or without forecasts,
or tables of zones) and of jobs (`arrival_time,length,cpus`) below the one given. Plans
are made on what was known at the time; emissions are counted by what came.

    python -m tests.bench.planner --traces FOLDER [--json FILE] [--only replay,capacity]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from tests.bench.carboncast import Region, is_hours, regions
from tests.bench.page import table
from tests.bench.planner_capacity import capacity_rows
from tests.bench.planner_pauses import pause_rows
from tests.bench.planner_replay import replay_rows
from tests.bench.planner_residency import residency_rows
from tests.bench.planner_scale import scale_rows
from tests.bench.planner_together import together_rows

Row = dict[str, Any]
COLUMNS = (
    ("oracle_saved_pct", "oracle saves"),
    ("saved_pct", "saved"),
    ("pct_of_oracle", "of oracle"),
    ("in_turn_pct_of_oracle", "in turn"),
    ("worse_than_now_pct", "worse than now"),
)


def found_in(traces: Path) -> dict[str, list[Region]]:
    """Return the regions of every folder of hours below `traces`, by folder.

    A region that two folders have is named after its folder in the later one.
    """
    folders = sorted({p.parent for p in traces.rglob("*.csv*") if is_hours(p)})
    found: dict[str, list[Region]] = {}
    names: set[str] = set()
    for folder in folders:
        own = [
            replace(r, name=f"{r.name} ({folder.name})") if r.name in names else r
            for r in regions(folder)
        ]
        names |= {r.name for r in own}
        found[folder.name] = own
    return found


def benches(traces: Path) -> dict[str, Callable[[], list[Row]]]:
    """Return each bench by name; none is run before it is called."""
    found = found_in(traces)
    everything = [r for own in found.values() for r in own]
    return {
        "replay": lambda: replay_rows(everything),  # and stale, and paper
        "residency": lambda: [r for own in found.values() for r in residency_rows(own)],
        "capacity": lambda: capacity_rows(traces),
        "together": lambda: together_rows(traces),
        "scale": scale_rows,
        "pauses": lambda: pause_rows(everything),
    }


def report(rows: Sequence[Row]) -> str:
    """Return tables for people: means of the replays, each row of the others."""
    parts = []
    for bench in dict.fromkeys(str(r["bench"]) for r in rows):
        own = [r for r in rows if r["bench"] == bench]
        means = [r for r in own if str(r.get("region", "")).startswith("mean")]
        parts += [f"### {bench}", "", _table(means or own), ""]
    return "\n".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benches and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--only", help="comma-separated: replay, residency, ...")
    args = parser.parse_args(argv)
    if not args.traces.is_dir():
        print(f"no folder {args.traces}", file=sys.stderr)
        return 2
    known = benches(args.traces)
    asked = args.only.split(",") if args.only else list(known)
    if unknown := set(asked) - set(known):
        print(f"no such bench: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in asked:
        began = time.monotonic()
        rows += known[name]()
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(report(rows))
    if args.json:
        args.json.write_text(
            json.dumps([_finite(r) for r in rows], indent=2, allow_nan=False) + "\n"
        )
    return 0


def _table(rows: Iterable[Row]) -> str:
    shown = list(rows)
    own = sorted(
        {k for r in shown for k in r}
        & {"jobs", "changes_per_job", "peak_mib", "seconds", "fleet_seconds"}
    )
    percent = [(k, title) for k, title in COLUMNS if any(k in r for r in shown)]
    missed = any("deadline_misses" in r for r in shown)
    head = ["", *(t for _, t in percent), *(["missed"] if missed else []), *own]
    return table(
        head,
        [
            [
                _name(r),
                *(_cell(r.get(k), "{:.1f} %") for k, _ in percent),
                *([_cell(r.get("deadline_misses"), "{}")] if missed else []),
                *(_cell(r.get(k), "{:.4g}") for k in own),
            ]
            for r in shown
        ],
    )


def _name(row: Mapping[str, Any]) -> str:
    parts = [str(row.get("region", ""))]
    if "job_h" in row and row["job_h"] is not None:
        parts.append(f"{row['job_h']:g} h in {row['slack_h']:g} h")
    if row.get("interruptible"):
        parts.append("paused")
    if row.get("provider") is False:
        parts.append("no provider")
    return ", ".join(p for p in parts if p)


def _cell(value: object, form: str) -> str:
    return "" if value is None else form.format(value)


def _finite(row: Row) -> Row:
    return {
        k: None if isinstance(v, float) and not isfinite(v) else v
        for k, v in row.items()
    }


if __name__ == "__main__":
    sys.exit(main())
