import numpy as np

from greenops.planner.many.problem import Rates
from greenops.planner.many.whole import IMPOSSIBLE, Sums


def test_sums_over_whole_slots_stop_where_the_known_hours_do():
    rates = Rates(slot_s=1.0, rate_g_per_j=np.array([[1.0, 2.0, np.nan, 4.0, 8.0]]))
    whole = Sums(rates).whole(1)

    known = whole.fewer[0] < IMPOSSIBLE
    assert known.tolist() == [True, True, False, True, True, False]
    assert whole.fewer[0, known].tolist() == [1, 2, 4, 8]
    assert whole.more[0, [0, 3]].tolist() == [3, 12]
    assert (whole.more[0, [1, 2, 4, 5]] > IMPOSSIBLE).all()


def test_no_slots_sum_to_nothing():
    rates = Rates(slot_s=1.0, rate_g_per_j=np.array([[np.nan, 2.0]]))

    assert Sums(rates).whole(0).fewer.tolist() == [[0, 0, 0]]
