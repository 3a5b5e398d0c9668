import contextlib
import json
import os
import stat

import pytest

from greenops.ledger.append import Appender
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.ledger.rows import (
    devices_entry,
    end_entry,
    mark_entry,
    run_entry,
    tick_entry,
)
from greenops.ledger.spool import Spool, spool_files
from greenops.ledger.take_in import take_in_file, take_in_spool
from greenops.model import RunStatus
from tests.unit.ledger.records import (
    CPU,
    a_mark,
    a_run,
    a_sample,
    a_total,
    a_use,
    an_end,
    spooled,
)

RUN_ID = a_run().run_id
BEGIN = [
    run_entry(a_run(tags={"a": "\0b"}), namespace="", version="1"),
    devices_entry(RUN_ID, [CPU]),
]
END = end_entry(an_end(), [a_total()])


@pytest.fixture
def spool_dir(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def set_aside(spool_dir, entries):
    """Leave a spool file behind, as a recorder that has ended would."""
    spool = Spool([spool_dir])
    spool.write(entries)
    spool.close()
    return spool.path


def ticks(count):
    return [tick_entry(RUN_ID, [a_sample(s)], a_use(s)) for s in range(count)]


def test_a_run_set_aside_is_taken_in_whole(path, spool_dir):
    set_aside(spool_dir, [*BEGIN, *ticks(3), END])

    assert take_in_spool(path, spool_dir=spool_dir) == 1

    ledger = Ledger(path)
    assert ledger.get(RUN_ID).end == an_end()
    assert ledger.get(RUN_ID).run.tags == {"a": "\0b"}
    assert list(ledger.samples(RUN_ID)) == [a_sample(s) for s in range(3)]
    assert spooled(spool_dir) == []
    assert take_in_spool(path, spool_dir=spool_dir) == 0


def test_a_spool_file_is_for_its_owner_alone(spool_dir):
    file = set_aside(spool_dir, BEGIN)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool_dir.stat().st_mode) == 0o700


def test_a_file_whose_recorder_lives_is_left_to_it(path, spool_dir):
    spool = Spool([spool_dir])
    spool.write(BEGIN)

    assert take_in_spool(path, spool_dir=spool_dir) == 0
    spool.close()
    assert take_in_spool(path, spool_dir=spool_dir) == 1


def test_a_file_that_was_taken_in_but_not_removed_is_not_counted_twice(path, spool_dir):
    file = set_aside(spool_dir, [*BEGIN, mark_entry(RUN_ID, a_mark())])
    copy = file.read_bytes()
    take_in_spool(path, spool_dir=spool_dir)
    file.write_bytes(copy)

    take_in_spool(path, spool_dir=spool_dir)

    assert Ledger(path).marks(RUN_ID) == [a_mark()]
    assert spooled(spool_dir) == []


def test_a_line_torn_by_a_kill_costs_that_line_only(path, spool_dir):
    file = set_aside(spool_dir, [*BEGIN, *ticks(2)])
    file.write_bytes(file.read_bytes()[:-20])

    assert take_in_spool(path, spool_dir=spool_dir) == 1

    assert list(Ledger(path).samples(RUN_ID)) == [a_sample(0)]
    assert spooled(spool_dir) == []


@pytest.mark.parametrize(
    "text",
    [
        "garbage\nmore\n",
        "[9, 1, {}]\n" * 2,
        '[1, "r", {"sqlite_master": [[1]]}]\n' * 2,
        '[1, "r", {"runs": [[1, 2]]}]\n',
        '[1, "never begun", {"samples": []}]\n',
        '[1, "r", {"runs": []}]\n',
        '[1, "r", {"runs": [[{"a": []}]]}]\n',
        "{}\n" * 3,
    ],
    ids=[
        "garbage",
        "newer",
        "no-table-of-ours",
        "too-few",
        "unknown",
        "empty",
        "nested",
        "other-json",
    ],
)
def test_a_file_that_is_no_spool_is_kept_under_another_name(path, spool_dir, text):
    file = set_aside(spool_dir, BEGIN)
    file.write_text(text)

    take_in_spool(path, spool_dir=spool_dir)

    assert [f.name for f in spool_dir.iterdir()] == [f"{file.name}.refused"]
    assert Ledger(path).find_runs() == []


def test_a_link_in_the_spool_is_not_followed(path, spool_dir, tmp_path):
    file = set_aside(spool_dir, BEGIN)
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)

    assert take_in_spool(path, spool_dir=spool_dir) == 0
    assert elsewhere.exists()


def test_samples_set_aside_reopen_a_run_that_was_closed_as_lost(path, spool_dir):
    lost = an_end(status=RunStatus.LOST)
    with contextlib.closing(Appender(path)) as appender:
        entries = [*BEGIN, *ticks(1), end_entry(lost, [a_total()], closed_by="1@x")]
        appender.write(entries, until_s=lambda: 0.0)
    set_aside(spool_dir, [*BEGIN, *ticks(3)])

    take_in_spool(path, spool_dir=spool_dir)

    assert Ledger(path).get(RUN_ID).status is RunStatus.RUNNING
    assert len(list(Ledger(path).samples(RUN_ID))) == 3


def test_samples_set_aside_do_not_reopen_a_run_its_recorder_closed(path, spool_dir):
    with contextlib.closing(Appender(path)) as appender:
        appender.write([*BEGIN, END], until_s=lambda: 0.0)
    set_aside(spool_dir, [*BEGIN, *ticks(3)])

    take_in_spool(path, spool_dir=spool_dir)

    assert Ledger(path).get(RUN_ID).end == an_end()


def test_a_full_spool_leaves_samples_out_and_keeps_the_end(path, spool_dir):
    spool = Spool([spool_dir], max_bytes=3000)
    spool.write(BEGIN)

    left_out = sum(spool.write([tick]) for tick in ticks(50))
    assert spool.write([END]) == 0
    spool.close()
    take_in_spool(path, spool_dir=spool_dir)

    assert 0 < left_out < 50
    assert len(list(Ledger(path).samples(RUN_ID))) == 50 - left_out
    assert Ledger(path).get(RUN_ID).end == an_end()


def test_the_second_place_serves_where_the_first_cannot(tmp_path, spool_dir):
    (tmp_path / "file").write_text("")
    spool = Spool([tmp_path / "file" / "spool", spool_dir])

    spool.write(BEGIN)
    spool.close()

    assert spooled(spool_dir) == [spool.path]


def test_with_no_place_at_all_it_says_why(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        Spool([tmp_path / "file" / "spool"]).write(BEGIN)
    with pytest.raises(FileNotFoundError):
        Spool([]).write(BEGIN)


def test_a_line_holds_one_entry_as_json(spool_dir):
    file = set_aside(spool_dir, ticks(1))

    version, run_id, tables = json.loads(file.read_text())
    assert (version, run_id) == (1, RUN_ID)
    assert sorted(tables) == ["job_use", "samples"]


def test_a_folder_that_is_not_there_holds_no_spool(tmp_path):
    assert spool_files(tmp_path / "none") == []


def test_a_recorder_takes_in_what_an_earlier_one_set_aside(path, spool_dir):
    set_aside(spool_dir, [*BEGIN, END])
    recorder = LedgerRecorder(path, spool_dir=spool_dir)
    recorder.begin(a_run("another"))
    assert recorder.flush(10.0)
    recorder.close()

    assert {row.run_id for row in Ledger(path).find_runs()} == {RUN_ID, "another"}


def test_the_claim_of_a_file_already_gone_fails_quietly(path, spool_dir):
    with contextlib.closing(Appender(path)) as appender:
        assert not take_in_file(appender, spool_dir / "gone.jsonl")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_file_of_another_user_is_not_taken_in(path, spool_dir):
    file = set_aside(spool_dir, BEGIN)
    os.chown(file, 12345, -1)

    assert take_in_spool(path, spool_dir=spool_dir) == 0
