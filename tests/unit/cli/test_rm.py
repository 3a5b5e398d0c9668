import json

import pytest

pytestmark = pytest.mark.usefixtures("ledger")


def left(greenops):
    rows = json.loads(greenops("runs", "--json", "--all").output)
    return [row["name"][:4] for row in rows]


def test_deleting_asks_first(greenops):
    result = greenops("rm", "base", input="n\n")

    assert result.exit_code == 1
    assert "20260301-120000-aaaaaa  base" in result.output
    assert "Delete 1 run with all their samples?" in result.output
    assert len(left(greenops)) == 3


def test_a_run_is_gone_once_confirmed(greenops):
    assert greenops("rm", "base", input="y\n").exit_code == 0
    assert left(greenops) == ["evil", "lean"]
    assert greenops("show", "base").exit_code == 2


def test_old_runs_go_together(greenops):
    result = greenops("rm", "--older-than", "3d", "--yes")

    assert "deleted 2 runs" in result.output
    assert left(greenops) == ["evil"]


def test_nothing_old_is_nothing_to_do(greenops):
    result = greenops("rm", "--older-than", "90d", "--yes")

    assert result.exit_code == 0
    assert "nothing to delete" in result.stderr


def test_naming_nothing_deletes_nothing(greenops):
    assert greenops("rm", "--yes").exit_code == 2
    assert greenops("rm", "--older-than", "-3d", "--yes").exit_code == 2
    assert len(left(greenops)) == 3


def test_one_unknown_run_among_several_deletes_none(greenops):
    assert greenops("rm", "base", "nope", "--yes").exit_code == 2
    assert len(left(greenops)) == 3


def test_samples_alone_are_deleted_and_the_totals_stay(greenops):
    before = json.loads(greenops("show", "base", "--json").output)

    result = greenops("rm", "--samples", "--older-than", "3d", input="y\n")

    assert "Delete the samples of 2 runs?" in result.output
    assert len(left(greenops)) == 3
    after = json.loads(greenops("show", "base", "--json").output)
    for kept in ("energy_j", "devices", "emissions", "duration_s"):
        assert after.get(kept) == before.get(kept)
    assert "no samples are kept" in greenops("show", "base").output
    assert greenops("export", "--samples", "--json").output.count("base") == 0
