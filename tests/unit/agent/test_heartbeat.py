"""What a daemon says of itself, and what is made of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from greenops.agent.heartbeat import Beat, Pulse, pulse, read, written
from greenops.agent.node_seen import NodeSeen
from tests.unit.agent.worlds import T0

BEAT = Beat(pid=7, boot_id="b", started_at=T0, ticked_at=T0, version="0.1", open_jobs=3)


def test_what_was_written_is_read():
    assert read(written(BEAT)) == BEAT


def test_what_sampling_found_is_read_as_well():
    node = NodeSeen(sampled_epoch_s=1.5, devices=("A GPU",), found=("x",), found_jobs=3)
    assert read(written(replace(BEAT, node=node))) == replace(BEAT, node=node)


@pytest.mark.parametrize("node", ["x", {}, {"sampled_epoch_s": 1}, [1]], ids=str)
def test_rubbish_about_a_node_is_no_beat(node):
    assert read(json.dumps(json.loads(written(BEAT)) | {"node": node})) is None


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
