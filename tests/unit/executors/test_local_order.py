import json

import pytest

from greenops.errors import ExecutorRefusedError
from greenops.executors.local_order import Order
from greenops.model import Attempt, JobSpec


def an_attempt(*, spec=None, **changes):
    given = {"name": "n", "argv": ("true",), "cwd": "/tmp", "user": "u", **(spec or {})}
    return Attempt(
        **{
            "attempt_id": "a1", "job_id": "j1", "spec": JobSpec(**given),
            "place": "here", "zone": None, "folder": "/jobs/j1", **changes,
        }
    )  # fmt: skip


def test_an_order_survives_being_written_down():
    spec = {"environment_names": ("A",), "tags": {"k": "v"}, "project": "p", "gpus": 1}
    order = Order.of(an_attempt(spec=spec, pue=1.2, zone="FR", resume=True))

    text = json.dumps(order.as_record() | {"from_a_newer_greenops": 1})

    assert Order.read(json.loads(text)) == order


@pytest.mark.parametrize("record", [{}, {"attempt_id": "a1"}])
def test_a_damaged_order_is_said(record):
    with pytest.raises(ValueError, match="not the record of an attempt"):
        Order.read(record)


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ({"folder": "jobs/j1"}, "in full"),
        ({"folder": "/jobs/../../etc"}, "in full"),
        ({"spec": {"cwd": "work"}}, "in full"),
        ({"spec": {"argv": ("a", "b\0c")}}, "NUL"),
        ({"job_id": "a\0b"}, "NUL"),
        ({"spec": {"argv": ("x" * 2_000_000,)}}, "into a file"),
        ({"attempt_id": "../x"}, "attempt id"),
    ],
)
def test_what_cannot_be_run_is_refused(attempt, words):
    with pytest.raises(ExecutorRefusedError, match=words):
        Order.of(an_attempt(**attempt))
