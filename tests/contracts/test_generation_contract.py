"""What every GenerationSource keeps, whoever wrote it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from greenops.errors import SignalError, UnknownZoneError
from greenops.ports import GenerationSource
from greenops.signals.answer_store import AnswerStore
from greenops.signals.cache import CachedSignal
from greenops.signals.chain import ChainSignal
from greenops.signals.csv_file import CsvSignal
from tests.webapi_server import serving
from tests.webapi_server.sources import sources

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
WEB = {s.name: s for s in sources() if s.name in ("eia", "entsoe")}


def csv(folder):
    rows = "".join(
        f"{i},{MIDNIGHT + i * HOUR:%Y-%m-%d %H:%M:%S+00:00},250,{30 + i % 24},70\n"
        for i in range(24 * 20)
    )
    path = folder / "FR_lifecycle_emissions.csv"
    path.write_text(f",UTC time,carbon_intensity,wind,nat_gas\n{rows}")
    return CsvSignal(path)


def chain(folder):
    found = ChainSignal([csv(folder)])
    found.intensity("FR", MIDNIGHT, MIDNIGHT + HOUR)  # so that it is known to work
    return found


MAKERS = {
    "csv": csv,
    "cache": lambda folder: CachedSignal(csv(folder), AnswerStore(folder / "kept")),
    "chain": chain,
}


@pytest.fixture(params=[*MAKERS, *WEB])
def source(request, tmp_path, monkeypatch):
    if request.param in MAKERS:
        yield MAKERS[request.param](tmp_path)
        return
    web = WEB[request.param]
    for variable, value in web.env.items():
        monkeypatch.setenv(variable, value)
    with serving(web) as server:
        yield web.signal(server.url)


@pytest.fixture
def zone(source):
    return WEB[source.name].zone if source.name in WEB else "FR"


def test_it_is_known_as_one(source):
    assert isinstance(source, GenerationSource)


def test_hours_are_whole_within_the_span_in_order_and_without_repeats(source, zone):
    start, stop = MIDNIGHT + 9.5 * HOUR, MIDNIGHT + 40.25 * HOUR

    hours = source.generation(zone, start, stop)

    assert len(hours) >= 24
    assert all(h.start.minute == 0 and start <= h.start < stop for h in hours)
    assert all(a.start < b.start for a, b in pairwise(hours))


def test_sources_have_names_and_power(source, zone):
    hours = source.generation(zone, MIDNIGHT, MIDNIGHT + 24 * HOUR)

    assert all(name for hour in hours for name in hour.power_mw)
    assert any(mw > 0 for hour in hours for mw in hour.power_mw.values())


def test_a_span_that_is_none_is_an_error(source, zone):
    with pytest.raises(ValueError, match=r"not a span|time zone"):
        source.generation(zone, MIDNIGHT, MIDNIGHT)


def test_an_unknown_zone_is_an_error(source):
    # A chain says of all its members that none of them knows.
    error = SignalError if isinstance(source, ChainSignal) else UnknownZoneError
    with pytest.raises(error):
        source.generation("XX-NOWHERE", MIDNIGHT, MIDNIGHT + HOUR)
