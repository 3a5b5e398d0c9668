import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.energy.curve import EnergyCurve
from greenops.model import Stretch


def stretch(start_s, energy_j, device="cpu", lasts_s=1.0):
    return Stretch(
        device_id=device,
        start_epoch_s=start_s,
        duration_s=lasts_s,
        covered_s=lasts_s,
        job_energy_j=energy_j,
    )


@pytest.mark.parametrize(
    ("start_s", "stop_s", "energy_j"),
    [
        (0.0, 3.0, 14.0),
        (0.5, 1.0, 2.0),
        (1.0, 2.0, 6.0),
        (-5.0, 0.0, 0.0),
        (9.0, 12.0, 0.0),
        (2.0, 2.0, 0.0),
        (2.0, 1.0, 0.0),
    ],
)
def test_a_part_of_a_stretch_has_its_part_of_the_energy(start_s, stop_s, energy_j):
    curve = EnergyCurve(
        [
            stretch(0.0, 3.0),
            stretch(1.0, 5.0),
            stretch(2.0, 4.0),
            stretch(0.0, 2.0, "gpu", 2.0),
        ]
    )

    assert curve.between(start_s, stop_s) == pytest.approx(energy_j)


def test_no_energy_is_invented_in_a_gap():
    curve = EnergyCurve([stretch(0.0, 3.0), stretch(10.0, 5.0)])

    assert curve.between(1.0, 10.0) == 0.0


def test_of_no_samples_there_is_no_energy():
    assert EnergyCurve([]).between(0.0, 10.0) == 0.0


@given(st.lists(st.floats(0.0, 1e6), min_size=1), st.floats(-5.0, 30.0))
def test_what_lies_on_both_sides_of_a_moment_is_the_whole(energies_j, at_s):
    curve = EnergyCurve([stretch(float(n), j) for n, j in enumerate(energies_j)])

    parts_j = curve.between(-10.0, at_s) + curve.between(at_s, 1e4)
    assert parts_j == pytest.approx(sum(energies_j))
