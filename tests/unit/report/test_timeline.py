import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import Stretch
from greenops.report.look import Look
from greenops.report.plot import render_timeline, resampled
from greenops.report.text import columns_of
from greenops.report.timeline import BEFORE_MARKS, Bins, ranked, timeline
from tests.unit.report import records as r

T0 = r.NOON.timestamp()


def over(start_s, duration_s, energy_j, covered_s=None):
    return Stretch(
        device_id="d",
        start_epoch_s=start_s,
        duration_s=duration_s,
        covered_s=duration_s if covered_s is None else covered_s,
        job_energy_j=energy_j,
    )


def laid(stretches, duration_s=10.0, **options):
    return timeline(stretches, start_epoch_s=T0, duration_s=duration_s, **options)


@given(
    st.lists(
        st.tuples(st.floats(-2, 12), st.floats(0, 5), st.floats(0, 1e6)), max_size=20
    ),
    st.integers(1, 30),
)
def test_no_energy_is_lost_or_made_between_bins(given_stretches, count):
    bins = Bins([10 * i / count for i in range(count + 1)])

    for start_s, duration_s, energy_j in given_stretches:
        bins.add(over(start_s, duration_s, energy_j))

    assert sum(bins.energy_j) == pytest.approx(sum(e for _, _, e in given_stretches))


def test_power_is_the_mean_over_what_was_measured():
    bins = Bins([0, 4, 8, 12])
    bins.add(over(0, 2, 200))
    bins.add(over(2, 4, 40))

    assert bins.power_w() == [pytest.approx(220 / 4), pytest.approx(10), None]


def test_a_gap_within_a_stretch_does_not_lower_its_power():
    bins = Bins([0, 4, 8])
    bins.add(over(2, 4, 100, covered_s=1))

    assert bins.power_w() == pytest.approx([100, 100])


def test_a_gap_stays_empty_and_is_no_zero():
    stretches = [r.stretch(at_s=at) for at in (0, 1, 2, 7, 8, 9)]

    power_w = laid(stretches, bins=10).power_w[r.GPU.device_id]

    assert [w is None for w in power_w] == [False] * 3 + [True] * 4 + [False] * 3


def test_phases_split_the_energy_at_the_marks():
    stretches = [r.stretch(at_s=at) for at in range(10)]
    marks = [r.mark("warm-up", 2), r.mark("train", 4.5)]

    phases = laid(stretches, marks=marks).phases

    assert [p.name for p in phases] == [BEFORE_MARKS, "warm-up", "train"]
    assert [p.energy_j for p in phases] == pytest.approx([200, 250, 550])
    assert [p.duration_s for p in phases] == pytest.approx([2, 2.5, 5.5])
    assert phases[1].mean_power_w == pytest.approx(100)


def test_a_mark_at_the_start_leaves_nothing_before_it():
    phases = laid([r.stretch()], marks=[r.mark("all", 0.0)]).phases

    assert [p.name for p in phases] == ["all"]


def test_marks_outside_of_the_run_are_brought_inside():
    phases = laid([r.stretch()], marks=[r.mark("late", 99), r.mark("early", -5)]).phases

    assert sum(p.duration_s for p in phases) == pytest.approx(10)
    assert all(p.duration_s >= 0 for p in phases)


def test_without_marks_there_are_no_phases():
    assert laid([r.stretch()]).phases == ()


def test_the_hungriest_device_comes_first_and_idle_ones_not_at_all():
    idle = r.device(device_id="gpu:idle")
    stretches = [
        r.stretch(r.CPU, power_w=5),
        r.stretch(power_w=50),
        r.stretch(idle, power_w=0),
    ]

    assert ranked(laid(stretches)) == [r.GPU.device_id, r.CPU.device_id]


@pytest.mark.parametrize("count", [1, 3, 7, 50])
def test_resampling_keeps_means_and_gaps(count):
    assert resampled([4.0] * 10 + [None] * 10, 2) == [4.0, None]
    assert len(resampled([1.0] * 10, count)) == count


@pytest.mark.parametrize("unicode", [True, False], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_charts_fit_the_screen_and_name_their_units(width, unicode):
    stretches = [
        r.stretch(of, at_s=at, power_w=300 * at + 1)
        for at in range(8)
        for of in (r.GPU, r.CPU)
    ]
    look = Look(width=width, unicode=unicode)

    lines = render_timeline(laid(stretches), {r.GPU.device_id: "\x1b[2J日本"}, look)

    assert all(columns_of(line) <= width for line in lines)
    assert any("2.10 kW" in line for line in lines)
    assert any("10.0 s" in line for line in lines)
    assert not any("\x1b" in line for line in lines)
    assert unicode or all(line.isascii() for line in lines)


def test_a_full_scale_column_reaches_the_top_and_nothing_reaches_beyond():
    lines = render_timeline(
        laid([r.stretch(duration_s=10)]), {}, Look(width=60), height=10
    )

    assert all(set(line[10:]) == {"█"} for line in lines[1:4])


def test_idle_is_drawn_and_a_gap_is_not():
    stretches = [r.stretch(at_s=0, power_w=500), r.stretch(at_s=1, power_w=0)]
    lines = render_timeline(laid(stretches, 4.0), {}, Look(width=51))

    bottom = lines[-2][10:]
    assert set(bottom[10:19]) == {"▁"}
    assert set(bottom[21:]) == {" "}


def test_nothing_measured_draws_nothing():
    assert render_timeline(laid([]), {}, Look()) == []


def test_short_runs_draw_too():
    assert render_timeline(laid([r.stretch(duration_s=0.02)], 0.02), {}, Look())
