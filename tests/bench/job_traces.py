"""Reads job traces: tables `arrival_time,length,cpus` below `jobs/` of a folder.

Times are hours where all arrivals lie within a year of hours, else seconds: traces come
in both, and none says which. Rows without a positive length and number of CPUs are left
out.
"""

import csv
import gzip
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from greenops.units import S_PER_HOUR

COLUMNS = {"arrival_time", "length", "cpus"}
HOURS_OF_A_YEAR = 366 * 24


@dataclass(frozen=True, eq=False)
class JobTrace:
    """Jobs in order of arrival; shapes (jobs,).

    Attributes:
        name: As the file is called.
        arrival_s: From the first arrival on.
        length_s: How long each runs.
        cpus: How many it holds.
    """

    name: str
    arrival_s: NDArray[np.float64]
    length_s: NDArray[np.float64]
    cpus: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.cpus)

    def first(self, jobs: int) -> "JobTrace":
        """Return the first jobs, at most as many as there are."""
        return JobTrace(
            self.name, self.arrival_s[:jobs], self.length_s[:jobs], self.cpus[:jobs]
        )

    def within(self, span_s: float) -> "JobTrace":
        """Return the jobs with arrivals compressed into `span_s`, if they take longer."""
        last_s = float(self.arrival_s.max())
        shrunk = min(1.0, span_s / last_s) if last_s > 0 else 1.0
        return JobTrace(self.name, self.arrival_s * shrunk, self.length_s, self.cpus)

    def repeated(self, jobs: int) -> "JobTrace":
        """Return `jobs` jobs: copies of the trace, each shifted within its span."""
        copies = -(-jobs // len(self))
        span_s = float(self.arrival_s.max()) or S_PER_HOUR
        shift_s = np.repeat(np.arange(copies), len(self)) * (span_s / copies)
        arrival_s = (np.tile(self.arrival_s, copies) + shift_s) % span_s
        order = np.argsort(arrival_s, kind="stable")[:jobs]
        return JobTrace(
            self.name,
            arrival_s[order],
            np.tile(self.length_s, copies)[order],
            np.tile(self.cpus, copies)[order],
        )


def job_traces(folder: Path) -> list[JobTrace]:
    """Return all job traces of a folder, in order of their names."""
    found = []
    for path in sorted((folder / "jobs").glob("*.csv*")):
        trace = _read(path)
        if trace is None:
            print(f"left out: {path.name} has other columns", file=sys.stderr)
        elif len(trace):
            found.append(trace)
    return found


def _read(path: Path) -> JobTrace | None:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    rows = csv.DictReader(text.splitlines())
    if not set(rows.fieldnames or ()) >= COLUMNS:
        return None
    table = np.array(
        [[float(r["arrival_time"]), float(r["length"]), float(r["cpus"])] for r in rows]
    ).reshape(-1, 3)
    table = table[(table[:, 1] > 0) & (table[:, 2] > 0)]
    table = table[np.argsort(table[:, 0], kind="stable")]
    if not len(table):
        return JobTrace(path.name, *table.T)
    unit_s = S_PER_HOUR if table[-1, 0] <= HOURS_OF_A_YEAR else 1.0
    arrival, length, cpus = table.T
    return JobTrace(path.name, (arrival - arrival[0]) * unit_s, length * unit_s, cpus)
