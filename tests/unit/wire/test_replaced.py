import pytest

from greenops.wire.replaced import replace_file


def test_a_file_is_replaced_as_a_whole_and_is_the_user_s_own(tmp_path):
    path = tmp_path / "new" / "file"
    replace_file(path, lambda file: file.write(b"a longer first"))

    replace_file(path, lambda file: file.write(b"second"))

    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"first")

    def fails(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        replace_file(path, fails)

    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]
