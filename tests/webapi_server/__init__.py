"""A web server on a real socket that answers as told, however badly."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to send, and how.

    Attributes:
        hang_s: Wait this long before the first byte.
        drip_s: Wait this long before each byte of the body.
        drip_headers_s: The same for the headers.
        claim_bytes: The Content-Length to state; None: the true one.
        cut: Close the connection without a word.
    """

    status: int = 200
    body: bytes | str = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_s: float = 0.0
    drip_s: float = 0.0
    drip_headers_s: float = 0.0
    claim_bytes: int | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: Mapping[str, str]


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""


class WebServer:
    """Answers each request as `answer` says; remembers all of them."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self._stopped = threading.Event()
        self._http = _QuietServer(
            ("127.0.0.1", 0), type("H", (_Handler,), {"web": self})
        )
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop listening; replies that hang end."""
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def pause(self, duration_s: float) -> None:
        """Wait, unless it is being closed."""
        self._stopped.wait(duration_s)

    @property
    def stopped(self) -> bool:
        """Whether it is being closed."""
        return self._stopped.is_set()


class _Handler(BaseHTTPRequestHandler):
    web: WebServer

    def do_GET(self) -> None:
        request = Request("GET", self.path, dict(self.headers.items()))
        self.web.requests.append(request)
        reply = self.web.answer(request)
        self.web.pause(reply.hang_s)
        if not reply.cut:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        length = len(body) if reply.claim_bytes is None else reply.claim_bytes
        headers = {
            "content-type": "application/json",
            "content-length": str(length),
            "connection": "close",
            **reply.headers,
        }
        lines = [f"HTTP/1.1 {reply.status} Reply"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._write("\r\n".join([*lines, "", ""]).encode(), reply.drip_headers_s)
        self._write(body, reply.drip_s)
        self.close_connection = True

    def _write(self, content: bytes, drip_s: float) -> None:
        step = 1 if drip_s else max(1, len(content))
        for i in range(0, len(content), step):
            self.web.pause(drip_s)
            if self.web.stopped:
                return
            self.wfile.write(content[i : i + step])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(answer: Callable[[Request], Reply] | Reply) -> Iterator[WebServer]:
    """Serve while the block lasts."""
    given = (lambda _: answer) if isinstance(answer, Reply) else answer
    server = WebServer(given)
    try:
        yield server
    finally:
        server.close()


def closed_port() -> str:
    """Return a loopback URL at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def seconds_since(start_s: float) -> float:
    """Return monotonic seconds since `start_s`."""
    return time.monotonic() - start_s
