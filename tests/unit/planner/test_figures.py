from datetime import datetime, timedelta, timezone

import pytest

from greenops.planner.figures import grams, moment


@pytest.mark.parametrize(
    ("emissions_g", "words"),
    [
        (0.0, "0 g"),
        (0.01234, "0.0123 g"),
        (843.21, "843 g"),
        (999.4, "999 g"),
        (999.6, "1 kg"),
        (1240.0, "1.24 kg"),
        (999_400.0, "999 kg"),
        (3_100_000.0, "3.1 t"),
        (12_345_000_000.0, "12,345 t"),
        (-1240.0, "-1.24 kg"),
    ],
)
def test_grams_are_told_in_the_unit_that_fits(emissions_g, words):
    assert grams(emissions_g) == words


def test_a_moment_is_told_in_utc():
    there = datetime(2026, 3, 3, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert moment(there) == "Mon 2 Mar 2026 23:30 UTC"
