import os
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from greenops.config import Config
from greenops.errors import SignalError, SignalRefusedError, UnknownZoneError
from greenops.forecast.hours import DAY_H, HOUR
from greenops.ledger.query import Ledger
from greenops.model import Basis, GenerationHour, IntensityKind, Provenance
from greenops.signals.series import SeriesSignal
from greenops.wire.forecast import forecast_zone, stated_zone
from greenops.wire.forecast_models import ModelStore
from tests.unit.forecast.grids import habitual, minutes, point
from tests.unit.signals.fakes import ScriptedSignal

NOW = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
FIRST = NOW.replace(minute=0)
DAYS = 130
TRUTH = habitual(DAYS + 7, seed=3)
START = FIRST - DAYS * DAY_H * HOUR


def came(start):
    """Return what the grid emits in the hour from `start`, in g/kWh."""
    return float(TRUTH[(start - START) // HOUR])


def recorded(hours=DAYS * DAY_H, **fields):
    """The last hours, up to now."""
    starts = [FIRST - i * HOUR for i in range(hours, 0, -1)]
    return [point(s, came(s), **fields) for s in starts]


def coming(hours=168, *, first=FIRST, off=1.0, issued_at=None, **fields):
    fields.setdefault("provenance", Provenance.FORECAST)
    return [
        point(
            first + i * HOUR,
            off * came(first + i * HOUR),
            issued_at=issued_at,
            **fields,
        )
        for i in range(hours)
    ]


def modelled(hours=168, **fields):
    return coming(hours, provenance=Provenance.MODELLED, **fields)


class Halves(ScriptedSignal):
    """Answers for before and after now apart."""

    def __init__(self, before, after, **fields):
        def answer(_zone, _start, stop):
            return before if stop <= FIRST else after

        super().__init__("acme", answer, offline=True, **fields)


@pytest.fixture
def config(tmp_path):
    return Config(
        ledger_path=tmp_path / "ledger.db", signals_cache_path=tmp_path / "cache"
    )


@pytest.fixture
def forecast(config):
    def make(before, after=(), **options):
        return forecast_zone(Halves(before, after), "DE", config, now=NOW, **options)

    return make


def off_pct(found):
    said = np.array([h.intensity_g_per_kwh for h in found.hours])
    true = np.array([came(h.start) for h in found.hours])
    return 100 * float(np.mean(np.abs(said - true) / true))


@pytest.mark.parametrize("hours", [-1, 0, 169])
def test_hours_have_bounds(forecast, hours):
    with pytest.raises(ValueError, match="1 to 168"):
        forecast(recorded(), hours=hours)


def test_no_answer_is_the_signal_s_own_error(forecast):
    with pytest.raises(SignalRefusedError, match="no credential"):
        forecast(SignalError("no"), SignalRefusedError("no credential"))


def test_nothing_at_all_is_said_plainly(forecast):
    with pytest.raises(SignalError, match="DE"):
        forecast([], [])


def test_an_unknown_zone_is_not_swallowed(forecast):
    with pytest.raises(UnknownZoneError):
        forecast(recorded(), UnknownZoneError("no such zone"))


def test_a_history_too_short_with_nothing_ahead_is_an_error(forecast):
    with pytest.raises(SignalError, match="2026-03-02 10:00"):
        forecast(recorded(5), [])


def test_recorded_hours_make_one_s_own_forecast(forecast):
    found = forecast(recorded(), modelled(off=2.0))

    assert found.method == "own"
    assert (found.zone, found.source) == ("DE", "acme")
    assert [h.start for h in found.hours] == [FIRST + i * HOUR for i in range(168)]
    assert found.issued_at == NOW
    assert off_pct(found) < 8


@pytest.mark.parametrize("hours", [1, 48, 168])
def test_as_many_hours_as_asked_for_are_given(forecast, hours):
    assert len(forecast(recorded(), hours=hours).hours) == hours


def test_a_provider_without_a_forecast_does_not_cost_one_s_own(forecast):
    found = forecast(recorded(), SignalError("no forecast in this plan"))

    assert found.method == "own"


def test_what_was_fetched_a_moment_ago_counts_as_history(config):
    """Providers that state no time of issue are stamped when they are asked."""

    def answer(_zone, _start, stop):
        at = datetime.now(UTC)
        return [p for p in fetched(at) if p.stop <= stop]

    def fetched(at):
        first = at.replace(minute=0, second=0, microsecond=0)
        values = habitual(DAYS, seed=3)
        return [
            point(first - (len(values) - i) * HOUR, float(g), issued_at=at)
            for i, g in enumerate(values)
        ]

    found = forecast_zone(ScriptedSignal("acme", answer), "DE", config)

    assert found.method == "own"


def test_an_hour_that_ends_while_signals_are_asked_changes_nothing(config, monkeypatch):
    clock = iter([FIRST + minutes(59), FIRST + minutes(61)])

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return next(clock).astimezone(tz)

    monkeypatch.setattr("greenops.wire.forecast.datetime", Clock)

    found = forecast_zone(Halves(recorded(), modelled()), "DE", config)

    assert found.method == "own"
    assert found.hours[0].start == FIRST
    assert found.issued_at == FIRST + minutes(61)


def test_what_power_is_made_from_is_learnt_from(config):
    class Told(Halves):
        def generation(self, _zone, start, stop):
            return [
                GenerationHour(
                    start=start + i * HOUR, power_mw={"coal": came(start + i * HOUR)}
                )
                for i in range((stop - start) // HOUR)
            ]

    found = forecast_zone(Told(recorded(), modelled()), "DE", config, now=NOW)

    model = ModelStore(config.signals_cache_path / "forecast-models").load(
        "DE average life cycle", FIRST.hour
    )
    assert found.method == "own"
    assert model is not None
    assert model.columns == ("coal", "total")


def test_what_was_issued_after_now_is_not_used(forecast):
    late = recorded(issued_at=NOW + minutes(1))

    with pytest.raises(SignalError):
        forecast(late, [])


def test_the_last_hours_need_not_be_published_yet(forecast):
    found = forecast(recorded()[:-5], modelled())

    assert found.method == "own"
    assert found.hours[0].start == FIRST
    assert off_pct(found) < 10


def test_a_history_that_ended_long_ago_gives_way_to_the_model(forecast):
    found = forecast(recorded()[: -8 * DAY_H], modelled())

    assert found.method == "modelled, as stated"


def test_a_history_that_is_refused_does_not_cost_the_forecast(forecast):
    found = forecast(SignalRefusedError("not in this plan"), coming(72))

    assert found.method == "forecast, as stated"
    assert len(found.hours) == 72
    assert off_pct(found) < 1e-9


def test_without_recorded_hours_the_modelled_ones_are_given(forecast):
    found = forecast(modelled(24, first=FIRST - DAY_H * HOUR), modelled(), hours=48)

    assert found.method == "modelled, as stated"
    assert len(found.hours) == 48
    hour = found.hours[0]
    assert hour.low95_g_per_kwh == pytest.approx(0.9 * came(FIRST))
    assert hour.high95_g_per_kwh == pytest.approx(1.1 * came(FIRST))


def test_the_hour_under_way_may_be_an_estimate(forecast):
    now = coming(1, provenance=Provenance.ESTIMATED)
    after = [*now, *coming(71, first=FIRST + HOUR)]

    found = forecast([], after)

    assert found.method == "estimated and forecast, as stated"
    assert len(found.hours) == 72


def test_beyond_a_provider_s_hours_no_other_level_is_appended(forecast):
    after = [*coming(72), *modelled(96, first=FIRST + 72 * HOUR, off=3.0)]

    assert len(forecast([], after).hours) == 72


def test_a_table_that_calls_the_hours_ahead_measured_is_taken_at_its_word(forecast):
    found = forecast([], coming(provenance=Provenance.MEASURED))

    assert found.method == "measured, as stated"


def test_marginal_hours_make_a_marginal_forecast(config):
    kind = IntensityKind.MARGINAL
    signal = Halves(recorded(kind=kind), coming(kind=kind), kind=kind)

    found = forecast_zone(signal, "DE", config, now=NOW)

    assert found.kind is kind
    assert found.method == "own and provider blended"


def test_average_hours_of_the_ledger_stay_out_of_a_marginal_forecast(config):
    Ledger(config.ledger_path).add_intensities("acme", recorded(60 * DAY_H))
    kind = IntensityKind.MARGINAL
    signal = Halves([], modelled(kind=kind), kind=kind)

    assert forecast_zone(signal, "DE", config, now=NOW).method == "modelled, as stated"


@pytest.mark.parametrize(
    "other", [{"basis": Basis.DIRECT}, {"zone": "FR"}], ids=["basis", "zone"]
)
def test_a_forecast_of_another_basis_or_zone_is_not_blended_in(forecast, other):
    found = forecast(recorded(), coming(off=5.0, **other))

    assert found.method == "own"
    assert (found.basis, found.zone) == (Basis.LIFE_CYCLE, "DE")
    assert off_pct(found) < 8


def test_a_provider_of_another_basis_answers_as_that_where_history_is_short(forecast):
    found = forecast(recorded(3), coming(basis=Basis.DIRECT))

    assert found.basis is Basis.DIRECT
    assert found.method == "forecast, as stated"


def test_a_history_of_two_bases_is_not_mixed(forecast):
    direct = [
        point(p.start, 9.0, basis=Basis.DIRECT) for p in recorded()[: -100 * DAY_H]
    ]

    found = forecast([*direct, *recorded(100 * DAY_H)], modelled())

    assert found.basis is Basis.LIFE_CYCLE
    assert min(h.intensity_g_per_kwh for h in found.hours) > 100


def test_a_replayed_series_is_forecast(config):
    values = habitual(730, seed=4)
    starts = [FIRST - (len(values) - i) * HOUR for i in range(len(values))]
    past = [point(s, float(g)) for s, g in zip(starts, values, strict=True)]

    found = forecast_zone(
        SeriesSignal([*past, *modelled()]), "DE", config, now=NOW, hours=24
    )

    assert found.method == "own"


# --- with the provider's forecasts of past days in the ledger


def kept(config, off, *, days=40, noise=0.0):
    """Forecasts of past days as they were kept, issued 20 minutes into their hour."""
    rng = np.random.default_rng(1)
    points = []
    for day in range(1, days + 1):
        first = FIRST - day * DAY_H * HOUR
        factor = off * float(np.exp(rng.normal(0.0, noise)))
        points += coming(72, first=first, off=factor, issued_at=first + minutes(20))
    Ledger(config.ledger_path).add_intensities("chain", points)


def blend(forecast, off):
    issued_at = NOW - minutes(5)
    return forecast(recorded(), coming(72, off=off, issued_at=issued_at))


def test_a_provider_nobody_has_tested_counts_half(forecast):
    own = forecast(recorded())

    found = blend(forecast, 1.5)

    assert found.method == "own and provider blended"
    for hour, mine in list(zip(found.hours, own.hours, strict=True))[:72:7]:
        expected = np.sqrt(mine.intensity_g_per_kwh * 1.5 * came(hour.start))
        assert hour.intensity_g_per_kwh == pytest.approx(expected)
    assert found.hours[72:] == own.hours[72:]


def test_a_provider_that_was_right_gets_the_weight(forecast, config):
    kept(config, 1.0)

    found = blend(forecast, 1.0)

    said = [h.intensity_g_per_kwh for h in found.hours[:72]]
    true = [came(h.start) for h in found.hours[:72]]
    np.testing.assert_allclose(said, true, rtol=0.03)
    assert found.hours[30].high95_g_per_kwh / said[30] < 1.05


def test_a_provider_that_was_wrong_loses_the_weight(forecast, config):
    own = forecast(recorded())
    kept(config, 1.0, noise=0.5)

    found = blend(forecast, 3.0)

    ratio = [
        a.intensity_g_per_kwh / b.intensity_g_per_kwh
        for a, b in zip(found.hours[:72], own.hours[:72], strict=True)
    ]
    assert max(ratio) < 1.15


def test_past_forecasts_of_another_kind_weigh_nothing(forecast, config):
    points = coming(
        72,
        first=FIRST - DAY_H * HOUR,
        issued_at=FIRST - DAY_H * HOUR,
        kind=IntensityKind.MARGINAL,
    )
    Ledger(config.ledger_path).add_intensities("chain", points)
    own = forecast(recorded())

    found = blend(forecast, 1.5).hours[0]

    mine = own.hours[0].intensity_g_per_kwh
    assert found.intensity_g_per_kwh == pytest.approx(np.sqrt(mine * 1.5 * came(FIRST)))


def test_a_provider_s_forecast_is_kept_for_the_next_blend(forecast, config):
    blend(forecast, 1.0)

    found = Ledger(config.ledger_path).forecasts(
        "DE",
        FIRST,
        FIRST + 168 * HOUR,
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
    )

    assert len(found) == 72
    assert {p.issued_at for p in found} == {NOW - minutes(5)}


def test_what_came_after_now_changes_no_forecast(forecast, config):
    """A replay: signal and ledger hold the week that followed, and its forecasts."""
    kept(config, 1.05, days=20, noise=0.05)
    one = blend(forecast, 1.0)
    week = [point(FIRST + i * HOUR, 3 * came(FIRST + i * HOUR)) for i in range(168)]
    later = coming(72, off=7.0, issued_at=NOW + HOUR)
    revised = [
        point(p.start, 5 * p.intensity_g_per_kwh, issued_at=NOW + HOUR)
        for p in recorded(48)
    ]
    Ledger(config.ledger_path).add_intensities("chain", [*week, *later, *revised])

    assert blend(forecast, 1.0) == one


def test_hours_before_the_signal_s_own_come_from_the_ledger(forecast, config):
    old = recorded()[: -20 * DAY_H]
    Ledger(config.ledger_path).add_intensities("acme", old)

    assert forecast(recorded(20 * DAY_H), modelled()).method == "own"


def test_forecasts_in_the_ledger_are_no_history(forecast, config):
    points = coming(40 * DAY_H, first=FIRST - 40 * DAY_H * HOUR)
    Ledger(config.ledger_path).add_intensities("acme", points)

    assert forecast([], modelled()).method == "modelled, as stated"


# --- an unusable ledger or cache costs the blend, or time, and nothing else


def ledger_in_the_way(config):
    config.ledger_path.mkdir()


def damaged_ledger(config):
    config.ledger_path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


def no_ledger_folder(config):
    config.ledger_path.parent.joinpath("file").write_text("")
    return Config(
        ledger_path=config.ledger_path.parent / "file" / "ledger.db",
        signals_cache_path=config.signals_cache_path,
    )


@pytest.mark.parametrize(
    "spoil",
    [ledger_in_the_way, damaged_ledger, no_ledger_folder],
    ids=lambda f: f.__name__,
)
def test_an_unusable_ledger_costs_no_forecast(config, spoil):
    spoilt = spoil(config) or config

    found = forecast_zone(Halves(recorded(), coming(72)), "DE", spoilt, now=NOW)

    assert found.method == "own and provider blended"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_read_only_ledger_costs_no_forecast(config, tmp_path):
    tmp_path.chmod(0o500)
    try:
        found = forecast_zone(Halves(recorded(), coming(72)), "DE", config, now=NOW)
    finally:
        tmp_path.chmod(0o700)

    assert found.method == "own and provider blended"


def test_a_cache_that_cannot_be_written_costs_only_time(config, tmp_path):
    (tmp_path / "cache").write_text("a file, no folder")

    found = forecast_zone(Halves(recorded(), modelled()), "DE", config, now=NOW)

    assert found.method == "own"


def test_the_second_forecast_uses_the_first_one_s_model(forecast, config, monkeypatch):
    one = forecast(recorded())
    monkeypatch.setattr("greenops.forecast.issue.train", None)

    assert forecast(recorded()) == one
    assert list((config.signals_cache_path / "forecast-models").iterdir())


def test_average_and_marginal_have_models_of_their_own(config):
    for kind in IntensityKind:
        forecast_zone(Halves(recorded(kind=kind), [], kind=kind), "DE", config, now=NOW)

    assert len(list((config.signals_cache_path / "forecast-models").iterdir())) == 2


def test_a_signal_of_this_machine_is_asked_for_two_years(config):
    signal = Halves(recorded(), modelled())
    forecast_zone(signal, "DE", config, now=NOW)

    assert (FIRST - timedelta(days=730), FIRST) in [a[1:] for a in signal.asked]


def test_a_signal_on_the_network_is_asked_for_less(config):
    signal = ScriptedSignal("acme", recorded())
    forecast_zone(signal, "DE", config, now=NOW)

    assert [a[1:] for a in signal.asked] == [
        (FIRST, FIRST + 168 * HOUR),
        (FIRST - timedelta(days=120), FIRST),
    ]


def test_hours_as_they_are_stated_are_had_without_a_history():
    found = stated_zone(Halves([], modelled(48)), "DE", now=NOW)

    assert len(found.hours) == 48
    assert found.hours[0].start == FIRST
    assert found.method.endswith("as stated")


def test_a_signal_that_states_nothing_ahead_has_no_hours_to_give():
    with pytest.raises(SignalError):
        stated_zone(Halves(modelled(3), []), "DE", now=NOW)
