import os

from greenops.tracking import identity


def test_ids_sort_by_time_and_do_not_collide():
    ids = [identity.new_run_id(1.7e9 + i // 100) for i in range(1000)]

    assert len(set(ids)) == 1000
    assert [i[:15] for i in ids] == sorted(i[:15] for i in ids)


def test_a_process_is_named_by_its_start_time():
    assert identity.process_started_s(os.getpid()) > 0
    assert identity.process_started_s(2**22 + 1) == 0
