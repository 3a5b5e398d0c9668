import numpy as np

from greenops.forecast.ahead import Past, outcomes
from greenops.forecast.features import prepared
from tests.unit.forecast.grids import history


def test_outcomes_are_what_came_and_nothing_where_it_is_not_known():
    values = np.array([10.0, 20.0, np.nan, 40.0])
    ready = prepared(history(values))

    came = outcomes(ready, np.array([0, 2, 3, 4], dtype=np.intp), 2)

    np.testing.assert_allclose(
        np.exp(came),
        [[10.0, 20.0], [np.nan, 40.0], [40.0, np.nan], [np.nan, np.nan]],
    )


def test_no_origins_have_no_outcomes():
    ready = prepared(history([10.0]))

    assert outcomes(ready, np.array([], dtype=np.intp), 5).shape == (0, 5)


def test_an_error_is_what_came_over_what_was_said():
    past = Past(
        origins=np.array([0], dtype=np.intp),
        said=np.log([[100.0, 100.0]]),
        came=np.log([[110.0, 50.0]]),
    )

    np.testing.assert_allclose(np.exp(past.errors), [[1.1, 0.5]])
