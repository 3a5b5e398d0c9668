"""What is taken down of ended jobs, when, and what never is."""

from datetime import timedelta

import pytest

from greenops.agent.tidying import LEFT_BEHIND_AFTER, MOST, Kept, Tidying
from greenops.errors import ExecutorBusyError
from tests.unit.agent.worlds import T0

DAY = timedelta(days=1)
KEEP = 90 * DAY


class World:
    """Folders and attempts in memory, of jobs that ended so many days ago."""

    def __init__(self, **ended_days_ago):
        self.ended = {
            j: T0 - d * DAY for j, d in ended_days_ago.items() if d is not None
        }
        self.folders = list(ended_days_ago)
        self.secrets = set(ended_days_ago)
        self.attempts: list[str] = []
        self.failing: set[str] = set()
        self.stopping = False
        self.tidying = Tidying(
            Kept(
                ended=lambda ids: {j: self.ended[j] for j in ids if j in self.ended},
                jobs=lambda: list(self.folders),
                forget_secrets=self.forget_secrets,
                remove=self.remove,
                attempts=lambda: list(self.attempts),
                forget=self.forget,
            ),
            now=T0,
            elapsed_s=0.0,
            stopping=lambda: self.stopping,
        )

    def forget_secrets(self, job_id):
        if job_id in self.failing:
            raise OSError("disk error")
        self.secrets.discard(job_id)
        return True

    def remove(self, job_id):
        self.folders.remove(job_id)
        return True

    def forget(self, attempt_id):
        if attempt_id in self.failing:
            raise ExecutorBusyError("it runs")
        self.attempts.remove(attempt_id)

    def round(self, after=timedelta(0), keep=KEEP, elapsed=None):
        elapsed_s = (after if elapsed is None else elapsed).total_seconds()
        return self.tidying.round(T0 + after, elapsed_s, keep)


def test_a_folder_goes_when_it_is_old_enough_and_not_a_moment_sooner():
    world = World(old=90, young=89)
    assert world.round() == 1
    assert world.folders == ["young"]


def test_an_open_job_keeps_all_that_it_has_however_old_it_is():
    world = World(open=None)
    world.attempts = ["open.1"]
    assert world.round(after=9999 * DAY) == 0
    assert (world.folders, world.secrets, world.attempts) == (
        ["open"],
        {"open"},
        ["open.1"],
    )


def test_secrets_go_at_the_end_of_a_job():
    world = World(just=0)
    assert world.round() == 0
    assert world.secrets == set()
    assert world.folders == ["just"]


def test_folders_can_be_kept_for_ever():
    world = World(old=9999)
    assert world.round(keep=None) == 0
    assert world.folders == ["old"]


def test_attempts_that_were_left_behind_are_forgotten_an_hour_after_the_end():
    world = World(j=0)
    world.attempts = ["j.1", "j.2", "other.1", "odd"]
    world.round(after=LEFT_BEHIND_AFTER - timedelta(seconds=1))
    assert len(world.attempts) == 4
    world.failing = {"j.1"}
    world.round(after=LEFT_BEHIND_AFTER)
    assert world.attempts == ["j.1", "other.1", "odd"]


@pytest.mark.parametrize("step", [3650 * DAY, -DAY], ids=["ahead", "back"])
def test_after_the_clock_was_set_nothing_goes_until_it_has_run_evenly(step):
    world = World(j=1)
    assert world.round(after=step, elapsed=timedelta(seconds=600)) == 0
    assert (world.folders, world.secrets) == (["j"], {"j"})
    later = timedelta(seconds=600)
    world.round(after=step + later, elapsed=2 * later)
    assert world.secrets == set()


def test_one_folder_that_cannot_be_removed_keeps_no_other(caplog):
    world = World(bad=100, good=100)
    world.failing = {"bad"}
    assert world.round() == 1
    assert world.folders == ["bad"]
    assert "bad is not tidied up" in caplog.text


def test_a_round_is_short_and_ends_when_told_to():
    world = World(**{f"j{n}": 100 for n in range(MOST + 5)})
    world.stopping = True
    assert world.round() == 0
    world.stopping = False
    assert world.round() == MOST
    assert world.round() == 5
