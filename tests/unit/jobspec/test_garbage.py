"""Whatever a file holds: records, or complaints in plain lines. Never a traceback."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenops.errors import ConfigError
from greenops.jobspec.complaints import Complaints
from greenops.jobspec.job_keys import JobKeys
from greenops.jobspec.jobs import read_jobs
from greenops.jobspec.place_keys import PlaceKeys
from greenops.jobspec.places import read_places
from tests.unit.jobspec.files import EVERY_JOB_KEY, JOB, NOW, PLACES, changed

VALUES = st.one_of(
    st.integers().map(str),
    st.just(f"1{'0' * 400}"),
    st.floats().map(repr),
    st.sampled_from(
        (
            "true", '""', '"\\u202e"', "[]", "{}", "[[[]]]", "[{}]", "[1, 'a']",
            "{a = {b = 1}}", "2026-01-01", "08:00:00", "2026-01-01T00:00:00",
            "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "''",
        )
    ),
    st.text(
        st.characters(codec="utf-8", exclude_characters="'\n\r", exclude_categories=["Cc"]),
        max_size=300,
    ).map(lambda t: f"'{t}'"),
)  # fmt: skip


def both(text):
    """Read a text as each kind of file; return whether it could be read as one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        good = []
        for read in (
            lambda c: (
                read_jobs(path, c, moment=lambda _: NOW, places=("lab", "cloud")).jobs
            ),
            lambda c: (
                read_jobs(path, c, moment=lambda s: min(s, default=NOW), places=()).jobs
            ),
            lambda c: read_places(path, c, zone_code=str.upper).places,
        ):
            complaints = Complaints()
            found = read(complaints)
            if not complaints:
                assert found
                good.append(found)
                continue
            with pytest.raises(ConfigError) as e:
                complaints.raise_any()
            said = str(e.value).splitlines()
            assert all("file.toml" in x or "more" in x for x in said)
        return bool(good)


@settings(deadline=None, max_examples=150)
@given(st.one_of(st.text(max_size=300).map(str.encode), st.binary(max_size=300)))
def test_no_garbage_is_a_traceback(text):
    assert not both(text)


@settings(deadline=None, max_examples=300)
@given(
    st.dictionaries(st.sampled_from(sorted(JobKeys.model_fields)), VALUES, max_size=3)
)
def test_no_value_of_a_job_is_a_traceback(keys):
    both(changed(JOB, **keys))


@settings(deadline=None, max_examples=300)
@given(
    st.dictionaries(st.sampled_from(sorted(PlaceKeys.model_fields)), VALUES, max_size=3)
)
def test_no_value_of_a_place_is_a_traceback(keys):
    both(changed(PLACES, **keys))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_cut_of_a_good_file_is_a_traceback(data):
    text = EVERY_JOB_KEY
    start = data.draw(st.integers(0, len(text)))
    both(text[:start] + text[data.draw(st.integers(start, len(text))) :])


@pytest.mark.timeout(20)
def test_a_file_of_ten_thousand_wrong_jobs_is_read_in_seconds():
    assert not both("[[job]]\nx = 1\n" * 10_000)


@pytest.mark.timeout(30)
def test_thousands_of_unknown_places_are_not_all_compared(tmp_path):
    names = [f"place {i:05d}" for i in range(4000)]
    path = tmp_path / "job.toml"
    path.write_text(
        "".join(changed(JOB, name=f'"{i}"', home=f'"plaice {i}"') for i in range(4000))
    )
    complaints = Complaints()

    read_jobs(path, complaints, moment=lambda _: NOW, places=names)

    assert len(complaints) == 4000
