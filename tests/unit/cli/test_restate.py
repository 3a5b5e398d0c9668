import json

import pytest

from greenops.model import Provenance
from greenops.wire import restate as restating
from greenops.wire.grid import GridAnswer
from tests.unit.ledger.records import a_point

pytestmark = pytest.mark.usefixtures("ledger")

BASE, LEAN = "20260301-120000-aaaaaa", "20260301-120001-bbbbbb"


@pytest.fixture
def grid(monkeypatch):
    """Let the grid say one thing of every hour; set `g` to change it, or `error`."""

    class Told:
        g = 300.0
        how = Provenance.MEASURED
        error = None

        def __init__(self, *_given, **_options):
            pass

        def ask(self, zone, start, stop):
            if Told.error is not None:
                raise Told.error
            point = a_point(
                g=Told.g,
                zone=zone or "world",
                start=start,
                stop=stop,
                provenance=Told.how,
            )
            return GridAnswer(signal="told", points=[point])

    monkeypatch.setattr(restating, "Grid", Told)
    return Told


def shown(greenops, run=BASE):
    return json.loads(greenops("show", run, "--json").stdout)["emissions"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param((), "say which runs", id="nothing"),
        pytest.param(("--since", "soon"), "no time", id="time"),
        pytest.param(("--run", "nope"), "no run 'nope'", id="run"),
        pytest.param(("--since", "30d", "--zone", "Atlantis"), "Atlantis", id="zone"),
    ],
)
def test_what_cannot_be_meant_is_refused(greenops, words, said):
    result = greenops("restate", *words)

    assert result.exit_code == 2
    assert said in result.stderr


def test_old_and_new_stand_side_by_side(greenops, grid):
    greenops("restate", "--run", BASE)
    grid.g = 450.0
    result = greenops("restate", "--run", BASE)

    assert result.exit_code == 0
    assert "1 of 1 points stated otherwise" in result.stdout
    assert "1 run restated" in result.stdout
    assert " +" in result.stdout
    page = greenops("show", BASE).stdout
    assert "restated 2" in page
    table = page[page.index("STATED") :]
    assert table.index("300 g/kWh") < table.index("450 g/kWh") < table.index("counts")
    (changed,) = (line for line in table.splitlines() if "450 measured" in line)
    assert "300 measured" in changed
    assert "BEFORE g/kWh" in table
    assert "SOURCE" in table
    assert table.count("  why") == 2
    document = shown(greenops)
    assert [s["intensity_g_per_kwh"] for s in document["statements"]][1:] == [300, 450]
    assert document["intensity_g_per_kwh"] == 450
    assert document["statements"][0]["why"] is None
    assert document["statements"][0]["changed_points"] == []
    (changed,) = document["statements"][2]["changed_points"]
    assert changed["before"]["intensity_g_per_kwh"] == 300


def test_a_long_list_of_changed_points_is_cut(greenops, grid, monkeypatch):
    def ask(_self, zone, start, stop):
        quarters = [
            a_point(
                g=grid.g,
                zone=zone or "world",
                start=start + (stop - start) * i / 20,
                stop=start + (stop - start) * (i + 1) / 20,
            )
            for i in range(20)
        ]
        return GridAnswer(signal="told", points=quarters)

    monkeypatch.setattr(grid, "ask", ask)
    greenops("restate", "--run", BASE)
    grid.g = 450.0
    greenops("restate", "--run", BASE)

    page = greenops("show", BASE).stdout

    assert page.count("450 measured") == 8
    assert "and 12 more: --json has all" in page


def test_a_second_time_nothing_changed_and_that_is_said(greenops, grid):
    assert grid.g
    assert "3 runs restated" in greenops("restate", "--since", "30d").stdout

    result = greenops("restate", "--since", "30d")

    assert result.exit_code == 0
    assert "nothing changed, 3 as they were" in result.stdout


def test_a_dry_run_says_that_nothing_was_written(greenops, grid):
    assert grid.g
    result = greenops("restate", "--since", "30d", "--dry-run")

    assert "3 runs would be restated (nothing was written)" in result.stdout
    assert len(shown(greenops)["statements"]) == 1


def test_surer_figures_give_way_only_by_force(greenops, grid):
    greenops("restate", "--run", BASE)
    grid.g, grid.how = 450.0, Provenance.MODELLED

    left = greenops("restate", "--run", BASE, "--json")
    assert json.loads(left.stdout)["runs"][0]["detail"].endswith("to be had now")
    forced = greenops("restate", "--run", BASE, "--force")

    assert "1 run restated" in forced.stdout
    assert shown(greenops)["intensity_provenance"] == ["modelled"]


def test_lists_and_comparisons_say_what_was_restated(greenops, grid):
    assert grid.g
    greenops("restate", "--run", BASE)

    listed = greenops("runs").stdout
    assert "\n* restated" in listed
    assert len([line for line in listed.splitlines() if " * " in line]) == 1
    rows = {r["run_id"]: r for r in json.loads(greenops("runs", "--json").stdout)}
    assert (rows[BASE]["restated"], rows[LEAN]["restated"]) == (True, False)
    assert rows[BASE]["total_g"] == shown(greenops)["total_g"]
    exported = greenops("export", "--csv").stdout.splitlines()
    assert exported[0].endswith(",restated")
    assert f"({BASE}, restated)" in greenops("compare", LEAN, BASE).stdout
    (compared,) = json.loads(greenops("compare", LEAN, BASE, "--json").stdout)
    assert (compared["base_restated"], compared["other_restated"]) == (False, True)


def test_a_list_without_restated_runs_does_not_speak_of_it(greenops):
    assert "restated" not in greenops("runs").stdout


def test_a_failure_is_named_and_is_the_exit_status(greenops, grid):
    from greenops.errors import SignalRefusedError

    grid.error = SignalRefusedError("acme wants a key; set ACME_KEY\x1b[2J")

    result = greenops("restate", "--since", "30d")

    assert result.exit_code == 1
    assert "3 could not be restated" in result.stdout
    assert f"greenops: {BASE}: acme wants a key; set ACME_KEY" in result.stderr
    assert "\x1b" not in result.stderr


def test_runs_are_chosen_by_time_zone_and_name(greenops, grid):
    assert grid.g

    def restated(*words):
        document = json.loads(greenops("restate", "--dry-run", "--json", *words).stdout)
        return [run["run_id"] for run in document["runs"]]

    assert restated("--since", "7d") == [LEAN, "20260301-120002-cccccc"]
    assert restated("--since", "30d", "--until", "7d") == [BASE]
    assert restated("--since", "30d", "--zone", "DE") == []
    assert restated("--run", "lean", "--run", LEAN) == [LEAN]
    assert restated("--run", "lean", "--since", "1d") == []


def test_no_run_in_the_span_is_said(greenops):
    result = greenops("restate", "--since", "1h")

    assert result.exit_code == 0
    assert "no run matches" in result.stdout


def test_the_json_has_what_changed_point_by_point(greenops, grid):
    greenops("restate", "--run", BASE)
    grid.g = 450.0

    document = json.loads(greenops("restate", "--run", BASE, "--json").stdout)

    assert document["schema"] == "greenops.restate/1"
    (run,) = document["runs"]
    assert run["outcome"] == "restated"
    assert run["before"]["intensity_g_per_kwh"] == 300
    assert run["now"]["intensity_g_per_kwh"] == 450
    (changed,) = run["changed_points"]
    assert changed["before"]["intensity_g_per_kwh"] == 300
    assert changed["now"]["source"] == "a grid operator"
