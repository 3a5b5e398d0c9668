import os
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest

from greenops.errors import (
    LedgerError,
    LedgerUnavailableError,
    RunNotFoundError,
)
from greenops.ledger import listing
from greenops.ledger.query import Ledger
from greenops.ledger.recorder import LedgerRecorder
from greenops.model import RunStatus
from tests.bench.make_ledger import make_ledger
from tests.unit.ledger.records import (
    CPU,
    GPU,
    T0,
    a_footprint,
    a_mark,
    a_run,
    a_sample,
    a_total,
    a_use,
    an_end,
)

RUNS = [
    a_run("20260101-aaa", name="Train_1.py", project="vision", tags={"seed": "1"}),
    a_run("20260102-bbb", name="eval", team="core", started_at=T0 + timedelta(days=1)),
    a_run(
        "20260103-ccc",
        name="train_2.py",
        project="vision",
        user="grace",
        host="node2",
        started_at=T0 + timedelta(days=2),
        tags={"seed": "2", "long": "x" * 100},
    ),
    a_run(
        "20260103-ccd",
        name="phase",
        started_at=T0 + timedelta(days=2, seconds=1),
        parent_run_id="20260103-ccc",
    ),
]
ENDS = {
    "20260101-aaa": (RunStatus.FINISHED, 30.0, 100.0),
    "20260102-bbb": (RunStatus.FAILED, 10.0, 300.0),
    "20260103-ccc": (RunStatus.FINISHED, 20.0, 200.0),
}


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path)
    for run in RUNS:
        recorder.begin(run)
    for run_id, (status, duration_s, energy_j) in ENDS.items():
        recorder.finish(
            an_end(run_id, status=status, duration_s=duration_s),
            [a_total(job_energy_j=energy_j)],
            a_footprint(energy_j / 100) if run_id != "20260101-aaa" else None,
        )
    assert recorder.flush(10.0)
    recorder.close()
    ledger = Ledger(path)
    yield ledger
    ledger.close()


def short(rows):
    return [row.run_id[-3:] for row in rows]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        pytest.param({}, ["ccd", "ccc", "bbb", "aaa"], id="all-newest-first"),
        pytest.param({"project": "vision"}, ["ccc", "aaa"], id="project"),
        pytest.param({"project": None}, ["ccd", "ccc", "bbb", "aaa"], id="not-given"),
        pytest.param({"team": "core"}, ["bbb"], id="team"),
        pytest.param({"user": "grace"}, ["ccc"], id="user"),
        pytest.param({"host": "node2"}, ["ccc"], id="host"),
        pytest.param({"name_like": "TRAIN"}, ["ccc", "aaa"], id="name-any-case"),
        pytest.param({"name_like": "n_1"}, ["aaa"], id="underscore-is-itself"),
        pytest.param({"name_like": "%"}, [], id="percent-is-itself"),
        pytest.param({"status": "running"}, ["ccd"], id="running"),
        pytest.param({"status": RunStatus.FAILED}, ["bbb"], id="failed"),
        pytest.param({"tag": ("seed", "2")}, ["ccc"], id="tag"),
        pytest.param({"tag": ("long", "x" * 100)}, ["ccc"], id="long-tag"),
        pytest.param({"tag": ("long", "x" * 99)}, [], id="not-its-beginning"),
        pytest.param(
            {"since": T0 + timedelta(days=1)}, ["ccd", "ccc", "bbb"], id="since"
        ),
        pytest.param({"until": T0 + timedelta(days=1)}, ["aaa"], id="until-half-open"),
        pytest.param({"roots_only": True}, ["ccc", "bbb", "aaa"], id="roots"),
        pytest.param({"project": "vision", "user": "ada"}, ["aaa"], id="both"),
        pytest.param({"project": "'; DROP TABLE runs; --"}, [], id="quotes-are-text"),
    ],
)
def test_finds_and_counts_the_runs_that_match(ledger, chosen, found):
    assert short(ledger.find_runs(**chosen)) == found
    assert ledger.count_runs(**chosen) == len(found)


@pytest.mark.parametrize(
    ("sort", "descending", "found"),
    [
        ("started", False, ["aaa", "bbb", "ccc", "ccd"]),
        ("duration", True, ["aaa", "ccc", "bbb", "ccd"]),
        ("energy", True, ["bbb", "ccc", "aaa", "ccd"]),
        ("energy", False, ["aaa", "ccc", "bbb", "ccd"]),
        ("emissions", True, ["bbb", "ccc", "ccd", "aaa"]),
        ("name", False, ["aaa", "bbb", "ccd", "ccc"]),
        ("status", False, ["bbb", "aaa", "ccc", "ccd"]),
    ],
)
def test_sorts_with_what_is_unknown_last(ledger, sort, descending, found):
    assert short(ledger.find_runs(sort=sort, descending=descending)) == found


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    path = tmp_path_factory.mktemp("many") / "ledger.db"
    make_ledger(path, runs=600)
    return Ledger(path)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", listing.SORTS)
def test_the_first_of_a_sorted_list_are_those_of_the_whole_list(many, sort, descending):
    """Only keys are sorted, and only what is shown is looked up."""
    key = {
        "started": "started_at", "duration": "duration_s", "energy": "energy_j",
        "emissions": "total_g", "name": "name", "status": "status",
    }[sort]  # fmt: skip
    for chosen in ({}, {"project": "vision"}, {"tag": ("kind", "common")}):
        whole = many.find_runs(sort=sort, descending=descending, **chosen)
        values = [getattr(row, key) for row in whole]

        first = many.find_runs(sort=sort, descending=descending, limit=50, **chosen)
        later = many.find_runs(
            sort=sort, descending=descending, limit=30, offset=20, **chosen
        )

        assert values == sorted(values, reverse=descending)
        assert first == whole[:50]
        assert later == whole[20:50]


def test_pages_through_the_list(ledger):
    assert short(ledger.find_runs(limit=2)) == ["ccd", "ccc"]
    assert short(ledger.find_runs(limit=2, offset=2)) == ["bbb", "aaa"]
    assert short(ledger.find_runs(offset=3)) == ["aaa"]


def test_an_unknown_sort_is_refused_with_those_there_are(ledger):
    with pytest.raises(ValueError, match=r"started, duration.*not by 'color'"):
        ledger.find_runs(sort="color")


def test_a_line_holds_energy_emissions_and_tags(ledger):
    row = ledger.find_runs(user="grace")[0]

    assert (row.energy_j, row.total_g) == (200.0, 2.0)
    assert row.tags == {"seed": "2", "long": "x" * 100}
    assert (row.duration_s, row.exit_code) == (20.0, 0)


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("20260102-bbb", "20260102-bbb"),
        ("20260102", "20260102-bbb"),
        ("eval", "20260102-bbb"),
        ("last", "20260103-ccd"),
    ],
    ids=["id", "beginning", "name", "last"],
)
def test_a_run_is_found_by(ledger, name, run_id):
    assert ledger.get(name).run.run_id == run_id


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("20260103", "several runs: 20260103-ccd, 20260103-ccc"),
        ("evil", "Did you mean eval"),
        ("zzzzzz", "the newest is 20260103-ccd"),
        ("", "no run ''"),
    ],
)
def test_a_run_that_is_not_there_is_told_with_what_is(ledger, name, said):
    with pytest.raises(RunNotFoundError, match=said):
        ledger.get(name)


def test_of_runs_of_one_name_the_newest_is_meant(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path)
    for day in range(3):
        recorder.begin(a_run(f"2026010{day}", started_at=T0 + timedelta(days=day)))
    assert recorder.flush(10.0)
    recorder.close()

    assert Ledger(path).get("train.py").run.run_id == "20260102"


def test_a_restated_footprint_counts_and_the_first_one_stays(ledger):
    ledger.add_footprint("20260103-ccc", a_footprint(9.0))

    assert ledger.get("20260103-ccc").footprint == a_footprint(9.0)
    assert ledger.find_runs(user="grace")[0].total_g == 9.0
    with ledger._connection() as connection:
        kept = connection.exec_driver_sql("SELECT total_g FROM footprints").fetchall()
    assert sorted(g for (g,) in kept) == [2.0, 3.0, 9.0]


def test_a_deleted_run_takes_all_its_rows_along(ledger):
    assert ledger.delete(["20260103-ccc", "20260101-aaa", "nobody"]) == 2

    assert short(ledger.find_runs()) == ["ccd", "bbb"]
    with ledger._connection() as connection:
        for table in ("tags", "devices", "totals", "run_ends", "footprints"):
            left = connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
            assert left.scalar() == {"tags": 0}.get(table, 1), table


def test_a_running_run_is_not_deleted(ledger):
    with pytest.raises(LedgerError, match="20260103-ccd is still running"):
        ledger.delete(["20260103-ccd", "20260101-aaa"])

    assert ledger.count_runs() == 4


def test_samples_uses_marks_and_totals_of_runs_are_read(tmp_path):
    path = tmp_path / "ledger.db"
    recorder = LedgerRecorder(path)
    recorder.begin(a_run("a"))
    recorder.add_devices("a", [CPU, GPU])
    for second in (1, 0):
        samples = [a_sample(second, GPU), a_sample(second)]
        recorder.add("a", samples, a_use(second))
    recorder.mark("a", a_mark("second", 2.0))
    recorder.mark("a", a_mark("first", 1.0))
    recorder.finish(an_end("a"), [a_total()], None)
    assert recorder.flush(10.0)
    recorder.close()
    ledger = Ledger(path)

    assert [
        (s.start_epoch_s - T0.timestamp(), s.device_id) for s in ledger.samples("a")
    ] == [
        (0, CPU.device_id),
        (0, GPU.device_id),
        (1, CPU.device_id),
        (1, GPU.device_id),
    ]
    assert list(ledger.job_use("a")) == [a_use(0), a_use(1)]
    assert [m.name for m in ledger.marks("a")] == ["first", "second"]
    assert ledger.totals(["a", "last"]) == {"a": (a_total(),), "last": (a_total(),)}


def test_a_ledger_that_is_not_there_reads_as_empty_and_is_not_made(tmp_path):
    ledger = Ledger(tmp_path / "none" / "ledger.db")

    assert ledger.find_runs() == []
    assert ledger.count_runs(status="lost") == 0
    assert ledger.delete(["a"]) == 0
    with pytest.raises(RunNotFoundError, match="no run yet"):
        ledger.get("last")
    assert not (tmp_path / "none").exists()


def test_a_url_without_its_driver_is_told():
    with pytest.raises(LedgerUnavailableError, match="nonesuch"):
        Ledger("nonesuch://server/db").get("last")


def test_a_ledger_by_url_answers_as_the_local_one(ledger, tmp_path):
    url = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")

    assert url.find_runs(project="vision", tag=("seed", "2")) == ledger.find_runs(
        project="vision", tag=("seed", "2")
    )
    assert url.count_runs() == 4
    assert url.get("last") == ledger.get("last")
    url.close()


def test_the_list_needs_no_sqlalchemy_and_the_recorder_nothing_heavy():
    script = (
        "import sys, greenops.ledger.query, greenops.ledger.writer,"
        " greenops.ledger.recorder, greenops.ledger.recover;"
        "heavy = {'sqlalchemy', 'pydantic', 'numpy', 'psutil', 'rich', 'importlib."
        "metadata'} & sys.modules.keys(); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env=os.environ
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_newest_of_many_runs_are_listed_in_milliseconds(tmp_path):
    path = tmp_path / "ledger.db"
    make_ledger(path, runs=5_000)
    ledger = Ledger(path)
    assert len(ledger.find_runs(limit=20)) == 20

    everything: list[dict[str, Any]] = [
        {},
        {"project": "vision"},
        {"tag": ("kind", "common")},
        {"status": "finished"},
        {"name_like": "no such name"},
        *({"sort": sort} for sort in listing.SORTS),
    ]
    for options in everything:
        took_s = []
        for _ in range(5):
            began_s = time.process_time()
            ledger.find_runs(limit=20, **options)
            took_s.append(time.process_time() - began_s)

        assert min(took_s) < 0.020, options
