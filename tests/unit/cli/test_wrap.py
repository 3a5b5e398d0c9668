"""What `greenops wrap` does where its own measuring fails."""

import pytest

from greenops.cli import wrap
from greenops.config import Config
from greenops.errors import LedgerError
from greenops.tracking.loop import Background
from greenops.tracking.outcome import Ended

ENDED = Ended(exit_code=7, exit_signal=None, at_s=1.0)


class Job:
    """A job that has run, and whose measurement fails as told."""

    def __init__(self, failure):
        self.child = self
        self._failure = failure

    def wait(self):
        return ENDED

    def record(self):
        return Background(self._fail)

    def _fail(self):
        raise self._failure


@pytest.mark.parametrize(
    "failure", [LedgerError("gone"), RecursionError("deep"), KeyError("plugin")]
)
def test_whatever_fails_in_measuring_the_end_is_that_of_the_job(
    failure, monkeypatch, capsys
):
    monkeypatch.setattr(wrap, "start_job", lambda *_, **__: Job(failure))

    assert wrap.run_measured(Config(), ["train"]) is ENDED
    assert "not measured" in capsys.readouterr().err


def test_a_summary_that_cannot_be_made_changes_nothing_either(monkeypatch, capsys):
    class Recording:
        def finish(self, _ended):
            raise ZeroDivisionError("a fault")

    job = Job(None)
    monkeypatch.setattr(job, "_fail", Recording)
    monkeypatch.setattr(wrap, "start_job", lambda *_, **__: job)

    assert wrap.run_measured(Config(), ["train"]) is ENDED
    assert "a fault" in capsys.readouterr().err
