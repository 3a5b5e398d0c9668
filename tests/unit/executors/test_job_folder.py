import os

import pytest

from greenops.errors import ExecutorRefusedError
from greenops.executors.job_folder import (
    open_log,
    read_environment,
    write_environment,
)


def test_an_environment_comes_back_byte_for_byte(tmp_path):
    environ = {b"A": b"x=y\nz", b"EMPTY": b"", b"ODD\xff": b"\xfe\xff"}

    write_environment(tmp_path / "job", environ)

    assert read_environment(tmp_path / "job") == environ
    assert (tmp_path / "job" / "environment").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "job").stat().st_mode & 0o777 == 0o700


def test_no_environment_is_none(tmp_path):
    assert read_environment(tmp_path) is None


def test_one_that_others_may_read_or_write_is_refused(tmp_path):
    write_environment(tmp_path / "job", {b"SECRET": b"x"})
    (tmp_path / "job" / "environment").chmod(0o640)

    with pytest.raises(ExecutorRefusedError, match="chmod 600"):
        read_environment(tmp_path / "job")


@pytest.mark.parametrize("name", ["environment", "output.log"])
def test_a_link_in_its_place_is_refused(tmp_path, name):
    folder = tmp_path / "job"
    folder.mkdir(mode=0o700)
    (tmp_path / "precious").write_text("A=b")
    (folder / name).symlink_to(tmp_path / "precious")

    use = read_environment if name == "environment" else open_log
    with pytest.raises(ExecutorRefusedError):
        use(folder)
    assert (tmp_path / "precious").read_text() == "A=b"


def test_a_pipe_in_place_of_a_log_is_refused_and_blocks_nobody(tmp_path):
    os.mkfifo(tmp_path / "output.log")
    tmp_path.chmod(0o700)

    with pytest.raises(ExecutorRefusedError):
        open_log(tmp_path)
