"""No failure of a carbon source shows its credential: not in errors, not in logs."""

import json
import logging
import traceback
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from greenops.errors import SignalError
from tests.webapi_server import Reply, serving
from tests.webapi_server.sources import HOUR, sources

NAMES = [source.name for source in sources() if source.env]
CANARIES = ("c4n4ry-0ne/+=", "c4n4ry-tw0&?%")
TOKEN = "c4n4ry-t0ken"
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def echo(status, **more):
    """Answer with all that was sent, as a careless source would."""

    def answer(request):
        if request.path.startswith("/login") and status != 499:
            return Reply(body=json.dumps({"token": TOKEN}))
        sent = json.dumps({"message": request.path, "headers": dict(request.headers)})
        headers = {name: text.format(path=request.path) for name, text in more.items()}
        return Reply(status=status, body=sent, headers=headers)

    return answer


FAILURES = {
    "ok-but-not-data": echo(200),
    "bad-request": echo(400),
    "unauthorised": echo(401),
    "forbidden": echo(403),
    "not-found": echo(404),
    "too-many": echo(429),
    "broken": echo(500),
    "log-in-fails": echo(499),
    "moved-here": echo(302, location="/x{path}"),
    "moved-away": echo(302, location="http://127.0.0.1:1{path}"),
    "echoed-header": echo(500, **{"x-you-sent": "{path}"}),
    "html": lambda request: Reply(body=f"<html>{request.path} {request.headers}"),
    "cut-off": lambda request: Reply(
        body=json.dumps({"path": request.path, **request.headers})[:-3]
    ),
    "hangs": lambda _: Reply(hang_s=30),
    "unreachable-body": lambda r: Reply(body=str(r.headers), claim_bytes=99_999),
}


@pytest.fixture(params=NAMES)
def source(request, monkeypatch):
    (fresh,) = (s for s in sources() if s.name == request.param)
    for variable, value in zip(fresh.env, CANARIES, strict=False):
        monkeypatch.setenv(variable, value)
    return fresh


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.filterwarnings("error")
def test_no_failure_shows_a_credential(source, failure, caplog):
    caplog.set_level(logging.DEBUG)
    with serving(failure) as server:
        signal = source.signal(server.url, timeout_s=0.5)
        with pytest.raises(SignalError) as failed:
            signal.intensity(source.zone, NOW - 6 * HOUR, NOW - 2 * HOUR)

    assert server.requests
    sent = str([(r.path, r.headers) for r in server.requests])
    assert "c4n4ry" in sent or "authorization" in sent.lower()
    shown = [
        *traceback.format_exception(failed.value),
        repr(failed.value),
        repr(failed.value.__cause__),
        repr(getattr(failed.value.__cause__, "request", "")),
        repr(signal),
        repr(vars(signal)),
        *caplog.messages,
    ]
    pair = b64encode(":".join(CANARIES).encode()).decode()
    hidden = ("c4n4ry", pair, pair.rstrip("="))
    assert [text for text in shown if any(part in text for part in hidden)] == []
