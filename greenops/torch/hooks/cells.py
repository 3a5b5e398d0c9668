"""The file in which a process counts what it trains: numbers of 8 bytes each.

It is mapped into memory by the process that trains and read by the one that measures.
Times are those of `time.monotonic`, which all processes of a machine share.
"""

from __future__ import annotations

import mmap
import os

LAYOUT = 1
CELL_BYTES = 8

# What a cell holds, by its place: whole numbers first, then times in s.
LAYOUT_AT = 0
PID = 1
STEPS = 2
TRAIN_BATCHES = 3
TRAIN_SAMPLES = 4
OTHER_BATCHES = 5
OTHER_SAMPLES = 6
COMPILES = 7
PASSES = 8
TOLD_STEPS = 9
TOLD_SAMPLES = 10
OPTIMIZER_STEPS = 16
MOST_OPTIMIZERS = 16
FIRST_SEEN_S = 32
LAST_STEP_S = 33
WAITED_S = 34
COMPILED_S = 35
FIRST_MARK = 40
MARKS = 120
"""Times of so many first steps: enough to see where a steady pace begins."""

FIRST_PASS = FIRST_MARK + MARKS
PASS_CELLS = 10
MOST_PASSES = 256
"""Newest passes over a loader that are kept. The counts above hold what came of those
before them, so that all is their sum."""
# Within a pass:
NUMBER = 0
TRAINS = 1
BATCHES = 2
SAMPLES = 3
PASS_STEPS = 4
START_S = 5
LAST_S = 6
PASS_WAITED_S = 7
BATCH_SIZE = 8
MOST_SAMPLES = 9
"""Where torch's own samplers make the batches, all but the last have one size, and the
last has what is left: samples are then counted by counting batches."""
SINKS = FIRST_PASS + PASS_CELLS * MOST_PASSES
"""Two more, for passes that go on after their place was needed: other, training."""

SIZE_BYTES = CELL_BYTES * (SINKS + 2 * PASS_CELLS)


class Cells:
    """A new file of cells, 0600, mapped: `whole[STEPS] += 1`, `times[WAITED_S] = 0.5`.

    Raises:
        OSError: there is no room for it, or its folder is gone.
    """

    def __init__(self, folder: str) -> None:
        token = os.urandom(4).hex()
        self.path = os.path.join(folder, f"{os.getpid()}-{token}.cells")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        fd = os.open(self.path, flags, 0o600)
        try:
            # Space that turned out missing later would be a SIGBUS in the job.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(fd, 0, SIZE_BYTES)
            else:
                os.write(fd, bytes(SIZE_BYTES))
            self._map = mmap.mmap(fd, SIZE_BYTES)
        finally:
            os.close(fd)
        bytes_of = memoryview(self._map)
        self.whole = bytes_of.cast("q")
        self.times = bytes_of.cast("d")
        self.whole[PID] = os.getpid()
        self.whole[LAYOUT_AT] = LAYOUT


def samples_in(whole: memoryview, at: int) -> int:
    """Return the samples of the pass whose cells begin `at`."""
    if whole[at + BATCH_SIZE]:
        return min(
            whole[at + BATCHES] * whole[at + BATCH_SIZE], whole[at + MOST_SAMPLES]
        )
    return whole[at + SAMPLES]
