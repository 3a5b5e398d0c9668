"""What a status, a `Retry-After` or a redirection means for the one who asked. Pure."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from greenops.errors import SignalBusyError, SignalError, SignalRefusedError
from greenops_webapi.secret import Signature
from greenops_webapi.transport import same_origin

BUSY = (408, 425, 429, 500, 502, 503, 504)
REDIRECTS = (301, 302, 303, 307, 308)
LONGEST_REST_S = 3600.0
"""However long a source wants to be left alone, it is asked again after this."""
_EXCERPT_CHARS = 160


class UnauthorizedError(SignalRefusedError):
    """The source does not know who asks (401): no credential, a wrong or an old one."""


class StatusError(SignalError):
    """The source answered with a status that says neither "not allowed" nor "later".

    Attributes:
        status: The HTTP status.
        body: What came with it, for the caller to read, never to show whole.
    """

    def __init__(self, message: str, *, status: int, body: bytes) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


def failure(
    status: int,
    headers: httpx.Headers,
    body: bytes,
    *,
    said: str,
    hint: str,
    now: datetime,
) -> SignalError | None:
    """Return the error that a status is; None where it is a good one.

    Args:
        status: As sent.
        headers: As sent.
        body: As sent.
        said: How the message reads.
        hint: What is added to it where the source refuses.
        now: To which a date in `Retry-After` is compared.
    """
    if httpx.codes.is_success(status):
        return None
    if status == httpx.codes.UNAUTHORIZED:
        return UnauthorizedError(said + hint)
    if status == httpx.codes.FORBIDDEN:
        return SignalRefusedError(said + hint)
    if status in BUSY:
        wait_s = retry_after_s(headers.get("retry-after"), now)
        return SignalBusyError(said, retry_after_s=wait_s)
    return StatusError(said, status=status, body=body)


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Return what a `Retry-After` header asks for in s; None: nothing readable.

    Source: RFC 9110, section 10.2.3: seconds, or an HTTP date.
    """
    if text is not None and text.strip().isdecimal():
        return min(float(text.strip()[:9]), LONGEST_REST_S)
    at = http_date(text)
    if at is None:
        return None
    return min(max(0.0, (at - now).total_seconds()), LONGEST_REST_S)


def http_date(text: str | None) -> datetime | None:
    """Return the moment that an HTTP date names; None: nothing readable."""
    try:
        at = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo is not None else None


def redirected(
    url: httpx.URL, headers: httpx.Headers, signature: Signature
) -> httpx.URL:
    """Return where a redirection leads, on the same host, without what was signed.

    Raises:
        SignalError: it leads elsewhere, or nowhere; a credential never follows.
    """
    try:
        target = url.join(headers.get("location", ""))
    except (httpx.InvalidURL, ValueError):
        raise SignalError(f"{url}: redirected to what is no URL") from None
    for name in signature.params:
        target = target.copy_remove_param(name)
    if not same_origin(target, url):
        raise SignalError(
            f"{url}: redirected to {signature.hidden(target.host)}, which was not "
            "asked for; if the source has moved, set base_url"
        )
    if signature.hidden(str(target)) != str(target):
        raise SignalError(f"{url}: redirected to an address that holds the credential")
    return target


def excerpt(headers: httpx.Headers, body: bytes, signature: Signature) -> str:
    """Return what the source said, in short, in brackets, without secrets."""
    if "html" in headers.get("content-type", "") or body.lstrip().startswith(b"<"):
        return ""
    text = signature.hidden(body.decode("utf-8", "replace"))[: 10 * _EXCERPT_CHARS]
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f" ({text[:_EXCERPT_CHARS]})" if text else ""
