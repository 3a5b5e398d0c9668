"""Which requests a signal sends for a question, without a socket."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import httpx

from greenops.errors import SignalError
from greenops.ports import CarbonSignal


def requests_of(
    signal_of: Callable[[httpx.MockTransport], CarbonSignal],
    zone: str,
    start: datetime,
    stop: datetime,
    *,
    answer: Any,
) -> list[httpx.Request]:
    """Return the requests; every one gets `answer`, or what it returns when called."""
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        body = answer(request) if callable(answer) else answer
        return (
            body if isinstance(body, httpx.Response) else httpx.Response(200, json=body)
        )

    signal = signal_of(httpx.MockTransport(handle))
    with suppress(SignalError):
        signal.intensity(zone, start, stop)
    return sent


def asking(
    signal_of: Callable[[httpx.MockTransport], CarbonSignal],
    zone: str,
    start: datetime,
    stop: datetime,
    *,
    answer: Any,
) -> list[str]:
    """Return the paths of those requests."""
    sent = requests_of(signal_of, zone, start, stop, answer=answer)
    return [request.url.path for request in sent]
