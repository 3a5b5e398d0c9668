"""Every carbon source on the web, in every way it may fail, over a real socket.

Each case ends in a typed error or in a gap that is told, within the deadline; never in
a zero that stands for something else.
"""

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from greenops.errors import SignalBusyError, SignalError, SignalRefusedError
from tests.webapi_server import Reply, Request, closed_port, seconds_since, serving
from tests.webapi_server.sources import HOUR, Eia, Entsoe, Row, Rows, Source, sources

TIMEOUT_S = 0.6
SLACK_S = 0.5
SOURCES = {source.name: source for source in sources()}


@pytest.fixture(params=SOURCES)
def source(request, monkeypatch):
    (fresh,) = (s for s in sources() if s.name == request.param)
    for variable, value in fresh.env.items():
        monkeypatch.setenv(variable, value)
    return fresh


@pytest.fixture
def span():
    """Four whole hours that have passed, none of them reported late."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return now - 6 * HOUR, now - 2 * HOUR


def asked(source, url, span, timeout_s=TIMEOUT_S):
    """Return the points, or raise; either within the deadline."""
    signal = source.signal(url, timeout_s=timeout_s)
    start_s = time.monotonic()
    try:
        return list(signal.intensity(source.zone, *span))
    finally:
        assert seconds_since(start_s) < timeout_s + SLACK_S


def after_log_in(source: Source, reply: Reply) -> Callable[[Request], Reply]:
    """Answer with `reply`, but let WattTime in first."""
    return lambda request: (
        source(request) if request.path.startswith("/login") else reply
    )


def test_a_sound_source_is_believed(source, span):
    with serving(source) as server:
        points = asked(source, server.url, span, timeout_s=5)

    assert points[0].start <= span[0]
    assert points[-1].stop >= span[1]
    assert all(a.stop == b.start for a, b in pairwise(points))
    assert all(p.intensity_g_per_kwh > 0 for p in points)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_typed_and_says_what_to_check(source, span, status):
    with (
        serving(after_log_in(source, Reply(status=status))) as server,
        pytest.raises(SignalRefusedError) as refused,
    ):
        asked(source, server.url, span)

    for variable in source.env:
        assert variable in str(refused.value)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_source_is_typed(source, span, status):
    with (
        serving(after_log_in(source, Reply(status=status))) as server,
        pytest.raises(SignalBusyError),
    ):
        asked(source, server.url, span)


@pytest.mark.parametrize("status", [429, 503])
def test_when_to_come_back_is_handed_on(source, span, status):
    later = Reply(status=status, headers={"retry-after": "77"})
    with (
        serving(after_log_in(source, later)) as server,
        pytest.raises(SignalBusyError) as busy,
    ):
        asked(source, server.url, span)

    assert busy.value.retry_after_s == 77


def test_a_port_where_nobody_listens_is_out_of_service(source, span):
    with pytest.raises(SignalBusyError):
        asked(source, closed_port(), span)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(hang_s=60),
        Reply(body="{" + " " * 9999, drip_s=0.05),
        Reply(body="{}", drip_headers_s=0.05),
        Reply(cut=True),
        Reply(body='{"data": [', claim_bytes=9999),
    ],
    ids=["hangs", "drips", "drips-headers", "hangs-up", "sends-less-than-it-claims"],
)
def test_a_source_that_does_not_finish_is_left_at_the_deadline(source, span, reply):
    with (
        serving(after_log_in(source, reply)) as server,
        pytest.raises(SignalBusyError),
    ):
        asked(source, server.url, span)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body="<html><h1>Welcome to the hotel network</h1></html>"),
        Reply(body="<!doctype html><p>Log in", headers={"content-type": "text/html"}),
        Reply(body=""),
        Reply(body="null"),
        Reply(body="[]"),
        Reply(body="{}"),
        Reply(body='{"data": null}'),
        Reply(body='{"data": "soon"}'),
        Reply(body="<a" * 20_000),
        Reply(body="[" * 50_000),
        Reply(body="\x00\x01\x02"),
        Reply(status=204),
        Reply(status=404, body="no such page"),
        Reply(status=418),
    ],
    ids=lambda reply: f"{reply.status}-{reply.body[:12]!r}",
)
def test_an_answer_of_another_shape_is_a_typed_error(source, span, reply):
    with (
        serving(after_log_in(source, reply)) as server,
        pytest.raises(SignalError) as failed,
    ):
        asked(source, server.url, span, timeout_s=3)

    assert not isinstance(failed.value, SignalBusyError)
    assert server.url in str(failed.value)


def test_a_sound_answer_that_is_cut_off_is_a_typed_error(source, span):
    def cut(request):
        reply = source(request)
        if request.path.startswith("/login"):
            return reply
        return replace(reply, body=reply.body[: len(reply.body) // 2])

    with serving(cut) as server, pytest.raises(SignalError, match="cut off"):
        asked(source, server.url, span)


def test_an_answer_without_rows_has_no_point(source, span):
    source.change = lambda _: []
    with serving(source) as server, pytest.raises(SignalError, match="no usable point"):
        asked(source, server.url, span)


def test_a_huge_answer_is_given_up(source, span):
    huge = Reply(body=b'{"data": [' + b" " * 17_000_000)
    with (
        serving(after_log_in(source, huge)) as server,
        pytest.raises(SignalError, match="above 16777216 bytes"),
    ):
        asked(source, server.url, span, timeout_s=10)


def test_a_redirection_elsewhere_is_not_followed(source, span):
    with serving(source) as elsewhere:
        moved = Reply(status=302, headers={"location": f"{elsewhere.url}/"})
        with (
            serving(after_log_in(source, moved)) as server,
            pytest.raises(SignalError, match="redirected"),
        ):
            asked(source, server.url, span)

    assert elsewhere.requests == []


def spoiled(source: Source, span, value: object) -> None:
    """Give `value` to all rows that touch the second hour of the span."""
    first = span[0] + HOUR

    def change(rows: Rows) -> Rows:
        return [
            replace(r, value=value) if first <= r.start < first + HOUR else r
            for r in rows
        ]

    source.change = change


@pytest.mark.parametrize(
    "value",
    [None, math.nan, -50, "n/a", ""],
    ids=["null", "nan", "-50", "n/a", "empty"],
)
def test_unusable_values_are_a_gap_that_is_told(source, span, value, caplog):
    caplog.set_level(logging.WARNING)
    spoiled(source, span, value)
    with serving(source) as server:
        points = asked(source, server.url, span, timeout_s=5)

    first = span[0] + HOUR
    assert not any(p.start < first + HOUR and first < p.stop for p in points)
    assert {p.start for p in points} >= {span[0], first + HOUR}
    assert all(p.intensity_g_per_kwh > 0 for p in points)
    assert any(source.zone in line and "gap" in line for line in caplog.messages)


def test_a_zero_is_a_gap_or_a_true_zero_with_an_error_bar(source, span):
    spoiled(source, span, 0)
    with serving(source) as server:
        points = asked(source, server.url, span, timeout_s=5)

    first = span[0] + HOUR
    zeros = [p for p in points if p.intensity_g_per_kwh == 0]
    there = [p for p in points if p.start < first + HOUR and first < p.stop]
    if source.name in ("neso", "watttime"):  # no fossil plant running, or curtailment
        assert zeros == there != []
        assert all(p.high_g_per_kwh >= 10 for p in zeros)
    elif source.name == "electricitymaps":  # life-cycle figures never reach zero
        assert there == []
    else:  # no gas that hour: what is left is wind, not nothing
        assert zeros == []
        assert all(p.intensity_g_per_kwh > 5 for p in there)


def test_pounds_where_grams_are_expected_are_refused(source, span):
    if isinstance(source, Eia):
        source.extra = {"value-units": "pounds"}
    elif isinstance(source, Entsoe):
        source.extra = {"unit": "KWH"}
    elif source.name == "watttime":
        source.extra = {"units": "g_co2_per_kwh"}
    else:  # these state no unit: 700 g/kWh, in lbs/MWh
        source.value = 1543
    units = r"lbs|pounds|KWH|g_co2_per_kwh"
    with serving(source) as server, pytest.raises(SignalError, match=units):
        asked(source, server.url, span, timeout_s=5)


def test_rows_out_of_order_and_twice_come_out_in_order_and_once(source, span):
    with serving(source) as server:
        sound = asked(source, server.url, span, timeout_s=5)
    source.change = lambda rows: rows[::-1] + rows[:3]
    with serving(source) as server:
        points = asked(source, server.url, span, timeout_s=5)

    assert [p.start for p in points] == [p.start for p in sound]
    assert all(a.stop <= b.start for a, b in pairwise(points))


def test_rows_that_contradict_each_other_are_a_gap(source, span):
    first = span[0] + HOUR

    def doubled(rows):
        return rows + [
            replace(r, value=r.value + 40)
            for r in rows
            if first <= r.start < first + HOUR
        ]

    source.change = doubled
    with serving(source) as server:
        points = asked(source, server.url, span, timeout_s=5)

    assert points != []
    assert not any(p.start < first + HOUR and first < p.stop for p in points)


def test_an_hour_that_daylight_saving_drops_is_a_gap_and_not_stretched_over(
    source, span
):
    first = span[0] + HOUR
    source.change = lambda rows: [
        r for r in rows if not first <= r.start < first + HOUR
    ]
    with serving(source) as server:
        points = asked(source, server.url, span, timeout_s=5)

    assert not any(p.start < first + HOUR and first < p.stop for p in points)
    assert {p.start for p in points} >= {span[0], first + HOUR}


def test_hours_halves_and_quarters_in_one_answer_keep_their_lengths(source, span):
    if source.name == "eia":
        pytest.skip("EIA has one step, the hour; it is in the name of the question")

    def mixed(rows: Rows) -> Rows:
        hours = [r for r in rows if r.start.minute == 0]
        cut: Rows = []
        for i, row in enumerate(hours):
            step = HOUR / (1, 2, 4)[i // 2 % 3]
            parts = int(HOUR / step)
            cut += [
                Row(row.start + k * step, row.start + (k + 1) * step, row.value)
                for k in range(parts)
            ]
        return cut

    source.change = mixed
    with serving(source) as server:
        points = asked(source, server.url, span, timeout_s=5)

    lengths = {p.stop - p.start for p in points}
    assert all(a.stop <= b.start for a, b in pairwise(points))
    assert max(lengths) <= HOUR
    assert min(lengths) >= timedelta(minutes=5)
    if source.name != "watttime":  # it states five minutes: nothing is longer
        assert sum((p.stop - p.start for p in points), timedelta()) >= 4 * HOUR


def test_a_clock_that_is_off_makes_gaps_and_says_so(source, span):
    def ahead(rows):
        return [
            replace(r, start=r.start + 30 * HOUR, stop=r.stop + 30 * HOUR) for r in rows
        ]

    source.change = ahead
    with serving(source) as server, pytest.raises(SignalError, match="no usable point"):
        asked(source, server.url, span, timeout_s=5)


@pytest.mark.parametrize(
    ("off_h", "said"), [(5, "300 min behind"), (-5, "300 min ahead of")]
)
def test_a_machine_whose_clock_is_off_is_told(source, span, off_h, said):
    source.change = lambda _: []

    def answer(request):
        reply = source(request)
        date = format_datetime(datetime.now(UTC) + off_h * HOUR, usegmt=True)
        return replace(reply, headers={**reply.headers, "date": date})

    with serving(answer) as server, pytest.raises(SignalError, match=said):
        asked(source, server.url, span, timeout_s=5)


def test_a_stamp_without_a_time_zone_refuses_the_answer(source, span):
    if source.name == "eia":
        pytest.skip("EIA writes hours without a zone, and states that they are UTC")

    def naive(request):
        reply = source(request)
        body = (
            str(reply.body).replace("Z", "").replace("+00:00", "").replace(".000", "")
        )
        return replace(reply, body=body)

    with serving(naive) as server, pytest.raises(SignalError, match="time zone"):
        asked(source, server.url, span, timeout_s=5)


def test_a_source_without_its_credential_is_refused_before_anything_is_sent(
    source, span, monkeypatch
):
    if not source.env:
        pytest.skip("needs none")
    for variable in source.env:
        monkeypatch.delenv(variable)
    with (
        serving(source) as server,
        pytest.raises(SignalRefusedError, match=next(iter(source.env))),
    ):
        asked(source, server.url, span)

    assert server.requests == []


def test_no_answer_of_another_zone_is_used(source, span):
    def other(request):
        reply = source(request)
        body = str(reply.body)
        for mine, foreign in (
            ('"zone": "FR"', '"zone": "PL"'),
            ('"region": "FR"', '"region": "PL"'),
            ('"respondent": "CISO"', '"respondent": "PJM"'),
            ("10YFR-RTE------C<", "10YPL-AREA-----S<"),
        ):
            body = body.replace(mine, foreign)
        return replace(reply, body=body)

    if source.name == "neso":
        pytest.skip("its national answers name no area")
    with serving(other) as server, pytest.raises(SignalError, match=r"PL|PJM"):
        asked(source, server.url, span, timeout_s=5)


@pytest.mark.parametrize("body", ["{}", '{"token": 7}', '{"token": "a\\nb"}', "<html>"])
def test_a_log_in_that_gives_no_token_is_a_typed_error(span, monkeypatch, body):
    watttime = SOURCES["watttime"]
    for variable, value in watttime.env.items():
        monkeypatch.setenv(variable, value)
    with serving(Reply(body=body)) as server, pytest.raises(SignalError) as failed:
        asked(watttime, server.url, span)

    assert json.dumps(body)[1:-1] not in str(failed.value)
