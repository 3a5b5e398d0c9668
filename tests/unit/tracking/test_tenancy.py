from dataclasses import dataclass, field

import pytest

from greenops.energy.attribute import GRACE_S
from greenops.model import Interval, Method
from greenops.tracking.tenancy import LOOK_EVERY_S, Tenancy


@dataclass
class Others:
    """Neighbours that the test places."""

    since_s: float = 0.0
    there_s: list[float] = field(default_factory=list)
    looks: int = 0

    def others(self, device_ids):
        self.looks += 1
        return dict.fromkeys(device_ids, tuple(self.there_s))

    def surrounding_run_id(self):
        return None

    def close(self):
        pass


def interval(start_s, stop_s=None):
    return Interval(
        device_id="gpu:a",
        start_s=start_s,
        stop_s=start_s + 1 if stop_s is None else stop_s,
        energy_j=1.0,
        error_j=0.0,
        method=Method.COUNTER,
    )


def test_without_a_way_to_know_of_others_a_job_takes_it_all():
    assert Tenancy(None).idle_share(interval(0.0)) == 1.0


def test_others_are_looked_for_now_and_then():
    others = Others()
    tenancy = Tenancy(others)

    for now_s in (0.0, 0.1, LOOK_EVERY_S - 0.1, LOOK_EVERY_S, LOOK_EVERY_S + 0.1):
        tenancy.look(["gpu:a"], now_s)

    assert others.looks == 2


def test_a_newcomer_pays_once_the_other_surely_knows_of_it():
    old, new = Others(since_s=0.0), Others(since_s=100.0, there_s=[0.0])
    tenancies = Tenancy(old), Tenancy(new)
    sums = []
    for second in range(100, 110):
        if second == 102:  # the old one sees it at its next look
            old.there_s.append(100.0)
        for tenancy in tenancies:
            tenancy.look(["gpu:a"], second + 1.0)
        shares = [t.idle_share(interval(float(second))) for t in tenancies]
        sums.append(sum(shares))

    assert max(sums) <= 1.0
    assert sums[-1] == pytest.approx(1.0)
    assert shares == [0.5, 0.5]
    assert sums.count(1.0) >= len(sums) - 1


def test_looks_are_well_within_the_grace():
    assert LOOK_EVERY_S + 0.9 <= GRACE_S
