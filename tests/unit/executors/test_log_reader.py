"""A log is read from its end, or whole, over its rotations."""

import os

import pytest

from greenops.executors import log_reader
from greenops.executors.log_reader import chunks, last_lines, whole_log


@pytest.fixture
def log(tmp_path):
    return tmp_path / "output.log"


def write(path, text):
    with path.open("ab") as stream:
        stream.write(text)


def tail(files, count):
    """Return the last lines, wherever they begin."""
    number, at = last_lines(files, count)
    return b"".join(f.read_bytes() for f in files[number:])[at:]


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        (b"", 3, b""),
        (b"one\n", 1, b"one\n"),
        (b"one\ntwo\n", 1, b"two\n"),
        (b"one\ntwo\nthree", 2, b"two\nthree"),
        (b"one\ntwo\n", 5, b"one\ntwo\n"),
        (b"\n\n\n", 2, b"\n\n"),
        (b"one\n", 0, b""),
        (b"one", 0, b""),
    ],
)
def test_the_last_lines_are_found_from_the_end(log, text, count, expected):
    write(log, text)

    assert tail([log], count) == expected


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_lines_across_the_edges_of_chunks_are_found(log, chunk, monkeypatch):
    monkeypatch.setattr(log_reader, "CHUNK", chunk)
    text = b"first\n\nthird line\nlast\n"
    write(log, text)

    for count in range(1, 5):
        lines = text.splitlines(keepends=True)[-count:]
        assert tail([log], count) == b"".join(lines)


def test_the_end_of_a_huge_log_is_found_without_reading_it(log):
    with log.open("wb") as stream:
        stream.truncate(4 << 30)  # sparse
        stream.seek(0, os.SEEK_END)
        stream.write(b"\nlast\n")

    _, start = last_lines([log], 1)
    assert b"".join(chunks(log, start)) == b"last\n"


def test_a_huge_line_is_not_read_to_its_beginning(log, monkeypatch):
    """Bars of progress write gigabytes without the end of a line."""
    monkeypatch.setattr(log_reader, "LONGEST_LINE", 3 * log_reader.CHUNK)
    size = 64 * log_reader.CHUNK
    log.write_bytes(b"\r" * size)

    _, start = last_lines([log], 1)
    assert size - 5 * log_reader.CHUNK < start < size - 2 * log_reader.CHUNK


@pytest.mark.parametrize("chunk", [1, 2, 5, 100])
def test_the_last_lines_go_on_from_one_file_to_the_next(log, chunk, monkeypatch):
    """A rotation cuts where a block ends, in the middle of a line."""
    monkeypatch.setattr(log_reader, "CHUNK", chunk)
    parts = [b"one\ntw", b"", b"o\nthree\n", b"fo", b"ur\nfive"]
    files = []
    for i, part in enumerate(parts):
        files.append(log.with_name(f"output.log.{len(parts) - i}"))
        files[-1].write_bytes(part)
    whole = b"".join(parts)

    for count in range(7):
        lines = whole.splitlines(keepends=True)[-count:] if count else []
        assert tail(files, count) == b"".join(lines)


def test_a_missing_log_has_no_lines(log):
    assert last_lines([], 3) == (0, 0)
    assert last_lines([log], 3) == (0, 0)
    assert list(chunks(log)) == []
    assert whole_log(log) == []


def test_old_logs_come_before_newer_ones(log):
    for name in ("output.log", "output.log.1", "output.log.10", "output.log.2"):
        (log.parent / name).write_text(name)
    (log.parent / "output.log.new").write_text("none of them")

    assert [p.name for p in whole_log(log)] == [
        "output.log.10", "output.log.2", "output.log.1", "output.log",
    ]  # fmt: skip
