from math import inf

import pytest

from greenops.errors import ExecutorBusyError, ExecutorRefusedError
from greenops.executors.local_order import Order
from greenops.executors.local_places import (
    Machine,
    PlaceOptions,
    assign,
    room,
    this_machine,
)

MACHINE = Machine(cpus=8.0, memory_gib=64.0, free_memory_gib=60.0)
FOUR = {"0": False, "1": False, "2": False, "3": False}


def an_order(place="here", **changes):
    return Order(
        attempt_id="a1", job_id="j1", name="train", argv=("true",), cwd="/",
        folder="/f", place=place, **changes,
    )  # fmt: skip


def a_room(place="here", held=(), seen=FOUR, **options):
    return room(place, PlaceOptions.of(options), held, MACHINE, seen)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gpuss": 1}, "did you mean gpus"),
        ({"nonsense": 1}, "there are gpus, cpus"),
        ({"gpus": -1}, "a number of GPUs"),
        ({"gpus": True}, "a number of GPUs"),
        ({"gpus": [0, "1,2"]}, "a number of GPUs"),
        ({"gpus": [""]}, "a number of GPUs"),
        ({"gpus": [1.5]}, "a number of GPUs"),
        ({"cpus": 0}, "above 0"),
        ({"cpus": inf}, "above 0"),
        ({"cpus": "4"}, "above 0"),
        ({"memory_gib": -1}, "above 0"),
        ({"jobs": 0}, "1 or more"),
        ({"enforce": 1}, "true or false"),
        ({"log_mib": None}, "above 0"),
        ({"logs_kept": 100}, "0 to 99"),
    ],
)
def test_an_option_that_is_none_is_refused_with_what_it_may_be(options, words):
    with pytest.raises(ExecutorRefusedError, match=words):
        PlaceOptions.of(options)


def test_ids_of_gpus_may_be_numbers_or_names():
    assert PlaceOptions.of({"gpus": [0, "GPU-1a"]}).gpus == ("0", "GPU-1a")
    assert PlaceOptions.of({"gpus": 2}).gpus == 2


def test_a_place_that_says_nothing_has_the_machine():
    there = a_room()

    assert (there.gpus, there.cpus, there.memory_gib) == (4, 8.0, 64.0)
    assert there.free_gpu_ids == ("0", "1", "2", "3")
    assert there.free_memory_gib == 60.0  # others use the rest
    assert there.free_jobs == inf


def test_places_that_say_nothing_share_the_machine():
    other = an_order("there", cpus=6.0, memory_gib=10.0, gpu_ids=("0",))

    there = a_room(held=[other])

    assert there.free_cpus == 2.0
    assert there.free_memory_gib == 54.0
    assert there.free_gpu_ids == ("1", "2", "3")


def test_what_a_place_was_given_is_its_own():
    other = an_order("there", cpus=6.0, memory_gib=10.0)
    own = an_order(cpus=1.0, memory_gib=1.0)

    there = a_room(held=[other, own], cpus=4, memory_gib=8)

    assert (there.free_cpus, there.free_memory_gib) == (3.0, 7.0)


def test_a_gpu_is_never_given_out_twice_whatever_places_share_it():
    held = [an_order("there", gpu_ids=("0", "2"))]

    assert a_room(held=held, gpus=[0, 1]).free_gpu_ids == ("1",)
    assert a_room(held=held).free_gpu_ids == ("1", "3")


def test_a_number_of_gpus_is_any_of_the_machines():
    held = [an_order("there", gpu_ids=("0",)), an_order(gpu_ids=("1",))]

    there = a_room(held=held, gpus=2)

    assert there.gpus == 2
    assert there.free_gpu_ids == ("2",)


def test_a_gpu_on_which_a_stranger_computes_is_not_free():
    assert a_room(seen={"0": True, "1": False}).free_gpu_ids == ("1",)


def test_a_configured_gpu_that_is_not_there_does_not_count():
    assert a_room(seen={"0": False}, gpus=[0, 7]).gpus == 1


@pytest.mark.parametrize(
    ("order", "options", "words"),
    [
        ({"gpus": 5}, {}, "asks for 5 GPUs, here has 4"),
        ({"gpus": 2}, {"gpus": 1}, "asks for 2 GPUs, here has 1"),
        ({"cpus": 9.0}, {}, "asks for 9 CPUs, here has 8"),
        ({"memory_gib": 65.0}, {}, "asks for 65 GiB"),
        ({"cpus": 2.5}, {"cpus": 2}, "asks for 2.5 CPUs, here has 2"),
    ],
)
def test_what_can_never_fit_is_refused(order, options, words):
    with pytest.raises(ExecutorRefusedError, match=words):
        assign(an_order(**order), (), a_room(**options))


@pytest.mark.parametrize(
    ("order", "held", "words"),
    [
        ({"gpus": 3}, {"gpu_ids": ("0", "1")}, "2 GPUs free"),
        ({"cpus": 4.0}, {"cpus": 5.0}, "3 CPUs free"),
        ({"memory_gib": 61.0}, {}, "60 GiB of memory free"),
    ],
)
def test_what_does_not_fit_now_may_ask_again(order, held, words):
    with pytest.raises(ExecutorBusyError, match=words):
        assign(an_order(**order), (), a_room(held=[an_order(**held)]))


def test_no_more_jobs_run_than_may():
    with pytest.raises(ExecutorBusyError, match="as many jobs as it may"):
        assign(an_order(), (), a_room(held=[an_order()], jobs=1))
    assert a_room(held=[an_order("there")], jobs=1).free_jobs == 1


def test_gpus_are_given_out_in_order_and_only_those_asked_for():
    assert assign(an_order(gpus=2), (), a_room()) == ("0", "1")
    assert assign(an_order(), (), a_room()) == ()
    assert assign(an_order(), (), a_room(seen={})) is None


def test_gpus_that_were_assigned_are_kept_to():
    assert assign(an_order(gpus=1), ("3",), a_room()) == ("3",)
    with pytest.raises(ExecutorRefusedError, match="no GPU 9"):
        assign(an_order(gpus=1), ("9",), a_room())
    with pytest.raises(ExecutorBusyError, match="GPU 3 is in use"):
        assign(an_order(gpus=1), ("3",), a_room(held=[an_order(gpu_ids=("3",))]))


def test_this_machine_is_looked_at():
    machine = this_machine()

    assert machine.cpus >= 1
    assert 0.0 < machine.free_memory_gib <= machine.memory_gib
