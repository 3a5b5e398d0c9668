import csv
import io
import json

import pytest

NEWEST = "20260301-120002-cccccc"


def names(result):
    return [row["name"] for row in json.loads(result.output)]


def test_runs_are_listed_newest_first(ledger, greenops):
    assert ledger.exists()
    lines = greenops("runs").output.splitlines()

    assert lines[0].split()[:3] == ["RUN", "NAME", "STARTED"]
    assert [line.split()[0][-6:] for line in lines[1:]] == ["c" * 6, "b" * 6, "a" * 6]
    assert "9 d ago" in lines[3]
    assert "failed 3" in lines[1]
    assert "3100 J" in lines[3]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--project", "vision"], ["lean", "base"]),
        (["--team", "red"], ["lean"]),
        (["--user", "nobody"], []),
        (["--name", "EA"], ["lean"]),
        (["--status", "failed"], ["evil"]),
        (["--tag", "stage=pretrain"], ["base"]),
        (["--tag", "stage=other"], []),
        (["--since", "6d"], ["evil", "lean"]),
        (["--until", "6d"], ["base"]),
        (["--sort", "energy", "-n", "1"], ["base"]),
        (["--sort", "name"], ["base", "evil", "lean"]),
        (["--sort", "name", "--reverse"], ["lean", "evil", "base"]),
        (["--sort", "started", "--reverse", "-n", "1"], ["base"]),
        (["--all"], ["evil", "lean", "base"]),
    ],
)
@pytest.mark.usefixtures("ledger")
def test_filters_and_sorts(greenops, words, found):
    listed = [name[:4] for name in names(greenops("runs", "--json", *words))]

    assert listed == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "soon"], "is no time"),
        (["--tag", "stage"], "KEY=VALUE"),
        (["--status", "odd"], "is not one of"),
        (["-n", "0"], "not in the range"),
        (["--sort", "size"], "is not one of"),
    ],
)
@pytest.mark.usefixtures("home")
def test_bad_options_say_what_would_be_right(greenops, words, said):
    result = greenops("runs", *words)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.usefixtures("ledger")
def test_csv_guards_against_formulas(greenops):
    rows = list(csv.DictReader(io.StringIO(greenops("runs", "--csv").output)))

    assert rows[0]["run_id"] == NEWEST
    assert rows[2]["energy_j"] == "3100.0"
    assert json.loads(rows[2]["tags"]) == {"stage": "pretrain"}


@pytest.mark.usefixtures("ledger")
def test_nothing_found_says_so_on_standard_error(greenops):
    result = greenops("runs", "--project", "nope")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "No run matches" in result.stderr


@pytest.mark.usefixtures("home")
def test_a_first_user_is_told_how_to_begin(greenops):
    assert "greenops wrap" in greenops("runs").stderr


@pytest.mark.usefixtures("ledger")
def test_more_runs_than_anybody_has_are_no_error(greenops):
    assert greenops("runs", "-n", "1000000000").exit_code == 0
    assert greenops("runs", "-n", "99999999999999999999").exit_code == 2
