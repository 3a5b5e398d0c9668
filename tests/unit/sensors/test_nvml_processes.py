import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenops.sensors.nvml_processes import INITIAL_PID_NAMESPACE, PidView, shares

CASES = {
    "nobody": ([], [], 0.0, {}),
    "one alone": ([7], [(7, 0.3)], 0.3, {7: 1.0}),
    "two, by use": ([7, 8], [(7, 0.6), (8, 0.2)], 0.8, {7: 0.75, 8: 0.25}),
    "a context that does nothing": ([7, 8], [(8, 0.2)], 0.2, {7: 0.0, 8: 1.0}),
    "all idle": ([7, 8], [], 0.0, {7: 0.0, 8: 0.0}),
    "one that came and went in between": ([], [(9, 0.5)], 0.5, {9: 1.0}),
    "sampled twice": ([7, 8], [(7, 0.2), (7, 0.4), (8, 0.2)], 1, {7: 0.75, 8: 0.25}),
    "busy, but samples are late": ([7, 8], [], 0.9, {7: None, 8: None}),
    "no samples on this GPU": ([7, 8], None, None, {7: None, 8: None}),
    "slots the driver left unused": ([0, 7], [(0, 0.9), (7, 0.1)], 0.1, {7: 1.0}),
}


@pytest.mark.parametrize(
    ("listed", "busy", "utilization", "expected"), CASES.values(), ids=CASES.keys()
)
def test_the_busy_time_of_a_gpu_is_shared_out(listed, busy, utilization, expected):
    found = shares(listed, busy, utilization=utilization)

    assert found == {pid: pytest.approx(v) for pid, v in expected.items()}


@given(
    st.lists(st.integers(0, 50)),
    st.lists(st.tuples(st.integers(0, 50), st.floats(0, 1))),
    st.floats(0, 1),
)
def test_shares_add_up_to_one_or_to_nothing(listed, busy, utilization):
    found = shares(listed, busy, utilization=utilization)

    known = [v for v in found.values() if v is not None]
    assert sum(known) == pytest.approx(1.0) or sum(known) == 0
    assert 0 not in found


@pytest.fixture
def container(tmp_path):
    """A /proc as a container with its own pid namespace sees it."""
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[4026532500]")
    return tmp_path


def process(proc, pid, *files):
    folder = proc / str(pid) / "fd"
    folder.mkdir(parents=True)
    for number, target in enumerate(files):
        (folder / str(number)).symlink_to(target)


def test_process_ids_that_do_not_exist_here_are_of_another_namespace(container):
    process(container, 7, "/dev/nvidia0")

    assert PidView(container).own({7: 0.5, 48213: 0.5}, utilization=1.0) is None


def test_a_process_that_holds_no_gpu_is_not_the_one_the_driver_means(container):
    process(container, 7, "/dev/null", "/tmp/data.bin")

    assert PidView(container).own({7: 1.0}, utilization=1.0) is None


def test_translated_process_ids_are_believed(container):
    process(container, 7, "/dev/null", "/dev/nvidiactl", "/dev/nvidia0")

    assert PidView(container).own({7: 1.0}, utilization=1.0) == {7: 1.0}


def test_an_empty_list_of_a_busy_gpu_hides_somebody(container):
    view = PidView(container)

    assert view.own({}, utilization=0.8) is None
    assert view.own({}, utilization=0.0) == {}


def test_outside_of_containers_a_process_that_just_ended_is_still_believed(tmp_path):
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to(INITIAL_PID_NAMESPACE)

    assert PidView(tmp_path).own({48213: 1.0}, utilization=1.0) == {48213: 1.0}


def test_a_system_without_namespaces_has_none_to_confuse(tmp_path):
    assert not PidView(tmp_path / "no-proc").nested
