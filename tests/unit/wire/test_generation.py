from datetime import UTC, datetime, timedelta

import pytest

from greenops.errors import SignalRefusedError
from greenops.model import GenerationHour
from greenops.wire.generation import generation_of

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
STOP = START + 10 * 24 * HOUR


class Source:
    """Knows every hour, and how often it was asked for which."""

    def __init__(self, mw=10.0):
        self.mw = mw
        self.asked: list[tuple[datetime, datetime]] = []

    def generation(self, _zone, start, stop):
        self.asked.append((start, stop))
        if isinstance(self.mw, Exception):
            raise self.mw
        return [
            GenerationHour(start=start + i * HOUR, power_mw={"wind": self.mw})
            for i in range((stop - start) // HOUR)
        ]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "generation.json"


def of(source, path, *, start=START, stop=STOP):
    return generation_of(source, "DE", (start, stop), path)


def test_a_refusal_is_nothing_known(path):
    assert of(Source(SignalRefusedError("not in this plan")), path) == []
    assert not path.exists()


def test_a_refusal_leaves_what_was_kept(path):
    of(Source(), path)

    assert len(of(Source(SignalRefusedError("gone")), path)) == 240


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '[["x", {}]]', '[[0, {"wind": "much"}]]', "null", "[[0]]"]
)
def test_a_damaged_file_is_asked_for_anew(path, text):
    path.parent.mkdir()
    path.write_text(text)
    source = Source()

    assert len(of(source, path)) == 240
    assert source.asked == [(START, STOP)]


@pytest.mark.parametrize("text", ['[[0, {"wind": NaN}]]', "[[1e300, {}]]", "[[0, []]]"])
def test_a_file_of_nonsense_is_asked_for_anew_too(path, text):
    path.parent.mkdir()
    path.write_text(text)

    assert len(of(Source(), path)) == 240


def test_settled_hours_are_asked_for_once(path):
    of(Source(10.0), path)
    source = Source(20.0)

    found = of(source, path, stop=STOP + 24 * HOUR)

    assert source.asked == [(STOP - 24 * HOUR, STOP + 24 * HOUR)]
    assert [h.start for h in found] == [START + i * HOUR for i in range(264)]
    assert {h.power_mw["wind"] for h in found[:216]} == {10.0}
    assert {h.power_mw["wind"] for h in found[216:]} == {20.0}


def test_a_longer_past_is_asked_for_anew(path):
    of(Source(), path, start=START + 5 * 24 * HOUR)
    source = Source()

    assert len(of(source, path)) == 240
    assert source.asked == [(START, STOP)]


def test_a_window_that_slides_drops_what_is_behind_it(path):
    of(Source(), path)

    found = of(Source(), path, start=START + 24 * HOUR, stop=STOP + 24 * HOUR)

    assert found[0].start == START + 24 * HOUR
    assert len(found) == 240


def test_nothing_is_kept_of_what_this_machine_has_itself():
    source = Source()

    assert len(of(source, None)) == 240


def test_a_file_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "file").write_text("")

    assert len(of(Source(), tmp_path / "file" / "generation.json")) == 240
