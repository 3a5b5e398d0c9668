import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from greenops.errors import SignalBusyError, SignalError, SignalRefusedError
from greenops.signals.answer_store import MOST_FILES, REFUSED_S, AnswerStore
from greenops.signals.kept import Asked, Kept, with_answer
from greenops.testing import FixedClock
from tests.unit.signals.fakes import at, point

KEPT = with_answer(Kept(), [point(1)], Asked(at(1), at(2), at(3)))


@pytest.fixture
def clock():
    return FixedClock(datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
def credential():
    return ["first"]


@pytest.fixture
def store(tmp_path, clock, credential):
    return AnswerStore(
        tmp_path / "cache" / "acme",
        credential=lambda: credential[0],
        time_s=clock.time,
    )


def folder(store):
    return store._folder


def test_what_is_kept_is_there_for_another_process(store, tmp_path):
    store.save("FR", KEPT)

    other = AnswerStore(tmp_path / "cache" / "acme")

    assert other.load("FR") == KEPT
    assert other.load("DE") == Kept()


def test_only_its_user_can_read_it(store):
    store.save("FR", KEPT)

    (path,) = folder(store).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder(store).stat().st_mode) == 0o700


@pytest.mark.parametrize("zone", ["", "FR", "fr", "../../etc", "a/b", "\0", "ä" * 300])
def test_any_name_of_a_zone_is_a_file_within_the_folder(store, zone):
    store.save(zone, KEPT)

    assert store.load(zone) == KEPT
    (path,) = folder(store).iterdir()
    assert path.parent == folder(store)


def test_names_that_look_alike_are_kept_apart(store):
    store.save("a/b", KEPT)

    assert store.load("a_b") == Kept()
    assert store.load("a:b") == Kept()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"\0" * 100, b"[1]", b"[" * 200_000],
    ids=["empty", "cut", "not-utf-8", "zeros", "another", "deep"],
)
def test_a_damaged_file_is_moved_aside_and_begun_anew(store, content):
    store.save("FR", KEPT)
    (path,) = folder(store).iterdir()
    path.write_bytes(content)

    assert store.load("FR") == Kept()
    store.save("FR", KEPT)

    assert store.load("FR") == KEPT
    assert path.with_suffix(".damaged").read_bytes() == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_way_is_not_waited_for(store):
    folder(store).mkdir(parents=True)
    for name in ("zone-FR.json", "silences.json"):
        os.mkfifo(folder(store) / name)

    assert store.load("FR") == Kept()
    store.check("FR", "now")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away"
)
def test_answers_that_somebody_else_has_put_there_are_not_believed(store):
    store.save("FR", KEPT)
    (path,) = folder(store).iterdir()
    os.chown(path, 12345, -1)

    assert store.load("FR") == Kept()


@pytest.mark.parametrize("planted", ["file", "folder"])
def test_a_place_that_cannot_be_written_is_an_empty_cache(tmp_path, planted):
    place = tmp_path / "acme"
    if planted == "file":
        place.write_text("in the way")
    else:
        (place / "zone-FR.json").mkdir(parents=True)
        (place / "silences.json").mkdir()
    store = AnswerStore(place)

    store.save("FR", KEPT)
    store.heard("FR", "now", SignalRefusedError("no"))

    assert store.load("FR") == Kept()
    store.check("FR", "now")


def test_nothing_is_left_behind_by_a_write_that_failed(store):
    (folder(store) / "zone-FR.json").mkdir(parents=True)

    store.save("FR", KEPT)

    assert [p.name for p in folder(store).iterdir()] == ["zone-FR.json"]


def test_the_number_of_files_has_a_bound_and_strays_go(store, clock):
    folder(store).mkdir(parents=True)
    (folder(store) / ".zone-FR.json.1.2").write_text("of a killed process")
    clock.set_wall(datetime(2100, 1, 1, tzinfo=UTC))

    for i in range(MOST_FILES + 3):
        store.save(f"Z{i}", KEPT)

    names = {p.name for p in folder(store).iterdir()}
    assert len(names) == MOST_FILES
    assert f"zone-Z{MOST_FILES + 2}.json" in names


def test_a_refusal_is_known_to_all_processes_for_an_hour(store, clock, tmp_path):
    store.heard("FR", "ahead", SignalRefusedError("not in your plan"))
    other = AnswerStore(
        tmp_path / "cache" / "acme", credential=lambda: "first", time_s=clock.time
    )

    with pytest.raises(SignalRefusedError, match="not in your plan"):
        other.check("FR", "ahead")
    other.check("FR", "now")
    other.check("DE", "ahead")
    clock.sleep(REFUSED_S + 1)
    other.check("FR", "ahead")


def test_a_new_credential_is_tried_at_once(store, credential):
    store.heard("FR", "now", SignalRefusedError("wrong key"))
    credential[0] = "second"

    store.check("FR", "now")


def test_a_busy_source_is_left_alone_by_all_for_all_zones(store, clock):
    store.heard("FR", "now", SignalBusyError("slow down", retry_after_s=300))

    clock.sleep(200)
    with pytest.raises(SignalBusyError) as caught:
        store.check("DE", "ahead")
    assert caught.value.retry_after_s == pytest.approx(100)
    clock.sleep(101)
    store.check("DE", "ahead")


def test_after_a_failure_the_same_question_waits_a_minute(store, clock):
    store.heard("FR", "now", SignalError("truncated JSON"))

    with pytest.raises(SignalBusyError, match="truncated JSON"):
        store.check("FR", "now")
    store.check("DE", "now")
    clock.sleep(61)
    store.check("FR", "now")


def test_a_clock_that_was_set_back_silences_nobody_for_years(store, clock):
    store.heard("FR", "now", SignalBusyError("slow down", retry_after_s=60))
    clock.set_wall(datetime(2020, 1, 1, tzinfo=UTC))

    store.check("FR", "now")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"": 3}',
        '{"": {"until": "x"}}',
        '{"FR now": {"until": null}}',
        '{"FR now": {"until": 1e308, "times": 1e308}}',
        '{"FR now": {"until": Infinity, "times": NaN}}',
        pytest.param("[" * 200_000, id="deep"),
    ],
)
def test_damaged_silences_silence_nobody(store, content):
    folder(store).mkdir(parents=True)
    (folder(store) / "silences.json").write_text(content)

    store.check("FR", "now")
    store.heard("FR", "now", SignalError("x"))
    with pytest.raises(SignalBusyError):
        store.check("FR", "now")


def test_old_silences_are_forgotten(store, clock):
    for i in range(200):
        store.heard(f"Z{i}", "now", SignalError("x" * 9999))
        clock.sleep(120)

    found = json.loads((folder(store) / "silences.json").read_text())
    assert len(found) <= 32


def test_each_silence_in_a_row_is_twice_as_long_up_to_an_hour(store, clock):
    pauses = []
    for _ in range(9):
        store.heard("FR", "now", SignalBusyError("did not answer in time"))
        with pytest.raises(SignalBusyError) as caught:
            store.check("FR", "now")
        pause_s = caught.value.retry_after_s or 0.0
        pauses.append(round(pause_s))
        clock.sleep(pause_s + 1)

    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_an_answer_ends_the_row(store, clock):
    store.heard("FR", "now", SignalBusyError("did not answer in time"))
    store.heard("FR", "now", SignalError("truncated"))
    clock.sleep(3600)

    store.spoke("FR", "now")
    store.check("FR", "now")
    store.heard("FR", "now", SignalBusyError("did not answer in time"))

    with pytest.raises(SignalBusyError) as caught:
        store.check("FR", "now")
    assert caught.value.retry_after_s == pytest.approx(60)


def test_a_refusal_outlives_an_answer_to_another_question(store):
    store.heard("FR", "ahead", SignalRefusedError("no forecasts"))

    store.spoke("FR", "now")

    with pytest.raises(SignalRefusedError):
        store.check("FR", "ahead")


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from greenops.signals.answer_store import AnswerStore
from greenops.signals.kept import Asked, Kept, with_answer
sys.path.insert(0, ".")
from tests.unit.signals.fakes import at, point
store = AnswerStore(Path(sys.argv[1]))
for i in range(60):
    kept = with_answer(store.load("FR"), [point(i)], Asked(at(i), at(i + 1), at(i)))
    store.save("FR", kept)
"""


def test_many_writers_at_once_never_leave_half_a_file(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)])
        for _ in range(4)
    ]
    store = AnswerStore(tmp_path)
    while any(w.poll() is None for w in writers):
        store.load("FR")

    assert [w.wait() for w in writers] == [0] * 4
    assert store.load("FR").points
    assert [p.name for p in tmp_path.iterdir()] == ["zone-FR.json"]
