import hashlib
import io
import os
import threading
from dataclasses import replace

import numpy as np
import pytest

from greenops.forecast.own import train
from greenops.wire import forecast_models as module
from greenops.wire.forecast_models import ModelStore
from tests.unit.forecast.grids import habitual, history

KNOWN = history(habitual(110, seed=1))
NAME = "DE average life cycle"


@pytest.fixture(scope="module")
def model():
    return train(KNOWN)


@pytest.fixture
def store(tmp_path):
    return ModelStore(tmp_path / "models")


@pytest.fixture
def kept(store, model, tmp_path):
    """The one file of a store that holds one model."""
    store.save(NAME, model)
    (path,) = (tmp_path / "models").iterdir()
    return path


def test_nothing_kept_is_no_model(store):
    assert store.load(NAME, 0) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"PK\x03\x04 and no more", b"\x93NUMPY\x01\x00", os.urandom(3000)],
    ids=["empty", "a letter", "half a zip", "a bare array", "anything"],
)
def test_a_file_that_is_none_is_fitted_anew(store, kept, content):
    kept.write_bytes(content)

    assert store.load(NAME, 0) is None


@pytest.mark.parametrize("at", [0, 40, 0.1, 0.5, 0.9, 0.999])
def test_a_model_with_one_bit_flipped_is_fitted_anew(store, kept, at):
    data = bytearray(kept.read_bytes())
    data[at if isinstance(at, int) else int(at * len(data))] ^= 0x10
    kept.write_bytes(data)

    assert store.load(NAME, 0) is None


def test_a_file_cut_short_is_fitted_anew(store, kept):
    kept.write_bytes(kept.read_bytes()[:-100])

    assert store.load(NAME, 0) is None


@pytest.mark.usefixtures("kept")
def test_a_file_of_an_older_layout_is_fitted_anew(store, monkeypatch):
    monkeypatch.setattr(module, "LAYOUT", module.LAYOUT + 1)

    assert store.load(NAME, 0) is None


@pytest.mark.parametrize("left_out", ["facts", "said", "slopes"])
def test_a_sound_file_without_a_part_is_fitted_anew(store, kept, model, left_out):
    fields = module._fields(model)
    del fields[left_out]
    packed = io.BytesIO()
    np.savez(packed, **fields)
    kept.write_bytes(digest(packed.getvalue()) + packed.getvalue())

    assert store.load(NAME, 0) is None


def digest(data):
    return hashlib.sha256(data).digest()


class Runs:
    """What, once unpickled, has made a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_file_that_would_run_something_is_not_read(store, kept, tmp_path):
    """Objects in an array are pickles, which may run anything."""
    packed = io.BytesIO()
    np.savez(packed, facts=np.array(Runs(tmp_path / "ran"), dtype=object))
    kept.write_bytes(digest(packed.getvalue()) + packed.getvalue())

    assert store.load(NAME, 0) is None
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("kept")
def test_a_model_comes_back_bit_by_bit(store, model):
    found = store.load(NAME, 0)

    assert found is not None
    for name in ("centre", "shift", "slopes"):
        np.testing.assert_array_equal(
            getattr(found.direct, name), getattr(model.direct, name)
        )
    np.testing.assert_array_equal(found.said, model.said)
    for name in ("hour", "lowest", "highest"):
        assert getattr(found.direct, name) == getattr(model.direct, name)
    for name in ("trained_to", "columns", "learnt_from", "tested_from"):
        assert getattr(found, name) == getattr(model, name)
    np.testing.assert_array_equal(found.ahead(KNOWN).log_g, model.ahead(KNOWN).log_g)
    assert found.serves(KNOWN)


@pytest.mark.parametrize(("name", "hour"), [("FR average", 0), (NAME, 1)])
def test_each_zone_and_hour_has_a_file_of_its_own(store, kept, name, hour):
    assert kept.exists()
    assert store.load(name, hour) is None


def test_a_zone_s_name_is_no_path(store, model, tmp_path):
    store.save("../../etc/passwd", model)

    assert [p.parent for p in tmp_path.rglob("*.npz")] == [tmp_path / "models"]
    assert store.load("../../etc/passwd", 0) is not None


def test_what_is_kept_is_the_user_s_own(kept):
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_costs_nothing(tmp_path, model):
    (tmp_path / "file").write_text("")
    store = ModelStore(tmp_path / "file" / "models")

    store.save(NAME, model)

    assert store.load(NAME, 0) is None


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_keeps_what_it_has(store, model, kept):
    kept.parent.chmod(0o500)
    try:
        store.save(NAME, replace(model, columns=("wind",)))
        found = store.load(NAME, 0)
    finally:
        kept.parent.chmod(0o700)

    assert found is not None
    assert found.columns == ()


def test_a_full_disk_leaves_no_half_of_a_file(store, model, kept, monkeypatch):
    def full(_model):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_packed", full)
    store.save(NAME, replace(model, columns=("wind",)))

    assert list(kept.parent.iterdir()) == [kept]
    found = store.load(NAME, 0)
    assert found is not None
    assert found.columns == ()


def test_two_writers_at_once_leave_the_model_of_one(store, model):
    models = [replace(model, columns=(n,)) for n in ("coal", "wind")]
    store.save(NAME, model)
    found, done = [], threading.Event()

    def write(one):
        for _ in range(20):
            store.save(NAME, one)

    def read():
        while not done.is_set():
            found.append(store.load(NAME, 0))

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(m,)) for m in models]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()

    assert found
    columns = {None if m is None else m.columns for m in found}
    assert columns <= {(), ("coal",), ("wind",)}
    assert store.load(NAME, 0) is not None
