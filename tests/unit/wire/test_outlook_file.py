"""Forecasts in a file, for those who cannot wait for their own."""

import json
import os
import stat
from datetime import timedelta

import pytest

from greenops.wire.outlook_file import FILE, FRESH_FOR, keep_outlook, kept_outlook
from tests.unit.agent.worlds import T0, forecast

DE = forecast("DE", [100.0 + i for i in range(48)])


def test_what_was_kept_reads_back_as_it_was(tmp_path):
    keep_outlook(tmp_path, {"DE": DE})

    assert kept_outlook(tmp_path, T0) == {"DE": DE}


def test_it_is_for_its_owner_alone(tmp_path):
    keep_outlook(tmp_path, {"DE": DE})

    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    ("later", "kept"),
    [
        pytest.param(FRESH_FOR, True, id="just fresh"),
        pytest.param(FRESH_FOR + timedelta(seconds=1), False, id="too old"),
        pytest.param(-timedelta(seconds=1), False, id="of the future"),
    ],
)
def test_what_is_old_or_of_the_future_is_left_out(tmp_path, later, kept):
    keep_outlook(tmp_path, {"DE": DE})

    assert bool(kept_outlook(tmp_path, T0 + later)) is kept


def test_an_older_one_is_given_to_who_asks_for_it(tmp_path):
    keep_outlook(tmp_path, {"DE": DE})
    later = T0 + timedelta(days=3)

    assert kept_outlook(tmp_path, later, at_most=timedelta(days=4)) == {"DE": DE}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"3",
        b'{"DE": 3}',
        b'{"DE": {"zone": "DE"}}',
        b'{"DE": {"hours": [[1]]}}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_somebody_spoilt_is_none(tmp_path, text):
    (tmp_path / FILE).write_bytes(text)

    assert kept_outlook(tmp_path, T0) == {}


@pytest.mark.parametrize("band", [-1.0, float("nan"), 1e308, "x", None])
def test_an_hour_that_cannot_be_spoils_the_file_and_nothing_else(tmp_path, band):
    keep_outlook(tmp_path, {"DE": DE})
    kept = json.loads((tmp_path / FILE).read_text())
    kept["DE"]["hours"][0][1] = band
    (tmp_path / FILE).write_text(json.dumps(kept))

    assert kept_outlook(tmp_path, T0) == {}


def test_where_nothing_can_be_written_what_was_there_stays(tmp_path):
    keep_outlook(tmp_path, {"DE": DE})
    # A name that is taken by a folder cannot be written to, whoever asks.
    (tmp_path / f".{FILE}.{os.getpid()}").mkdir()

    with pytest.raises(IsADirectoryError):
        keep_outlook(tmp_path, {})
    assert kept_outlook(tmp_path, T0) == {"DE": DE}
