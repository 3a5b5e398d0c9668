from greenops.model import AttemptState
from greenops.wire.executors import open_local_executor
from tests.executors.rigs import LocalRig, environment, until


def test_the_executor_of_this_machine_runs_an_attempt(tmp_path, monkeypatch):
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    executor = open_local_executor(tmp_path / "state")
    executor.submit(LocalRig(tmp_path).attempt(argv=("sh", "-c", "exit 3")))

    def ended():
        status = executor.poll(["a1"])["a1"]
        return status if status.state is AttemptState.ENDED else None

    assert until(ended).exit_code == 3
    assert executor.health("here", {}).usable
    assert (tmp_path / "state" / "local" / "attempts" / "a1").is_dir()
