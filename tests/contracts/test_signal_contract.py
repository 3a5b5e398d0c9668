"""What every CarbonSignal keeps, whoever wrote it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from greenops.errors import UnknownZoneError
from greenops.model import IntensityPoint
from greenops.signals.annual import AnnualSignal
from greenops.signals.answer_store import AnswerStore
from greenops.signals.cache import CachedSignal
from greenops.signals.chain import ChainSignal
from greenops.signals.csv_file import CsvSignal
from greenops.signals.hourly_model import HourlyModelSignal
from greenops.signals.series import SeriesSignal
from tests.webapi_server import serving
from tests.webapi_server.sources import sources

START = datetime(2026, 3, 1, 22, 17, 5, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def half_hours():
    return [
        IntensityPoint(
            start=MIDNIGHT + i * HALF_HOUR,
            stop=MIDNIGHT + (i + 1) * HALF_HOUR,
            intensity_g_per_kwh=50.0 + i % 48,
            low_g_per_kwh=40.0,
            high_g_per_kwh=120.0,
            zone="FR",
            source="recorded",
        )
        for i in range(48 * 40)
    ]


def series(_folder):
    return SeriesSignal(half_hours(), default_zone="FR")


def csv(folder):
    rows = "".join(
        f"{p.start:%Y-%m-%dT%H:%M},FR,{p.intensity_g_per_kwh}\n" for p in half_hours()
    )
    (folder / "fr.csv").write_text(f"datetime_utc,zone,intensity_g_per_kwh\n{rows}")
    return CsvSignal(folder)


def cache(folder):
    return CachedSignal(series(folder), AnswerStore(folder / "kept"))


def chain(folder):
    return ChainSignal([csv(folder), AnnualSignal()])


MAKERS = {
    "annual": lambda _: AnnualSignal(),
    "hourly_model": lambda _: HourlyModelSignal(),
    "series": series,
    "csv": csv,
    "cache": cache,
    "chain": chain,
}
KNOWS_THE_WORLD = {"annual", "hourly_model", "series", "chain"}
WEB = {source.name: source for source in sources()}
"""Played on a loopback port as their documents describe them."""


@pytest.fixture(params=[*MAKERS, *WEB])
def signal(request, tmp_path, monkeypatch):
    if request.param in MAKERS:
        yield MAKERS[request.param](tmp_path)
        return
    source = WEB[request.param]
    for variable, value in source.env.items():
        monkeypatch.setenv(variable, value)
    with serving(source) as server:
        yield source.signal(server.url)


@pytest.fixture
def zone(signal):
    """A zone that the signal serves."""
    return WEB[signal.name].zone if signal.name in WEB else "FR"


@pytest.mark.parametrize("spelt", [str, str.lower, None], ids=["FR", "fr", "world"])
@pytest.mark.parametrize(
    "length",
    [timedelta(milliseconds=50), timedelta(minutes=43), timedelta(days=30)],
    ids=["50ms", "43min", "30d"],
)
def test_points_cover_the_span_in_order_and_without_gaps(signal, zone, spelt, length):
    if spelt is None and signal.name not in KNOWS_THE_WORLD:
        with pytest.raises(UnknownZoneError, match="world"):
            signal.intensity(None, START, START + length)
        return

    asked = spelt(zone) if spelt else None
    points = signal.intensity(asked, START, START + length)

    assert points[0].start <= START
    assert points[-1].stop >= START + length
    assert all(a.stop == b.start for a, b in pairwise(points))


def test_every_point_names_its_zone_its_source_and_its_kind(signal, zone):
    for point in signal.intensity(zone, START, START + HALF_HOUR):
        assert point.zone == zone
        assert point.source
        assert point.kind in ("average", "marginal")


def test_an_unknown_zone_is_an_error_and_never_an_average(signal):
    with pytest.raises(UnknownZoneError, match="Atlantis"):
        signal.intensity("Atlantis", START, START + HALF_HOUR)


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (START, START),
        (START, START - HALF_HOUR),
        (START.replace(tzinfo=None), START),
    ],
    ids=["empty", "backwards", "naive"],
)
def test_a_span_that_is_none_is_refused(signal, zone, start, stop):
    with pytest.raises(ValueError, match="not a span"):
        signal.intensity(zone, start, stop)


def test_the_same_question_has_the_same_answer(signal, zone):
    def answer():
        points = signal.intensity(zone, START, START + HALF_HOUR)
        # What a source does not date carries the time it was fetched.
        return [replace(point, issued_at=None) for point in points]

    assert answer() == answer()


def test_the_signal_has_a_name(signal):
    assert signal.name


def test_the_signal_states_its_traits_and_keeps_to_them(signal, zone):
    points = signal.intensity(zone, START, START + HALF_HOUR)

    assert {p.kind for p in points} == {signal.traits.kind}
    assert signal.traits.basis in (None, *(p.basis for p in points))
    assert signal.traits.attribution


def test_many_threads_may_ask_at_once(signal, zone):
    span = (START, START + HALF_HOUR)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: signal.intensity(zone, *span), range(8)))

    assert {tuple(p.intensity_g_per_kwh for p in points) for points in answers} == {
        tuple(p.intensity_g_per_kwh for p in answers[0])
    }
