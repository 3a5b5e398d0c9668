"""A daemon that is killed at every step of a job's life, and at random ones."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from greenops.agent.planning import Site
from greenops.agent.service import AgentService, Parts
from greenops.executors.local import LocalExecutor
from greenops.ledger.jobs import LedgerJobs
from greenops.model import JobState, Place, RequestKind
from tests.bench.agent_crowd import Crowd
from tests.bench.agent_home import AgentHome
from tests.bench.agent_kill import (
    PLACES,
    come_to_rest,
    kill_again_and_again,
)
from tests.executors.rigs import BARE

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="jobs are run on Linux only"
)

DURABLE = {"append", "submit", "void", "signal", "cancel", "forget"}
"""What leaves a trace on the disk or in a process; all else may be asked again."""
PATIENCE_S = 60.0
RUNNING, HELD, STARTING = JobState.RUNNING, JobState.HELD, JobState.STARTING
HOLD, RELEASE, CANCEL = RequestKind.HOLD, RequestKind.RELEASE, RequestKind.CANCEL
LIVES = {
    "short": ((), 5),
    "failing": ((), 5),
    "steps": (((RUNNING, HOLD), (HELD, RELEASE)), 9),
    "frozen": (((RUNNING, HOLD), (HELD, RELEASE)), 9),
    "endless": (((RUNNING, CANCEL),), 7),
    "stillborn": (((STARTING, CANCEL),), 4),
}
"""By kind: what a person asks in which state, and how many steps such a life has."""


class Perilous:
    """A port, whose user is killed (SIGKILL) just before the n-th durable call."""

    def __init__(self, inner, left):
        self._inner, self._left = inner, left

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if name not in DURABLE:
            return found

        def call(*args, **kwargs):
            if self._left and self._left.pop() and not self._left:
                os.kill(os.getpid(), signal.SIGKILL)
            return found(*args, **kwargs)

        return call


def daemon(home, left):
    """Return a service over the real ledger and processes of this machine."""
    state = home.folder / "state" / "greenops"
    executor = LocalExecutor(state / "local", runner=BARE, environ=home.env)
    store = LedgerJobs(home.ledger, home.jobs)
    return AgentService(
        Parts(
            store=Perilous(store, left),
            executors={"local": Perilous(executor, left)},
            sites=(Site(place=Place(name="here", zone="SE"), executor="local"),),
            outlook=lambda _zone: None,
            past=lambda _name: None,
            folder_of=lambda job_id: str(home.jobs / job_id),
            version="0",
        )
    )


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own; return its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return pid


def lives_on(home, left):
    """Look after all jobs until this process is killed."""
    service = daemon(home, left)
    while True:
        service.tick(datetime.now(UTC))
        time.sleep(0.01)


def killed_at(home, crowd, number, script) -> bool:
    """Let a daemon die at its n-th step; return whether it lived to take that many."""
    job_id = list(crowd.kinds)[-1]
    script = list(script)
    pid, died = forked(lambda: lives_on(home, [1] * number)), False
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        if not died and os.waitpid(pid, os.WNOHANG)[0]:
            pid, died = forked(lambda: lives_on(home, [])), True
        last = home.store.job(job_id)[2][-1]
        if script and last.state is script[0][0]:
            crowd.ask(job_id, script.pop(0)[1])
        if last.state.final and (died or not is_kept(home, last.attempt_id)):
            break
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return died


def is_kept(home, attempt_id):
    """Return whether the executor was not told yet that it may forget an attempt."""
    attempts = home.folder / "state" / "greenops" / "local" / "attempts"
    folder = attempts / (attempt_id or "none")
    return (folder / "ended").exists() and "void" not in (folder / "ended").read_text()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", LIVES)
def test_killed_before_any_step_of_a_life_the_next_daemon_finishes_it(kind, tmp_path):
    script, least = LIVES[kind]
    tmp_path.chmod(0o700)
    home = AgentHome(tmp_path, PLACES)
    crowd = Crowd(home, random.Random(1), steps=3)
    number, died = 0, True
    while died:
        number += 1
        job_kind = "endless" if kind == "stillborn" else kind
        crowd.submit([job_kind], urgent=True)
        died = killed_at(home, crowd, number, script)
    assert not any(crowd.faults().values()), crowd.faults()
    assert number > least
    assert home.sound()
    home.store.close()


@pytest.mark.timeout(300)
def test_killed_again_and_again_the_daemon_neither_loses_nor_doubles_a_job(tmp_path):
    tmp_path.chmod(0o700)
    home = AgentHome(tmp_path, PLACES)
    dice = random.Random(3)
    crowd = Crowd(home, dice, steps=8)
    toll = kill_again_and_again(home, crowd, 16, dice, latest_s=1.0)
    come_to_rest(home, crowd)
    assert not any(crowd.faults().values()), crowd.faults()
    assert toll.damaged == 0
    assert toll.stages.total() == 16
    home.store.close()
