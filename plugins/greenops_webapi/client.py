"""One HTTP client: bounded in time and size, patient where told, silent about keys."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from greenops.errors import SignalBusyError, SignalError
from greenops.units import S_PER_MINUTE
from greenops_webapi.deadline import Deadline, within
from greenops_webapi.pace import Pace
from greenops_webapi.quiet import quiet_logs
from greenops_webapi.replies import (
    REDIRECTS,
    excerpt,
    failure,
    http_date,
    redirected,
)
from greenops_webapi.secret import Signature
from greenops_webapi.transport import SIGNATURE, SigningTransport, way_out

USER_AGENT: Final = "greenops (carbon intensity for compute jobs)"
MAX_REDIRECTS = 3
CLOCK_SLACK_S = 300.0
"""Clocks that differ by less are taken to agree."""
ANSWER_SHARE = 0.1
"""Part of the deadline that must be left for one more request to be worth it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """What one question may cost.

    Attributes:
        total_s: All requests and waits of one question.
        connect_s: Until a connection stands.
        read_s: Until the next bytes come.
        max_bytes: Of one answer, unpacked.
        attempts: Of one request.
        backoff_s: The first wait is random up to this, each next up to twice as much.
    """

    total_s: float = 10.0
    connect_s: float = 3.0
    read_s: float = 8.0
    max_bytes: int = 16 * 1024 * 1024
    attempts: int = 3
    backoff_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A good answer.

    Attributes:
        url: Where it is from, without secrets.
        body: Its bytes.
        received_at: By this machine's clock; UTC.
    """

    url: str
    body: bytes = field(repr=False)
    received_at: datetime


class WebApi:
    """A source on the web. Thread-safe; connects at the first request.

    Args:
        base_url: Where its paths begin.
        pace: How often it may be asked.
        limits: What one question may cost.
        hint: What to check when it refuses, for messages: variable and plan.
        transport: What sends in place of HTTP, for tests.
        sleep: Waits that many seconds.
        now: The wall clock, aware.
    """

    def __init__(
        self,
        base_url: str,
        *,
        pace: Pace,
        limits: WebLimits | None = None,
        hint: str = "",
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._origin = httpx.URL(base_url)
        self._pace = pace
        self._limits = limits or WebLimits()
        self._hint = hint
        self._inner = transport
        self._sleep = sleep
        self._now = now
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()
        self._ahead_s = 0.0

    def clock_note(self) -> str:
        """Return what to say of this machine's clock; empty where the source agrees.

        A clock that is off asks for hours that nobody has.
        """
        if abs(self._ahead_s) < CLOCK_SLACK_S:
            return ""
        way = "ahead of" if self._ahead_s > 0 else "behind"
        minutes = abs(self._ahead_s) / S_PER_MINUTE
        return f" (this machine's clock is {minutes:.0f} min {way} the source's)"

    def deadline(self) -> Deadline:
        """Return the time that one question has, from now on."""
        return Deadline(self._limits.total_s)

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        deadline: Deadline,
        signature: Signature | None = None,
    ) -> Answer:
        """Return the answer to one GET request, asked again while it is busy.

        Args:
            path: Below the base URL, escaped.
            params: Of the query; no secrets, since these are shown.
            deadline: Of the whole question.
            signature: Joins the request on its way out.

        Raises:
            SignalRefusedError: 401 or 403.
            SignalBusyError: no answer, 429 or 5xx, for as long as there was time.
            StatusError: any other status that is not 2xx.
            SignalError: too large, a redirection elsewhere, no trust in its TLS
                certificate.
        """
        url = httpx.URL(self._base_url + path)
        url = url.copy_merge_params(params) if params else url
        retrying = Retrying(
            retry=retry_if_exception_type(SignalBusyError),
            stop=stop_after_attempt(self._limits.attempts) | _OutOfTime(deadline),
            wait=self._wait_s,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._attempt, url, deadline, signature or Signature())

    def _wait_s(self, state: RetryCallState) -> float:
        """Return the wait: what the source asked for, plus a random part."""
        jitter_s = wait_random_exponential(multiplier=self._limits.backoff_s)(state)
        error = state.outcome.exception() if state.outcome else None
        asked_s = error.retry_after_s if isinstance(error, SignalBusyError) else None
        return jitter_s + (asked_s or 0.0)

    def _attempt(
        self, url: httpx.URL, deadline: Deadline, signature: Signature
    ) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            self._pace.claim(str(url))
            status, headers, body = within(
                deadline, partial(self._send, url, deadline, signature), str(url)
            )
            self._compare_clocks(headers)
            if status not in REDIRECTS:
                said = f"{url}: status {status}{excerpt(headers, body, signature)}"
                self._refuse(status, headers, body, said)
                return Answer(url=str(url), body=body, received_at=self._now())
            url = redirected(url, headers, signature)
        raise SignalError(f"{url}: redirected more than {MAX_REDIRECTS} times")

    def _compare_clocks(self, headers: httpx.Headers) -> None:
        said = http_date(headers.get("date"))
        if said is not None:
            self._ahead_s = (self._now() - said).total_seconds()

    def _send(
        self, url: httpx.URL, deadline: Deadline, signature: Signature
    ) -> tuple[int, httpx.Headers, bytes]:
        left_s = max(deadline.left_s(), 0.001)
        timeout = httpx.Timeout(
            min(self._limits.read_s, left_s),
            connect=min(self._limits.connect_s, left_s),
        )
        try:
            with (
                quiet_logs(signature),
                self._connected().stream(
                    "GET", url, timeout=timeout, extensions={SIGNATURE: signature}
                ) as response,
            ):
                return response.status_code, response.headers, self._body(response)
        except httpx.DecodingError as e:
            raise SignalError(f"{url}: an answer that cannot be unpacked") from e
        except httpx.TransportError as e:
            if "CERTIFICATE_VERIFY_FAILED" in str(e):
                raise SignalError(
                    f"{url}: its TLS certificate is not trusted; behind a proxy of "
                    "your own, set SSL_CERT_FILE"
                ) from e
            said = signature.hidden(f"{type(e).__name__}: {e}".removesuffix(": "))
            busy = SignalBusyError(f"{url}: {said}")
            # A header that cannot be read is quoted; it may repeat the credential.
            raise busy from (e if str(e) in said else None)

    def _body(self, response: httpx.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self._limits.max_bytes:
                raise SignalError(
                    f"{response.url}: an answer above {self._limits.max_bytes} bytes; "
                    "ask for a shorter time"
                )
            parts.append(part)
        return b"".join(parts)

    def _refuse(
        self, status: int, headers: httpx.Headers, body: bytes, said: str
    ) -> None:
        """Raise what a status means; return where it is a good one."""
        hint = f"; {self._hint}" if self._hint else ""
        error = failure(status, headers, body, said=said, hint=hint, now=self._now())
        if isinstance(error, SignalBusyError) and error.retry_after_s is not None:
            self._pace.rest(error.retry_after_s)
        if error is not None:
            raise error

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(
                    transport=SigningTransport(
                        self._origin, self._inner or way_out(self._origin)
                    ),
                    # A few packed kilobytes may unfold to gigabytes.
                    headers={"user-agent": USER_AGENT, "accept-encoding": "identity"},
                    follow_redirects=False,
                )
            return self._client


class _OutOfTime(stop_base):
    """Stops trying where the next wait would leave no time for an answer."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def __call__(self, retry_state: RetryCallState) -> bool:
        needed_s = retry_state.upcoming_sleep + ANSWER_SHARE * self._deadline.total_s
        return needed_s >= self._deadline.left_s()
