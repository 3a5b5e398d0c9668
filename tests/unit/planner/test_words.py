import pytest

from greenops.planner.words import span


@pytest.mark.parametrize(
    ("duration_s", "down", "words"),
    [
        (0.0, False, "0 s"),
        (0.2, False, "1 s"),
        (59.9999999, False, "60 s"),
        (60.0000001, False, "60 s"),
        (119.5, False, "2 min"),
        (3600.0, False, "1 h"),
        (5400.0, False, "1 h 30 min"),
        (5401.0, False, "1 h 31 min"),
        (5459.0, True, "1 h 30 min"),
        (90.9, True, "90 s"),
        (90000.0, False, "25 h"),
    ],
)
def test_spans_are_rounded_so_that_they_suffice(duration_s, down, words):
    assert span(duration_s, down=down) == words
