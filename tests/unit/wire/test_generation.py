import json
import stat
from datetime import UTC, datetime

import pytest

from greenops.errors import SignalBusyError
from greenops.forecast.hours import HOUR
from greenops.model import GenerationHour
from greenops.wire.generation import REVISED, generation_of

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 10
STOP = FIRST + 24 * DAYS * HOUR


class Source:
    """Says gas for every hour, and remembers what it was asked."""

    def __init__(self, gas_mw=100.0):
        self.asked = []
        self.gas_mw = gas_mw
        self.error = None

    def generation(self, zone, start, stop):
        self.asked.append((zone, start, stop))
        if self.error:
            raise self.error
        count = (stop - start) // HOUR
        return [
            GenerationHour(start=start + i * HOUR, power_mw={"gas": self.gas_mw})
            for i in range(count)
        ]


def test_the_second_question_is_only_about_hours_that_may_have_been_revised(tmp_path):
    source, kept_in = Source(), tmp_path / "deep" / "de.json"
    first = generation_of(source, "DE", (FIRST, STOP), kept_in)
    source.gas_mw = 120.0

    second = generation_of(source, "DE", (FIRST, STOP + HOUR), kept_in)

    assert len(first) == 24 * DAYS
    assert source.asked[0] == ("DE", FIRST, STOP)
    assert source.asked[1] == ("DE", STOP + HOUR - REVISED, STOP + HOUR)
    assert [h.start for h in second] == [FIRST + i * HOUR for i in range(24 * DAYS + 1)]
    assert second[0].power_mw == {"gas": 100.0}
    assert second[-1].power_mw == {"gas": 120.0}


def test_a_longer_span_than_is_kept_is_asked_for_anew(tmp_path):
    source, kept_in = Source(), tmp_path / "de.json"
    generation_of(source, "DE", (FIRST + 5 * 24 * HOUR, STOP), kept_in)

    found = generation_of(source, "DE", (FIRST, STOP), kept_in)

    assert source.asked[1] == ("DE", FIRST, STOP)
    assert len(found) == 24 * DAYS


def test_while_the_source_fails_what_is_kept_is_given(tmp_path):
    source, kept_in = Source(), tmp_path / "de.json"
    generation_of(source, "DE", (FIRST, STOP), kept_in)
    source.error = SignalBusyError("later")

    assert len(generation_of(source, "DE", (FIRST, STOP), kept_in)) == 24 * DAYS
    assert generation_of(source, "DE", (FIRST, STOP), tmp_path / "other.json") == []


def test_nothing_is_kept_of_a_source_of_this_machine(tmp_path):
    source = Source()

    for _ in range(2):
        assert generation_of(source, "DE", (FIRST, STOP), None)
    assert source.asked == [("DE", FIRST, STOP)] * 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["", "{", "[[1]]", '[["x", {}]]', '[[0, {"gas": "many"}]]', "[[1e999, {}]]", "7",
     '[[0, {"gas": NaN}]]', "\x00"],
)  # fmt: skip
def test_a_damaged_file_is_asked_for_anew_and_replaced(tmp_path, text):
    source, kept_in = Source(), tmp_path / "de.json"
    kept_in.write_text(text)

    assert len(generation_of(source, "DE", (FIRST, STOP), kept_in)) == 24 * DAYS
    assert len(json.loads(kept_in.read_text())) == 24 * DAYS


def test_what_is_kept_is_for_the_user_alone(tmp_path):
    kept_in = tmp_path / "cache" / "de.json"
    generation_of(Source(), "DE", (FIRST, STOP), kept_in)

    assert stat.S_IMODE(kept_in.stat().st_mode) == 0o600
    assert [p.name for p in kept_in.parent.iterdir()] == ["de.json"]


def test_a_folder_that_cannot_be_made_costs_nothing_but_the_keeping(tmp_path):
    (tmp_path / "file").write_text("")

    found = generation_of(Source(), "DE", (FIRST, STOP), tmp_path / "file" / "de.json")

    assert len(found) == 24 * DAYS
