import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.model import DeviceKind, Method, Quality, RunStatus
from greenops.report.quality import quality_sentences
from greenops.report.summary import RunFacts, summarize
from tests.unit.report import records as r


def test_energy_is_added_up_with_its_bounds_where_no_footprint_knows_better():
    summary = summarize(r.record(r.total(energy_j=100), r.total(r.CPU, 50)))

    assert summary.energy_j is not None
    assert summary.energy_j.central == 150
    assert summary.energy_j.low == pytest.approx(99 + 30)
    assert summary.energy_j.high == pytest.approx(101 + 70)
    assert summary.mean_power_w == pytest.approx(2.5)


def test_the_bounds_of_the_footprint_win():
    summary = summarize(r.record(r.total(energy_j=100), footprint=r.footprint(100)))

    assert summary.energy_j == r.bounded(100, 90, 120)


def test_nothing_measured_is_not_known_and_not_zero():
    summary = summarize(r.record())

    assert summary.energy_j is None
    assert summary.mean_power_w is None
    assert summary.quality == ("nothing was measured: no sensor gave a reading",)


def test_devices_come_by_kind_then_by_energy():
    small, large = r.device(name="A"), r.device(name="B")
    totals = [r.total(r.CPU, 900), r.total(small, 100), r.total(large, 200)]

    summary = summarize(r.record(*totals))

    assert [d.total.device.name[0] for d in summary.devices] == ["B", "A", "A"]
    assert summary.devices[-1].total.device.kind is DeviceKind.CPU


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=5))
def test_shares_add_up_to_the_whole(energies_j):
    devices = [r.device(name=str(i)) for i in range(len(energies_j))]
    totals = [r.total(d, e) for d, e in zip(devices, energies_j, strict=True)]

    shares = [line.share for line in summarize(r.record(*totals)).devices]

    if sum(energies_j) > 0:
        assert sum(share or 0.0 for share in shares) == pytest.approx(1)
    else:
        assert shares == [None] * len(shares)


def test_single_peaks_of_several_devices_are_not_added_up():
    both = r.record(r.total(), r.total(r.CPU))

    assert summarize(both).peak_power_w is None
    assert summarize(both, RunFacts(peak_power_w=412)).peak_power_w == 412
    assert summarize(r.record(r.total())).peak_power_w == 400


@pytest.mark.parametrize(
    ("status", "end", "said"),
    [
        pytest.param("running", None, "still running", id="running"),
        pytest.param("lost", r.end(), "recorder lost", id="lost"),
        pytest.param("finished", r.end(), "finished", id="finished"),
        pytest.param("failed", r.end(exit_code=3), "exit status 3", id="failed"),
        pytest.param(
            "failed", r.end(exit_code=None, exit_signal=9), "SIGKILL", id="killed"
        ),
        pytest.param(
            "failed", r.end(exit_code=None, exit_signal=99), "signal 99", id="unknown"
        ),
    ],
)
def test_how_a_run_ended_is_said(status, end, said):
    summary = summarize(r.record(status=RunStatus(status), end=end))

    assert said in summary.ended


def test_cores_used_are_cpu_time_over_duration():
    summary = summarize(r.record(duration_s=60), RunFacts(cpu_s=192))

    assert summary.cpu_cores_used == pytest.approx(3.2)
    assert summary.cpu_cores == 16


def test_a_run_without_duration_has_no_power():
    summary = summarize(r.record(r.total(), duration_s=0), RunFacts(cpu_s=1))

    assert summary.mean_power_w is None
    assert summary.cpu_cores_used is None


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        pytest.param({}, "no gaps, no reading dropped", id="all-well"),
        pytest.param(
            {"gaps": 2, "gap_s": 4, "bridged_j": 540.0},
            "2 gaps (4.00 s in all) bridged with 540 J of device energy, 10 % of it",
            id="bridged",
        ),
        pytest.param(
            {"gaps": 1, "gap_s": 4}, "1 gap (4.00 s in all) left open", id="open"
        ),
        pytest.param(
            {"duplicates": 5, "outliers": 1},
            "dropped 5 duplicates and 1 impossible reading",
            id="dropped",
        ),
        pytest.param(
            {"failed_reads": 3, "stuck": 1, "resets": 2},
            "3 failed reads; 1 stuck counter; 2 counter restarts",
            id="oddities",
        ),
    ],
)
def test_troubles_are_counted_in_a_sentence(quality, said):
    assert quality_sentences([r.total(quality=Quality(**quality))]) == (said,)


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        pytest.param([r.total(r.CPU)], "all of the energy is modelled", id="all"),
        pytest.param(
            [r.total(energy_j=75), r.total(r.CPU, 25)], "25 % of the energy", id="some"
        ),
        pytest.param(
            [r.total(method=Method.MODEL)], "all of the energy", id="by-method"
        ),
    ],
)
def test_what_a_model_says_is_marked(totals, said):
    assert said in quality_sentences(totals)[-1]
