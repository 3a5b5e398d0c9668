"""A job that proves by itself how often it ran: `proof_job.py FOLDER KIND [STEPS]`.

Writes into FOLDER, for each job, who began (`JOB.begun`), which step was done by whom
(`JOB.steps`), and `JOB.twice` where an attempt began twice, or two at once. Kinds:

| kind       | what it does                                                          |
|------------|-----------------------------------------------------------------------|
| short      | one step, exit status 0                                               |
| failing    | one step, exit status 3                                               |
| asking     | asks once to be run again, of its own accord                          |
| steps      | steps with a checkpoint after each; SIGUSR1 ends it with status 75    |
| frozen     | the same, and knows of no signal                                      |
| endless    | steps for ever; SIGTERM ends it                                       |
| stubborn   | steps for ever, and ignores SIGTERM                                   |
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

STEP_S = 0.1
AGAIN = 75
FOR_EVER = 10**9


class Proof:
    def __init__(self, folder):
        self.job = os.environ["GREENOPS_JOB_ID"]
        self.attempt = Path(os.environ["GREENOPS_ATTEMPT"]).name
        self._folder = folder
        self._lock = os.open(self._path("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.note("twice", "at once")
        try:
            os.close(os.open(self._path(self.attempt), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            self.note("twice", "again")
        self.note("begun", "")

    def note(self, what, said):
        line = f"{self.attempt} {said}\n".encode()
        fd = os.open(self._path(what), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(fd, line)  # one call: a line is there or it is not
        os.close(fd)

    def _path(self, what):
        return self._folder / f"{self.job}.{what}"


def main():
    told = []
    kind, steps = sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if kind == "steps":
        signal.signal(signal.SIGUSR1, lambda *_: told.append(1))
    if kind == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    proof = Proof(Path(sys.argv[1]))
    checkpoint = Path(os.environ["GREENOPS_CHECKPOINT_DIR"]) / "step"
    resumes = os.environ["GREENOPS_RESUME"] == "1" and checkpoint.exists()
    first = int(checkpoint.read_text()) if resumes else 0
    for step in range(first, FOR_EVER if kind in ("endless", "stubborn") else steps):
        time.sleep(STEP_S)
        proof.note("steps", step)
        beside = checkpoint.with_suffix(".new")
        beside.write_text(str(step + 1))
        beside.replace(checkpoint)
        if told or (kind == "asking" and not resumes):
            sys.exit(AGAIN)
    sys.exit(3 if kind == "failing" else 0)


if __name__ == "__main__":
    main()
