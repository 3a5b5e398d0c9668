"""A wall clock for whole programs that a test may set, while they run."""

import shutil
import struct
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

SOURCE = Path(__file__).with_name("clock_sim.c")
NS_PER_S = 10**9


class WallClock:
    """The clock of all processes that are started with `environ`.

    Args:
        folder: Where its library and its file are put.

    Raises:
        RuntimeError: there is no C compiler, or it failed.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._library = folder / "libclock_sim.so"
        self._offset_s = 0.0
        self._file.write_bytes(struct.pack("=q", 0))
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise RuntimeError("the simulated clock needs a C compiler (cc)")
        command = [compiler, "-std=gnu11", "-O1", "-fPIC", "-shared"]
        subprocess.run([*command, "-o", self._library, SOURCE], check=True)

    @property
    def environ(self) -> Mapping[str, str]:
        """What a program finds in its environment that goes by this clock."""
        return {"LD_PRELOAD": str(self._library), "CLOCK_SIM_FILE": str(self._file)}

    @property
    def now(self) -> datetime:
        """The time, as those programs see it."""
        return datetime.fromtimestamp(time.time() + self._offset_s, UTC)

    def set(self, now: datetime) -> None:
        """Set it; the programs see that at once."""
        self._offset_s = now.timestamp() - time.time()
        with self._file.open("r+b") as file:  # in place: it is mapped
            file.write(struct.pack("=q", round(self._offset_s * NS_PER_S)))
