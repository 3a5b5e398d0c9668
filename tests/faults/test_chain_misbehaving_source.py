"""A configured source that misbehaves delays nobody for long, and nobody twice."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from greenops.config import Config
from greenops.model import Provenance
from greenops.signals.sources import SourceState
from greenops.wire.signals import open_signal
from tests.webapi_server import Reply, closed_port, serving

WAIT_S = 0.8
REPLIES = {
    "hangs": Reply(hang_s=60),
    "drips": Reply(body=b"x" * 4000, drip_s=0.5),
    "unavailable": Reply(status=503),
    "web-page": Reply(body="<!DOCTYPE html><p>please log in"),
    "truncated": Reply(body='{"data": [{"from": "20', claim_bytes=500),
    "hangs-up": Reply(cut=True),
    "too-many": Reply(status=429, headers={"Retry-After": "600"}),
    "forbidden": Reply(status=403),
    "empty": Reply(body="{}"),
    "null": Reply(body="null"),
}

TRIED_AGAIN = {"unavailable", "truncated", "hangs-up", "drips", "hangs"}
"""The first question may still be at it, behind the back of who asked."""


def config_for(url, folder):
    return Config(
        signals_order=("neso", "hourly_model"),
        signals_cache_path=folder,
        signals_wait_s=WAIT_S,
        signal_tables={"neso": {"base_url": url}},
    )


def ask(config):
    """Ask for this hour as a process of its own would; return the chain and a point."""
    now = datetime.now(UTC)
    chain = open_signal(config)
    begun_s = time.monotonic()
    (point, *_) = chain.intensity("GB", now, now + timedelta(seconds=1))
    return chain, point, time.monotonic() - begun_s


@pytest.mark.parametrize("how", REPLIES)
def test_the_next_signal_answers_in_time_and_the_source_is_left_alone(how, tmp_path):
    with serving(REPLIES[how]) as server:
        config = config_for(server.url, tmp_path)
        chain, point, took_s = ask(config)
        asked = len(server.requests)
        later, again, again_s = ask(config)

        assert point.provenance is again.provenance is Provenance.MODELLED
        assert took_s < WAIT_S + 2.0
        assert again_s < WAIT_S
        assert asked >= 1
        if how not in TRIED_AGAIN:
            assert len(server.requests) == asked
    status = chain.status()[0]
    assert status.state in (SourceState.BUSY, SourceState.FAILED, SourceState.REFUSED)
    assert status.detail
    assert later.status()[0].state in (SourceState.BUSY, SourceState.REFUSED)


def test_a_source_that_is_gone_is_no_different(tmp_path):
    _, point, took_s = ask(config_for(closed_port(), tmp_path))

    assert point.provenance is Provenance.MODELLED
    assert took_s < WAIT_S + 2.0
