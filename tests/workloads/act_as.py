"""`act_as.py USER OF`: gives up all rights but USER's, then tries to run a job of OF.

Prints the number of the account that a runner of the job ran as, or why there was none.
"""

import os
import pwd
import sys
import tempfile
import time
from pathlib import Path

from greenops.errors import ExecutorRefusedError
from greenops.executors.local import LocalExecutor
from greenops.executors.local_places import this_machine
from greenops.model import Attempt, JobSpec

WHO = ("/bin/sh", "-c", 'id -u > "$1/who.new" && mv "$1/who.new" "$1/who"', "sh")
PATIENCE_S = 30.0


def main():
    account = pwd.getpwnam(sys.argv[1])
    this_machine()  # what it imports may lie where that user cannot read
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        executor = LocalExecutor(home / "executor", runner=WHO, environ={})
        spec = JobSpec(name="j", argv=("true",), cwd="/", user=sys.argv[2], cpus=0.01)
        folder = str(home / "job")
        try:
            executor.submit(
                Attempt(
                    attempt_id="a1",
                    job_id="j1",
                    spec=spec,
                    place="here",
                    zone=None,
                    folder=folder,
                )
            )
        except ExecutorRefusedError as e:
            left = sorted(path.name for path in home.iterdir())
            print(f"refused: {e}; left {left}")
            return
        who = home / "executor" / "attempts" / "a1" / "who"
        until_s = time.monotonic() + PATIENCE_S
        while not who.exists() and time.monotonic() < until_s:
            time.sleep(0.02)
        print(f"ran as {who.read_text().strip()}")


if __name__ == "__main__":
    main()
