import subprocess
from pathlib import Path

import pytest

from greenops.ledger.process import boot_id, is_running, namespace


def a_procfs(root: Path, *, stat: bytes | None, btime: str = "btime 1700000000\n"):
    (root / "stat").write_text(f"cpu 1 2\n{btime}")
    if stat is not None:
        (root / "77").mkdir()
        (root / "77" / "stat").write_bytes(stat)
    return root


def a_stat(*, state=b"S", ticks=5000):
    middle = b" ".join([b"1"] * 18)
    return b"77 (a ) b) " + state + b" " + middle + b" %d 0 0\n" % ticks


@pytest.mark.parametrize(
    ("stat", "started_s", "runs"),
    [
        pytest.param(a_stat(), 50.0, True, id="same-start-since-boot"),
        pytest.param(a_stat(), 50.5, False, id="pid-used-again"),
        pytest.param(a_stat(), 1_700_000_051.0, True, id="same-start-since-1970"),
        pytest.param(a_stat(), 1_700_000_090.0, False, id="pid-used-again-since-1970"),
        pytest.param(a_stat(), 0.0, True, id="start-unknown"),
        pytest.param(a_stat(state=b"Z"), 50.0, False, id="zombie"),
        pytest.param(None, 50.0, False, id="gone"),
        pytest.param(b"77 (a", 50.0, True, id="unreadable-is-not-known-to-be-gone"),
    ],
)
def test_a_process_is_known_by_its_id_and_its_start(tmp_path, stat, started_s, runs):
    proc = a_procfs(tmp_path, stat=stat)

    assert is_running(77, started_s, proc=proc) is runs


def test_without_a_boot_time_a_start_since_1970_is_believed(tmp_path):
    proc = a_procfs(tmp_path, stat=a_stat(), btime="")

    assert is_running(77, 1_800_000_000.0, proc=proc)


def test_a_real_process_runs_until_it_is_dead():
    child = subprocess.Popen(["sleep", "60"])
    assert is_running(child.pid, 0.0)
    assert not is_running(child.pid, 1.0)

    child.kill()
    child.wait()

    assert not is_running(child.pid, 0.0)


@pytest.mark.parametrize("pid", [0, -1])
def test_no_process_has_such_an_id(pid):
    assert not is_running(pid, 0.0)


def test_boot_and_namespace_are_named():
    assert len(boot_id()) == 36
    assert namespace() == str(Path("/proc/self/ns/pid").readlink())


def test_without_a_procfs_the_boot_is_unknown(tmp_path):
    assert boot_id(proc=tmp_path) == ""
