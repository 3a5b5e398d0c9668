"""A home in which the daemon lives: its configuration, its jobs, its process.

For whoever watches a real daemon from outside, as a benchmark or a test does.
"""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from greenops.agent.lifecycle import submitted
from greenops.ledger.daemon_seat import DaemonSeat
from greenops.ledger.jobs import LedgerJobs
from greenops.model import JobSpec
from greenops.tracking.identity import user_name

KIB_PER_MIB = 1024
ROOT = Path(__file__).parents[2]
PYTHON = (sys.executable, "-X", "faulthandler")
USER = user_name()
CLEAN_G, DIRTY_G = 20.0, 900.0
CONFIG = """
zone = "SE"

[signals]
order = ["csv"]

[signals.csv]
path = "{csv}"

[places]
path = "{places}"

[daemon]
sample_node = {sample_node}
"""


class AgentHome:
    """A folder that stands in for a user's home.

    Args:
        folder: Empty, for this user alone.
        places: The file of places.
        sample_node: Whether the daemon is to sample the node as well.
        daemon: Command line of the daemon; `greenops daemon` if empty.
        environ: What else the daemon and its jobs find in their environment.
    """

    def __init__(
        self,
        folder: Path,
        places: str,
        *,
        sample_node: bool = False,
        daemon: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._more = dict(environ or {})
        self.folder = folder
        self.csv = folder / "hours.csv"
        self.log = folder / "daemon.log"
        self.ledger = folder / "data" / "greenops" / "ledger.db"
        self.jobs = folder / "state" / "greenops" / "jobs"
        self.store = LedgerJobs(self.ledger, self.jobs)
        self.seat = DaemonSeat(self.ledger)
        # A daemon that hangs can be asked where: SIGABRT has it write that to its log.
        self._argv = tuple(daemon) or (*PYTHON, "-m", "greenops", "daemon")
        (folder / "places.toml").write_text(places)
        config = folder / "config" / "greenops" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(
            CONFIG.format(
                csv=self.csv,
                places=folder / "places.toml",
                sample_node=str(sample_node).lower(),
            )
        )

    @property
    def env(self) -> Mapping[str, str]:
        """What the daemon and its jobs find in their environment."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GREENOPS")}
        # Runners would compile greenops anew for each attempt, as no installation does.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
            ),
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            **self._more,
        }

    def hours(
        self, g_per_kwh: Mapping[str, Sequence[float]], now: datetime | None = None
    ) -> None:
        """Let the signal say this of the current hour and those that follow, by zone.

        The last value holds for two days on; the hours behind were dirty. The file is
        never seen half written.
        """
        first = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
        rows = ["datetime_utc,zone,intensity_g_per_kwh"]
        for zone, ahead in g_per_kwh.items():
            for hour in range(-3, 48):
                at = first + timedelta(hours=hour)
                g = ahead[min(hour, len(ahead) - 1)] if hour >= 0 else DIRTY_G
                rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{zone},{g}")
        beside = self.csv.with_suffix(".new")
        beside.write_text("\n".join(rows) + "\n")
        beside.replace(self.csv)

    def submit(self, jobs: Mapping[str, JobSpec], now: datetime | None = None) -> None:
        """Submit jobs by their ids, all at once."""
        at = now or datetime.now(UTC)
        for job_id in jobs:
            (self.jobs / job_id).mkdir(parents=True, mode=0o700, exist_ok=True)
        self.store.add_all(
            (job_id, spec, submitted(job_id, at, USER, held=False))
            for job_id, spec in jobs.items()
        )

    def run(self, *args: str, within_s: float = 60.0) -> str:
        """Run a command of greenops as this user; return what it prints.

        Raises:
            AssertionError: its exit status is not 0.
        """
        done = subprocess.run(
            [sys.executable, "-m", "greenops", *args],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"{args}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self) -> "subprocess.Popen[bytes]":
        """Start a daemon."""
        with self.log.open("a") as log:
            return subprocess.Popen(
                self._argv,
                env=self.env,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def sound(self) -> bool:
        """Return whether SQLite finds the whole ledger sound."""
        with contextlib.closing(sqlite3.connect(self.ledger)) as connection:
            return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def size_mib(self) -> float:
        """Return the size of the ledger with its log."""
        found = self.ledger.parent.glob(self.ledger.name + "*")
        return sum(p.stat().st_size for p in found) / 2**20


def circumstances(what: str) -> str:
    """Return in one sentence what was run, and beside how much else."""
    busy = f"load average {os.getloadavg()[2]:.0f} over the last quarter of an hour"
    return f"This table: {what}, at nice {os.nice(0)}, {busy}.\n"


def cpu_s(pid: int) -> float:
    """Return the processor time of a process that lives, without its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid: int) -> float:
    """Return the memory of a process that lies in RAM; 0: it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / KIB_PER_MIB
    return 0.0


def stopped(daemon: "subprocess.Popen[bytes]", within_s: float = 30.0) -> int:
    """End a daemon as a supervisor does; return its exit status."""
    daemon.send_signal(signal.SIGTERM)
    return daemon.wait(within_s)
