"""What a daemon says of itself, and what is made of it."""

from datetime import timedelta

import pytest

from greenops.agent.heartbeat import Beat, Pulse, pulse, read, written
from tests.unit.agent.worlds import T0

BEAT = Beat(pid=7, boot_id="b", started_at=T0, ticked_at=T0, version="0.1", open_jobs=3)


def test_what_was_written_is_read():
    assert read(written(BEAT)) == BEAT


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"pid": "x"}', '{"pid": 1}', "\0" * 99]
)
def test_rubbish_is_no_beat(text):
    assert read(text) is None


@pytest.mark.parametrize(
    ("beat", "after_s", "held", "found"),
    [
        (BEAT, 1, True, Pulse.ALIVE),
        (BEAT, 61, True, Pulse.SILENT),
        (BEAT, -9999, True, Pulse.ALIVE),
        (None, 0, True, Pulse.ALIVE),
        (BEAT, 1, False, Pulse.NONE),
    ],
    ids=["fresh", "stuck", "clock set back", "just begun", "dead"],
)
def test_only_who_holds_its_seat_lives(beat, after_s, held, found):
    assert pulse(beat, T0 + timedelta(seconds=after_s), held=held) is found
