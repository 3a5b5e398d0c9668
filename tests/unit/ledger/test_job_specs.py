import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.errors import LedgerError, LedgerTooNewError
from greenops.ledger.job_specs import MAX_SPEC_CHARS, spec_json, spec_of
from greenops.model import JobSpec
from tests.unit.ledger.job_records import a_full_spec, a_spec

positive = st.floats(0.0, 1e12)
names = st.text(max_size=20)
moments = st.datetimes(timezones=st.just(UTC))


def read(text):
    return spec_of(text, job_id="j1", written_by="9.9")


def kept(spec):
    return read(spec_json(spec, spec.argv))


def changed(**fields):
    return json.dumps(json.loads(spec_json(a_spec(), ("x",))) | fields)


def test_every_field_has_a_value_other_than_its_default_in_these_tests():
    plain, full = a_spec(), a_full_spec()

    same = {
        f.name
        for f in fields(JobSpec)
        if getattr(plain, f.name) == getattr(full, f.name)
    }

    assert same == {"name", "argv", "cwd", "user"}


def test_a_submission_comes_back_as_it_was():
    assert kept(a_full_spec()) == a_full_spec()
    assert kept(a_spec()) == a_spec()


@given(
    argv=st.lists(st.text(st.characters(exclude_categories=[])), min_size=1),
    deadline=moments | st.none(),
    sizes=st.tuples(positive, positive, positive),
    tags=st.dictionaries(names, names, max_size=3),
    places=st.frozensets(names, max_size=3) | st.none(),
)
def test_any_submission_comes_back_as_it_was(argv, deadline, sizes, tags, places):
    cpus, memory_gib, grace_s = sizes
    spec = a_spec(
        argv=("x", *argv),
        deadline=deadline,
        cpus=cpus,
        memory_gib=memory_gib,
        grace_s=grace_s,
        tags=tags,
        places=places,
    )

    assert kept(spec) == spec


def test_what_stands_at_its_default_is_left_out():
    assert json.loads(spec_json(a_spec(), ("x",))).keys() == {
        "name", "argv", "cwd", "user",
    }  # fmt: skip


@pytest.mark.parametrize(
    "newer",
    [
        {"quantum": True},
        {"workload": "dream"},
        {"pause_by": "teleport"},
        {"pausing": {"pause_s": 1.0, "mood": "calm"}},
        {"datasets": [{"name": "d", "size_gb": 1.0, "at": ["a"], "colour": "red"}]},
    ],
    ids=["field", "workload", "pause_by", "within pausing", "within a dataset"],
)
def test_what_only_a_newer_greenops_knows_is_refused_and_named(newer):
    with pytest.raises(LedgerTooNewError, match=r"j1.*greenops 9\.9.*upgrade"):
        read(changed(**newer))


@pytest.mark.parametrize(
    "damaged",
    [
        {"gpus": "two"},
        {"gpus": True},
        {"gpus": 1.5},
        {"cpus": "1"},
        {"cpus": -1.0},
        {"argv": "rm -rf /"},
        {"argv": []},
        {"argv": [1]},
        {"deadline": "tomorrow"},
        {"deadline": "2026-01-01T12:00:00"},
        {"duration_s": {"central": 1.0, "low": 2.0, "high": 3.0}},
        {"duration_s": {"central": 1.0}},
        {"places": {"a": 1}},
        {"tags": {"a": 1}},
        {"hard": 1},
        {"datasets": [1]},
    ],
    ids=str,
)
def test_a_field_of_another_kind_is_an_error_that_names_the_job(damaged):
    with pytest.raises(LedgerError, match="job j1 cannot be read") as caught:
        read(changed(**damaged))

    assert not isinstance(caught.value, LedgerTooNewError)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"name": "x"}', "[" * 9999])
def test_what_is_no_submission_is_an_error(text):
    with pytest.raises(LedgerError, match="submit it again"):
        read(text)


def test_a_submission_that_is_too_long_is_refused_and_says_so():
    with pytest.raises(ValueError, match="pass long arguments in a file"):
        kept(a_spec(argv=("x", "y" * MAX_SPEC_CHARS)))


def test_a_number_that_is_none_is_refused():
    spec = a_spec()
    object.__setattr__(spec, "power_w", float("nan"))

    with pytest.raises(ValueError, match="JSON compliant"):
        kept(spec)


def test_a_time_keeps_its_moment_whatever_its_zone():
    local = datetime.fromisoformat("2026-06-01T12:00:00.000001+02:00")

    assert kept(a_spec(deadline=local)).deadline == local
    assert kept(replace(a_spec(), earliest=local + timedelta(1))).earliest is not None
