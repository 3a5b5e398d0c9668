import numpy as np
import pytest

from greenops.forecast.score import cover_pct, mape_pct

NAN = float("nan")


@pytest.mark.parametrize(
    ("said", "came", "pct"),
    [
        ([110.0, 90.0], [100.0, 100.0], 10.0),
        ([110.0, NAN], [100.0, 100.0], 10.0),
        ([110.0, 5.0, 5.0], [100.0, 0.0, NAN], 10.0),
        ([5.0], [NAN], NAN),
        ([], [], NAN),
    ],
    ids=["both", "not said", "zero and unknown", "nothing known", "nothing"],
)
def test_the_mean_relative_error_is_of_the_hours_known(said, came, pct):
    assert mape_pct(np.array(said), np.array(came)) == pytest.approx(pct, nan_ok=True)


@pytest.mark.parametrize(
    ("came", "pct"),
    [([1.0, 2.0], 100.0), ([0.9, 2.0], 50.0), ([NAN, 2.1], 0.0), ([NAN, NAN], NAN)],
    ids=["ends belong to it", "half", "unknown does not count", "nothing known"],
)
def test_cover_is_the_share_of_known_hours_within_the_band(came, pct):
    low, high = np.array([1.0, 1.0]), np.array([2.0, 2.0])

    assert cover_pct(low, high, np.array(came)) == pytest.approx(pct, nan_ok=True)
