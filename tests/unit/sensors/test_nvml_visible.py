import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.sensors.nvml_visible import BoardName, Instance, choose, instance_share


def board(index, uuid, product="NVIDIA H200", instances=()):
    return BoardName(
        index=index, uuid=uuid, product=product, instances=tuple(instances)
    )


def instance(uuid, gpu_instance, slices):
    return Instance(
        uuid=uuid, gpu_instance=gpu_instance, compute_instance=0, slices=slices
    )


THIRD = instance("MIG-aaaa-1", 1, 3)
FOURTH = instance("MIG-bbbb-2", 2, 4)
BOARDS = [
    board(0, "GPU-1111-aaaa"),
    board(1, "GPU-1122-bbbb"),
    board(2, "GPU-3333-cccc", instances=[THIRD, FOURTH]),
]
CASES = {
    "not set: all": (None, (0, 1, 2), ()),
    "empty: none": ("", (), ()),
    "minus one: none": ("-1", (), ()),
    "an index": ("1", (1,), ()),
    "indices in the job's order": ("2,0", (2, 0), ()),
    "spaces around": (" 0 , 1 ", (0, 1), ()),
    "minus one ends the list": ("0,-1,1", (0,), ()),
    "an index too high ends the list": ("0,7,1", (0,), ()),
    "twice the same": ("1,1", (1,), ()),
    "a whole UUID": ("GPU-1122-bbbb", (1,), ()),
    "the start of a UUID": ("GPU-33", (2,), ()),
    "a start that fits two": ("GPU-11", (), ()),
    "an unknown UUID": ("GPU-9999", (), ()),
    "a UUID without its prefix": ("1122-bbbb", (), ()),
    "a MIG instance": ("MIG-aaaa-1", (2,), (THIRD,)),
    "the start of a MIG instance": ("MIG-bb", (2,), (FOURTH,)),
    "a MIG instance as old drivers wrote it": (
        "MIG-GPU-3333-cccc/2/0",
        (2,),
        (FOURTH,),
    ),
    "two instances of one board": ("MIG-aaaa-1,MIG-bbbb-2", (2,), (THIRD, FOURTH)),
    "no instance of this name": ("MIG-cccc", (), ()),
    "what some launchers write for none": ("NoDevFiles", (), ()),
}


@pytest.mark.parametrize(
    ("visible", "indices", "instances"), CASES.values(), ids=CASES.keys()
)
def test_cuda_visible_devices_is_read_as_cuda_reads_it(visible, indices, instances):
    choice = choose(visible, BOARDS)

    assert choice.indices == indices
    assert choice.instances == instances


def test_an_entry_that_names_nothing_is_told_but_none_at_all_is_not():
    assert "'7' names no GPU here" in choose("0,7,1", BOARDS).doubts[0]
    assert choose("", BOARDS).doubts == ()
    assert choose("-1", BOARDS).doubts == ()


def test_indices_among_different_gpus_are_not_guessed():
    boards = [board(0, "GPU-1", "NVIDIA T4"), board(1, "GPU-2", "NVIDIA H200")]

    guess = choose("0", boards)
    sure = choose("0", boards, order="PCI_BUS_ID")

    assert guess.indices == (0, 1)
    assert "CUDA_DEVICE_ORDER=PCI_BUS_ID" in guess.doubts[0]
    assert (sure.indices, sure.doubts) == ((0,), ())


def test_uuids_are_certain_among_different_gpus():
    boards = [board(0, "GPU-1", "NVIDIA T4"), board(1, "GPU-2", "NVIDIA H200")]

    assert choose("GPU-2", boards).indices == (1,)


def test_the_shares_of_all_instances_add_up_to_the_board():
    assert instance_share(BOARDS[2], [THIRD]) == pytest.approx(3 / 7)
    assert instance_share(BOARDS[2], [THIRD, FOURTH]) == 1.0
    assert instance_share(BOARDS[2], [instance("MIG-of-another", 1, 7)]) == 0.0
    assert instance_share(BOARDS[0], []) == 0.0


@given(st.text(max_size=30) | st.none())
def test_any_text_names_existing_boards_at_most_once_each(visible):
    choice = choose(visible, BOARDS)

    assert len(set(choice.indices)) == len(choice.indices)
    assert set(choice.indices) <= {0, 1, 2}


@given(st.lists(st.integers(0, 2), min_size=1))
def test_a_list_of_valid_indices_names_exactly_those(indices):
    choice = choose(",".join(map(str, indices)), BOARDS)

    assert choice.indices == tuple(dict.fromkeys(indices))
