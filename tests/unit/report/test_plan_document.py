import json
import re
from pathlib import Path

import pytest

from greenops.report.plan_document import plans_to_dict
from tests.unit.report.plans import plan, planned, refusal, replayed

DOCUMENT = Path(__file__).parents[3] / "docs" / "json.md"


def keys_of(tree):
    """Return every key in a document, however deep."""
    if isinstance(tree, dict):
        return {
            *(k for k in tree if k != "budgets_g"),
            *(key for branch in tree.values() for key in keys_of(branch)),
        }
    if isinstance(tree, list):
        return {key for branch in tree for key in keys_of(branch)}
    return set()


def test_every_key_is_documented():
    section = DOCUMENT.read_text().split("# The JSON of a plan")[1]
    documented = set(re.findall(r"`([a-z_0-9]+)`", section))

    keys = keys_of(plans_to_dict(replayed(refusals=[refusal()])))
    assert keys - documented == set()
    assert len(keys) > 50


def test_it_is_json_as_every_reader_takes_it():
    text = json.dumps(plans_to_dict(replayed(refusals=[refusal()])), allow_nan=False)

    assert json.loads(text)["schema"] == "greenops.plan/1"


def test_times_are_in_utc_and_quantities_carry_their_bounds():
    row = plans_to_dict(planned())["plans"][0]

    assert row["chosen"]["start"] == "2026-03-03T06:00:00+00:00"
    total = row["chosen"]["cost"]
    assert total["total_low_g"] < total["total_g"] < total["total_high_g"]
    assert (row["saved_g"], row["saved_fraction"]) == (800.0, 0.4)
    assert row["duration_low_s"] == 18000.0


def test_what_is_not_known_is_null_and_never_zero():
    row = plans_to_dict(planned(plan(at_once=None)))["plans"][0]

    assert (row["at_once"], row["saved_g"], row["saved_fraction"]) == (None,) * 3
    assert (row["came"], row["project"], row["chosen"]["cost"]["price"]) == (None,) * 3


def test_a_replay_has_what_came():
    whole = plans_to_dict(replayed())

    came = whole["plans"][0]["came"]
    assert whole["replay"] is True
    assert came["saved_fraction"] == pytest.approx(0.35)
    assert came["of_oracle_fraction"] == pytest.approx(700 / 850)
    assert came["oracle"]["place"] == "cloud"


def test_a_refusal_names_what_binds_and_the_change():
    (row,) = plans_to_dict(planned(refusals=[refusal()]))["refusals"]

    assert (row["job"], row["binding"]) == ("late", "deadline")
    assert row["change"] == "a deadline 2 h later would do"
    assert row["excluded"][0]["change"] is None
