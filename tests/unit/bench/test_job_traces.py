import gzip

import pytest

from tests.bench.job_traces import job_traces

HEAD = "arrival_time,length,cpus\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "jobs").mkdir()
    return tmp_path


def put(folder, text, name="some.csv"):
    (folder / "jobs" / name).write_text(text)


def test_a_folder_without_jobs_has_no_traces(tmp_path):
    assert job_traces(tmp_path) == []


def test_other_layouts_are_left_out_and_named(folder, capsys):
    put(folder, "name,time\ncifar10-0,107\n")

    assert job_traces(folder) == []
    assert "left out: some.csv" in capsys.readouterr().err


def test_jobs_without_length_or_cpus_are_left_out(folder):
    put(folder, HEAD + "0,10,1\n9000,0,1\n9001,5,0\n9002,20,2\n")
    (trace,) = job_traces(folder)

    assert trace.length_s.tolist() == [10, 20]


def test_arrivals_beyond_a_year_of_hours_are_seconds_and_start_from_zero(folder):
    put(folder, HEAD + "5000,10,1\n10000,20,2\n")
    (trace,) = job_traces(folder)

    assert trace.arrival_s.tolist() == [0, 5000]
    assert trace.length_s.tolist() == [10, 20]


def test_arrivals_within_a_year_of_hours_are_hours(folder):
    packed = gzip.compress((HEAD + "1,0.5,1\n3,2,4\n").encode())
    (folder / "jobs" / "year.csv.gz").write_bytes(packed)
    (trace,) = job_traces(folder)

    assert trace.arrival_s.tolist() == [0, 7200]
    assert trace.length_s.tolist() == [1800, 7200]
    assert trace.cpus.tolist() == [1, 4]


def test_long_spans_are_compressed_and_short_ones_kept(folder):
    put(folder, HEAD + "0,10,1\n10000,20,2\n")
    (trace,) = job_traces(folder)

    assert trace.within(2500).arrival_s.tolist() == [0, 2500]
    assert trace.within(99_999).arrival_s.tolist() == [0, 10_000]


def test_copies_of_a_trace_are_spread_over_its_span(folder):
    put(folder, HEAD + "0,10,1\n10000,20,2\n")
    (trace,) = job_traces(folder)

    assert trace.repeated(4).arrival_s.tolist() == [0, 0, 5000, 5000]
    assert len(trace.repeated(3)) == 3
