import os

import pytest

from greenops.tracking import identity


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["train.py", "--epochs", "3"], ["train.py", "--epochs", "3"]),
        (["x", "--token", "abc"], ["x", "--token", "***"]),
        (["x", "--api-key=abc"], ["x", "--api-key=***"]),
        (["x", "--hf_token=abc", "y"], ["x", "--hf_token=***", "y"]),
        (["WANDB_API_KEY=abc", "x"], ["WANDB_API_KEY=***", "x"]),
        (["x", "--password", "--verbose"], ["x", "--password", "--verbose"]),
        (["x", "postgres://me:pw@host/db"], ["x", "postgres://me:***@host/db"]),
        (["x", "--tokenizer", "bert"], ["x", "--tokenizer", "bert"]),
        (["x", "--max-tokens", "512"], ["x", "--max-tokens", "512"]),
    ],
    ids=lambda v: " ".join(v),
)
def test_secrets_on_the_command_line_are_masked(given, shown):
    assert list(identity.masked(given)) == shown


def test_ids_sort_by_time_and_do_not_collide():
    ids = [identity.new_run_id(1.7e9 + i // 100) for i in range(1000)]

    assert len(set(ids)) == 1000
    assert [i[:15] for i in ids] == sorted(i[:15] for i in ids)


def test_a_process_is_named_by_its_start_time():
    assert identity.process_started_s(os.getpid()) > 0
    assert identity.process_started_s(2**22 + 1) == 0
