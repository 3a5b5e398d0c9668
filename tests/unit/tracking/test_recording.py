import time

import pytest

from greenops.errors import ReferenceDataError, SignalError
from greenops.model import RunStatus
from greenops.tracking.outcome import Ended
from greenops.tracking.recording import Begin, Recording
from tests.unit.tracking.test_meter import Bench


def concluded(failure):
    """Return the bench and the result of a run whose footprint cannot be had."""

    def assess(*_):
        raise failure

    bench = Bench()
    recording = Recording(
        lambda: bench.parts,
        lambda _: bench.meter.run,
        assess,
        begin=Begin(at_s=time.monotonic(), job_cpu_s=0.0, node_cpu_s=0.0),
        interval_s=0.05,
    )
    time.sleep(0.1)
    ended = Ended(at_s=time.monotonic(), exit_code=0, exit_signal=None)
    return bench, recording.finish(ended)


@pytest.mark.parametrize(
    "failure",
    [
        ReferenceDataError("no table"),
        SignalError("503"),
        RecursionError("deep"),
        KeyError("x"),
    ],
)
def test_a_run_stands_without_emissions_whatever_keeps_them_from_being_stated(failure):
    bench, result = concluded(failure)

    assert result.record.footprint is None
    assert result.record.end.status is RunStatus.FINISHED
    assert bench.recorder.ledger.runs["r"].end is not None
    (said,) = result.complaints
    assert said.startswith("no emissions: ")
    assert str(failure) in said


def test_what_may_pass_by_itself_is_pointed_to_restate():
    _, result = concluded(SignalError("503"))

    assert "greenops restate" in result.complaints[0]
