from typing import Any

import pytest

from greenops.torch.counts import CountedPass, ProcessCounts
from greenops.torch.one_run import one_run
from tests.contracts.training_records import a_process


def counted_pass(number=0, **given):
    known: dict[str, Any] = {
        "trains": True, "start_s": float(number), "last_s": number + 1.0, "batches": 4,
        "samples": 32, "steps": 4, "waited_s": 0.5,
    }  # fmt: skip
    return CountedPass(number=number, **known | given)


def counts(pid=1, rank=0, group="pid 1", world_size=1, **given):
    known: dict[str, Any] = {
        "steps": 4, "samples": 32, "train_batches": 4, "other_batches": 0,
        "waited_s": 1.0, "compiles": 0, "compiled_s": 0.0, "first_s": 0.0,
        "last_s": 4.0, "first_steps_s": (1.0, 2.0), "passes": (counted_pass(),),
    }  # fmt: skip
    process = a_process(pid=pid, rank=rank, world_size=world_size)
    return ProcessCounts(process=process, group=group, **known | given)


def run_of(*found):
    return one_run(found, epoch_s=lambda s: s + 1000.0, at_s=5.0)


def test_of_no_process_there_is_no_run():
    assert run_of() is None


def test_ranks_of_one_group_make_one_step_of_theirs():
    run = run_of(counts(1, 0, "g"), counts(2, 1, "g", waited_s=3.0))

    assert (run.tick.steps, run.tick.samples, run.tick.processes) == (4, 64, 2)
    assert run.tick.waited_s == 2.0
    assert run.tick.at_epoch_s == 1005.0
    (epoch,) = run.passes
    assert (epoch.steps, epoch.samples, epoch.batches) == (4, 64, 8)


def test_trainings_of_their_own_add_up():
    run = run_of(counts(1), counts(2, group="pid 2"))

    assert run.tick.steps == 8
    assert len(run.passes) == 2


def test_a_rank_that_was_started_anew_goes_on_counting():
    lives = [counts(1, 0, "g"), counts(3, 0, "g", steps=2), counts(2, 1, "g", steps=6)]

    assert run_of(*lives).tick.steps == 6


def test_passes_of_ranks_that_do_not_meet_pair_by_their_number():
    mine = counted_pass(1, trains=False, start_s=5.0, last_s=5.1)
    other = counted_pass(1, trains=False, start_s=5.2, last_s=5.3)

    run = run_of(counts(1, 0, "g", passes=(mine,)), counts(2, 1, "g", passes=(other,)))

    (found,) = run.passes
    assert (found.start_epoch_s, found.stop_epoch_s) == (1005.0, pytest.approx(1005.3))


def test_what_one_rank_evaluates_for_all_stands_for_itself():
    mine = (counted_pass(0), counted_pass(1, trains=False, start_s=9.0, last_s=9.5))

    run = run_of(
        counts(1, 0, "g", passes=mine), counts(2, 1, "g", passes=(counted_pass(0),))
    )

    assert [(one.trains, one.samples) for one in run.passes] == [
        (True, 64),
        (False, 32),
    ]


def test_a_process_that_only_read_its_data_began_no_training():
    looked = counts(2, group="pid 2", steps=0, first_s=-50.0, first_steps_s=())

    run = run_of(counts(1), looked)

    assert run.first_epoch_s == 1000.0
    assert run.tick.processes == 1
