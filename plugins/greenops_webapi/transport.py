"""The way out: proxies of the environment, signatures for one host only."""

from urllib.request import getproxies, proxy_bypass

import httpx

from greenops.errors import SignalError
from greenops_webapi.secret import Signature

SIGNATURE = "greenops_signature"
"""The request extension that carries a Signature."""


class SigningTransport(httpx.BaseTransport):
    """Adds the signature to a request at the last moment.

    httpx logs the URL of each request, and its exceptions carry the request: neither
    ever holds a key, because the signed request exists below them only.

    Args:
        origin: The one place that signatures are for.
        inner: What sends.
    """

    def __init__(self, origin: httpx.URL, inner: httpx.BaseTransport) -> None:
        self._origin = origin
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, signed where it goes to the origin."""
        extensions = dict(request.extensions)
        signature = extensions.pop(SIGNATURE, None)
        if not isinstance(signature, Signature):
            return self._inner.handle_request(request)
        if not same_origin(request.url, self._origin):
            raise httpx.UnsupportedProtocol("a signature is for its own host only")
        headers = {name: s.reveal() for name, s in signature.headers.items()}
        params = {name: s.reveal() for name, s in signature.params.items()}
        url = request.url.copy_merge_params(params) if params else request.url
        signed = httpx.Request(
            request.method,
            url,
            headers={**request.headers, **headers},
            stream=request.stream,
            extensions=extensions,
        )
        return self._inner.handle_request(signed)

    def close(self) -> None:
        """Release the connections."""
        self._inner.close()


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Return whether two URLs name the same scheme, host and port."""
    return (one.scheme, one.host, _port(one)) == (
        other.scheme,
        other.host,
        _port(other),
    )


def way_out(origin: httpx.URL) -> httpx.BaseTransport:
    """Return HTTP to `origin`, through the proxy that the environment names.

    Raises:
        SignalError: there is a proxy that cannot be used.
    """
    try:
        return httpx.HTTPTransport(proxy=_proxy_for(origin))
    except (
        ImportError,
        ValueError,
        httpx.InvalidURL,
    ) as e:  # its text may hold the proxy's password
        raise SignalError(
            f"the proxy that the environment names for {origin.host} cannot be used "
            f"({type(e).__name__}); SOCKS needs: pip install 'httpx[socks]'"
        ) from None  # its text may hold the proxy's password


def _proxy_for(url: httpx.URL) -> str | None:
    """Return the proxy for `url`, as httpx would read it from the environment.

    A client that is given a transport does not look for one (httpx 0.28).
    """
    if proxy_bypass(url.host):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    if found is None:
        return None
    return found if "://" in found else f"http://{found}"


def _port(url: httpx.URL) -> int | None:
    return url.port or {"https": 443, "http": 80}.get(url.scheme)
