import threading
import time

import pytest

from greenops.errors import (
    SignalBusyError,
    SignalError,
    SignalRefusedError,
    UnknownZoneError,
)
from greenops.signals.patience import Patience, expected


def test_an_answer_in_time_is_handed_on():
    assert Patience().ask("acme", list, 5) == []


@pytest.mark.parametrize(
    "error", [SignalRefusedError("no"), UnknownZoneError("where?")]
)
def test_what_the_question_raises_is_raised(error):
    def question():
        raise error

    with pytest.raises(type(error), match=str(error)[:2]):
        Patience().ask("acme", question, 5)


def test_an_error_nobody_promised_becomes_a_signal_error_that_names_the_source():
    error = expected(KeyError("data"), "acme")

    assert isinstance(error, SignalError)
    assert "acme failed unexpectedly: KeyError('data')" in str(error)


def test_a_late_answer_is_not_waited_for_and_owed_until_it_comes():
    patience, released = Patience(), threading.Event()

    def slow():
        released.wait(20)
        return []

    begun = time.monotonic()
    with pytest.raises(SignalBusyError, match=r"within 0\.1 s"):
        patience.ask("acme", slow, 0.1)
    with pytest.raises(SignalBusyError, match="owes"):
        patience.ask("acme", slow, 5)
    assert time.monotonic() - begun < 5
    assert patience.ask("other", list, 5) == []

    released.set()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            assert patience.ask("acme", list, 5) == []
            break
        except SignalBusyError:
            time.sleep(0.01)
    else:
        pytest.fail("the source stayed silent after it had answered")


def test_without_time_an_answer_at_hand_is_taken_and_no_other():
    patience, released = Patience(), threading.Event()

    def slow():
        released.wait(20)
        return []

    assert patience.ask("acme", list, 0.0) == []
    with pytest.raises(SignalBusyError, match="no time left") as caught:
        patience.ask("acme", slow, 0.0)

    assert caught.value.retry_after_s == 0.0
    released.set()


def test_two_questions_at_once_do_not_disturb_each_other():
    patience, met = Patience(), threading.Barrier(2, timeout=10)
    answers = []

    def together():
        met.wait()
        return []

    def ask():
        answers.append(patience.ask("acme", together, 10))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [[], []]
