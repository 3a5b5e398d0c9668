from greenops.planner.fleet.board import Board
from greenops.planner.fleet.columns import columns
from greenops.planner.fleet.fill import seat
from greenops.planner.fleet.mend import mend
from greenops.planner.fleet.pauses import windows
from greenops.planner.fleet.problem import jobs_at
from tests.unit.planner.fleet.fleets import sites


def seated(where, jobs, order):
    board = Board(where, jobs, columns(where, jobs), windows(where, jobs))
    return board, seat(board, order)


def test_another_job_is_moved_to_make_room():
    where = sites([[1.0, 2.0]])
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=[20, 10])
    board, left = seated(where, jobs, [0, 1])
    assert left == [1]

    assert mend(board, left) == []
    assert [stay.slots.start for stay in board.stays] == [1, 0]


def test_a_lower_priority_gives_way_and_is_told():
    where = sites([[1.0]])
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=10, priority=[0, 1])
    board, left = seated(where, jobs, [0, 1])

    assert mend(board, left) == [0]


def test_a_higher_priority_never_gives_way():
    where = sites([[1.0]])
    jobs = jobs_at(where, units=[1, 1], duration_s=10, deadline_s=10, priority=[1, 0])
    board, left = seated(where, jobs, [0, 1])

    assert mend(board, left) == [1]
    assert board.stays[0] is not None


def test_what_cannot_be_helped_leaves_all_others_where_they_were():
    where = sites([[1.0, 1.0]], 1)
    jobs = jobs_at(
        where,
        units=[1, 1, 1],
        duration_s=[10, 10, 20],
        deadline_s=20,
        priority=[1, 1, 0],
    )
    board, left = seated(where, jobs, [0, 1, 2])
    before = list(board.stays)

    assert mend(board, left) == [2]
    assert board.stays == before
    assert board.free.tolist() == [[0.0, 0.0]]


def test_one_who_gave_way_finds_room_elsewhere():
    where = sites([[1.0], [5.0]])
    jobs = jobs_at(
        where,
        units=[1, 1],
        duration_s=10,
        deadline_s=10,
        priority=[0, 1],
        allowed=[[True, True], [True, False]],
    )
    board, left = seated(where, jobs, [0, 1])

    assert mend(board, left) == []
    assert [stay.place for stay in board.stays] == [1, 0]
