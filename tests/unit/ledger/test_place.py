import os
import stat

import pytest

from greenops.ledger.place import (
    default_path,
    default_spool_dirs,
    is_network_folder,
    private_dir,
)


def test_the_ledger_lies_where_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert default_path() == tmp_path / "greenops" / "ledger.db"


@pytest.mark.parametrize("configured", ["", "relative/path"])
def test_without_xdg_it_lies_in_the_home(monkeypatch, tmp_path, configured):
    monkeypatch.setenv("XDG_DATA_HOME", configured)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert default_path() == tmp_path / ".local/share/greenops/ledger.db"


def test_the_spool_has_a_second_place_in_tmpdir(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))

    assert default_spool_dirs() == (
        tmp_path / "state" / "greenops" / "spool",
        tmp_path / "tmp" / f"greenops-spool-{os.getuid()}",
    )


def test_a_private_folder_is_made_for_this_user_alone(tmp_path):
    folder = private_dir(tmp_path / "a" / "spool")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_others_may_read_is_closed_to_them(tmp_path):
    (tmp_path / "spool").mkdir(mode=0o755)

    assert stat.S_IMODE(private_dir(tmp_path / "spool").stat().st_mode) == 0o700


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "spool").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NotADirectoryError, match="not a folder"):
        private_dir(tmp_path / "spool")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_folder_of_another_user_is_refused(tmp_path):
    (tmp_path / "spool").mkdir()
    os.chown(tmp_path / "spool", 12345, -1)

    with pytest.raises(PermissionError, match="another user"):
        private_dir(tmp_path / "spool")


@pytest.mark.parametrize(
    ("mounts", "shared"),
    [
        ("/dev/sda / ext4 rw 0 0\n", False),
        ("/dev/sda / ext4 rw 0 0\nsrv:/home {parent} nfs4 rw 0 0\n", True),
        ("srv:/ / nfs rw 0 0\n/dev/sdb {parent} ext4 rw 0 0\n", False),
        ("srv:/ {parent}x nfs rw 0 0\n/dev/sda / ext4 rw 0 0\n", False),
    ],
    ids=["local", "nfs-home", "local-disk-on-nfs-root", "neighbour-of-same-beginning"],
)
def test_a_folder_that_other_hosts_share_is_known_by_its_mount(
    tmp_path, mounts, shared
):
    table = tmp_path / "mounts"
    folder = tmp_path.resolve() / "data"
    folder.mkdir()
    table.write_text(mounts.format(parent=tmp_path.resolve()))

    assert is_network_folder(folder, mounts=table) is shared


def test_without_a_mount_table_a_folder_counts_as_local(tmp_path):
    assert not is_network_folder(tmp_path, mounts=tmp_path / "none")
