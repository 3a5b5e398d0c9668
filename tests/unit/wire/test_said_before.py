from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from greenops.forecast.hours import HOUR
from greenops.forecast.issue import About
from greenops.ledger.query import Ledger
from greenops.model import Basis, IntensityKind, IntensityPoint, Provenance
from greenops.wire.said_before import KEPT_EVERY, READ_BACK, keep_said, said_before

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path):
    with_ledger = Ledger(tmp_path / "ledger.db")
    yield with_ledger
    with_ledger.close()


def said(issued_at, zone="DE", hours=3):
    return [
        IntensityPoint(
            start=issued_at + i * HOUR,
            stop=issued_at + (i + 1) * HOUR,
            intensity_g_per_kwh=300.0,
            low_g_per_kwh=200.0,
            high_g_per_kwh=400.0,
            zone=zone,
            source="provider",
            provenance=Provenance.FORECAST,
            issued_at=issued_at,
        )
        for i in range(hours)
    ]


def about(issued_at=NOW):
    return About(
        zone="DE",
        kind=IntensityKind.AVERAGE,
        basis=Basis.LIFE_CYCLE,
        source="provider",
        issued_at=issued_at,
    )


def issues(ledger, since=NOW - timedelta(days=100), at=NOW + timedelta(days=5)):
    return sorted({p.issued_at for p in said_before(ledger, about(at), [since])})


def test_a_forecast_of_every_six_hours_is_kept(ledger):
    steps = [timedelta(0), HOUR, KEPT_EVERY - HOUR, KEPT_EVERY, KEPT_EVERY + HOUR]
    for step in steps:
        keep_said(ledger, "p", said(NOW + step))

    assert issues(ledger) == [NOW, NOW + KEPT_EVERY]


def test_zones_are_kept_apart(ledger):
    keep_said(ledger, "p", said(NOW, zone="FR"))
    keep_said(ledger, "p", said(NOW))

    assert issues(ledger) == [NOW]


def test_a_clock_that_was_wrong_does_not_end_the_keeping(ledger):
    keep_said(ledger, "p", said(NOW + timedelta(days=1)))
    keep_said(ledger, "p", said(NOW))

    assert issues(ledger) == [NOW, NOW + timedelta(days=1)]


def test_what_was_not_issued_at_any_time_is_not_kept(ledger):

    keep_said(ledger, "p", [replace(said(NOW)[0], issued_at=None)])
    keep_said(ledger, "p", [])

    assert issues(ledger) == []


def test_no_more_is_read_than_the_weights_look_back_on(ledger):
    keep_said(ledger, "p", said(NOW - READ_BACK - timedelta(days=1)))
    keep_said(ledger, "p", said(NOW - READ_BACK + HOUR))

    assert issues(ledger, at=NOW) == [NOW - READ_BACK + HOUR]
    assert said_before(ledger, about(), []) == []


def test_a_ledger_that_fails_costs_the_past_only(tmp_path):
    no_file = Ledger(tmp_path)

    keep_said(no_file, "p", said(NOW))

    assert said_before(no_file, about(), [NOW]) == []
