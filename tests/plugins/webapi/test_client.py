import json
import logging
import threading
import time
import traceback
from datetime import UTC, datetime

import httpx
import pytest

from greenops.errors import SignalBusyError, SignalError, SignalRefusedError
from greenops_webapi import Pace, Secret, Signature, StatusError, WebApi, WebLimits
from greenops_webapi.replies import retry_after_s
from greenops_webapi.transport import SIGNATURE, SigningTransport
from tests.webapi_server import Reply, closed_port, seconds_since, serving

QUICK = WebLimits(
    total_s=1.0, connect_s=0.3, read_s=0.3, attempts=3, backoff_s=0.01, max_bytes=20_000
)
CANARY = "c4n4ry-s3cr3t/+="
SIGNED = Signature(
    headers={"authorization": Secret(f"Bearer {CANARY}")},
    params={"api_key": Secret(CANARY)},
)


def api(url, **changes):
    options = {"pace": Pace(1000, 1.0), "limits": QUICK, "hint": "check X_TOKEN"}
    return WebApi(url, **{**options, **changes})


def get(web, path="/v1/x", **more):
    return web.get(path, {"zone": "FR"}, deadline=web.deadline(), **more)


def test_a_good_answer_comes_with_the_url_and_the_time():
    with serving(Reply(body='{"a": 1}')) as server:
        answer = get(api(server.url))

    assert json.loads(answer.body) == {"a": 1}
    assert answer.url == f"{server.url}/v1/x?zone=FR"
    assert answer.received_at.tzinfo is UTC


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_repeated_and_says_what_to_check(status):
    with (
        serving(Reply(status=status, body='{"message": "nope"}')) as server,
        pytest.raises(SignalRefusedError, match=r"nope.*check X_TOKEN"),
    ):
        get(api(server.url))

    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_source_is_asked_again_and_then_left_alone(status):
    with (
        serving(Reply(status=status)) as server,
        pytest.raises(SignalBusyError, match=str(status)),
    ):
        get(api(server.url))

    assert len(server.requests) == QUICK.attempts


def test_a_source_that_recovers_is_heard():
    replies = iter([Reply(status=503), Reply(cut=True), Reply(body="{}")])
    with serving(lambda _: next(replies)) as server:
        assert get(api(server.url)).body == b"{}"


@pytest.mark.parametrize("status", [400, 404, 422, 418, 308])
def test_other_statuses_are_for_the_caller_to_read(status):
    with serving(Reply(status=status, body="what it is about")) as server:
        expected = SignalError if status == 308 else StatusError
        with pytest.raises(expected):
            get(api(server.url))


def test_a_retry_after_within_the_deadline_is_kept_to():
    replies = iter([Reply(status=429, headers={"retry-after": "1"}), Reply(body="{}")])
    slow = WebLimits(total_s=5, backoff_s=0.01)
    with serving(lambda _: next(replies)) as server:
        start_s = time.monotonic()
        get(api(server.url, limits=slow))

    assert seconds_since(start_s) >= 1.0


def test_a_retry_after_beyond_the_deadline_is_handed_on_and_kept_to():
    with serving(Reply(status=429, headers={"retry-after": "120"})) as server:
        web = api(server.url)
        with pytest.raises(SignalBusyError) as first:
            get(web)
        with pytest.raises(SignalBusyError) as second:
            get(web)

    assert first.value.retry_after_s == 120
    assert 118 < (second.value.retry_after_s or 0) <= 120
    assert len(server.requests) == 1


def test_a_port_where_nobody_listens_is_out_of_service():
    with pytest.raises(SignalBusyError, match="refused"):
        get(api(closed_port()))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(hang_s=30),
        Reply(body="x" * 10_000, drip_s=0.05),
        Reply(body="{}", drip_headers_s=0.05),
    ],
    ids=["hangs", "drips", "drips-headers"],
)
def test_the_deadline_holds_whatever_the_server_does(reply):
    with serving(reply) as server:
        start_s = time.monotonic()
        with pytest.raises(SignalBusyError):
            get(api(server.url))

    assert seconds_since(start_s) < QUICK.total_s + 0.5


def test_an_answer_above_the_limit_is_given_up():
    with (
        serving(Reply(body="x" * 30_000)) as server,
        pytest.raises(SignalError, match="above 20000 bytes"),
    ):
        get(api(server.url))

    assert len(server.requests) == 1


def test_an_answer_shorter_than_it_claims_is_not_used():
    with (
        serving(Reply(body='{"a": 1}', claim_bytes=500)) as server,
        pytest.raises(SignalBusyError, match="RemoteProtocolError"),
    ):
        get(api(server.url))


def test_an_answer_packed_wrongly_is_not_used():
    headers = {"content-encoding": "gzip"}
    with (
        serving(Reply(body="no gzip", headers=headers)) as server,
        pytest.raises(SignalError, match="unpacked"),
    ):
        get(api(server.url))


def test_a_redirection_on_the_same_host_is_followed_and_signed():
    def answer(request):
        if request.path.startswith("/v1"):
            return Reply(status=302, headers={"location": "/v2/y?zone=FR"})
        return Reply(body="{}")

    with serving(answer) as server:
        get(api(server.url), signature=SIGNED)

    assert server.requests[1].path.startswith("/v2/y?zone=FR&api_key=")
    assert server.requests[1].headers["authorization"] == f"Bearer {CANARY}"


def test_a_redirection_that_repeats_the_key_is_signed_once_and_not_shown(caplog):
    caplog.set_level(logging.INFO)

    def answer(request):
        if request.path.startswith("/v1"):
            return Reply(status=307, headers={"location": request.path[3:]})
        return Reply(body="{}")

    with serving(answer) as server:
        answer_url = get(api(server.url), signature=SIGNED).url

    assert server.requests[1].path.count("api_key=") == 1
    assert [x for x in (answer_url, *caplog.messages) if "api_key" in x] == []


def test_a_redirection_to_another_host_is_not_followed():
    with serving(Reply(body="{}")) as elsewhere:
        moved = Reply(status=302, headers={"location": f"{elsewhere.url}/x"})
        with (
            serving(moved) as server,
            pytest.raises(SignalError, match=r"redirected to 127\.0\.0\.1"),
        ):
            get(api(server.url), signature=SIGNED)

    assert elsewhere.requests == []


def test_redirections_end():
    with (
        serving(Reply(status=302, headers={"location": "/v1/x"})) as server,
        pytest.raises(SignalError, match="more than 3 times"),
    ):
        get(api(server.url))

    assert len(server.requests) == 4


def test_the_pace_is_kept_by_waiting_while_there_is_time():
    with serving(Reply(body="{}")) as server:
        web = api(server.url, pace=Pace(2, 0.5))
        start_s = time.monotonic()
        for _ in range(3):
            get(web)

    assert seconds_since(start_s) >= 0.5


def test_beyond_the_deadline_the_pace_is_an_error_with_a_time():
    with serving(Reply(body="{}")) as server:
        web = api(server.url, pace=Pace(1, 60))
        get(web)
        with pytest.raises(SignalBusyError, match="often enough") as refused:
            get(web)

    assert 55 < (refused.value.retry_after_s or 0) <= 60
    assert len(server.requests) == 1


def test_many_threads_share_one_client():
    with serving(Reply(body="{}", hang_s=0.05)) as server:
        web = api(server.url)
        threads = [threading.Thread(target=get, args=(web,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(server.requests) == 8


ECHO = json.dumps({"message": f"bad key {CANARY} Bearer {CANARY}"})
FAILURES = {
    "401": Reply(status=401, body=ECHO),
    "403": Reply(status=403, body=ECHO),
    "429": Reply(status=429, body=ECHO),
    "500": Reply(status=500, body=ECHO),
    "404": Reply(status=404, body=ECHO),
    "hangs": Reply(hang_s=30),
    "cut": Reply(cut=True),
    "short": Reply(body=ECHO, claim_bytes=9999),
    "huge": Reply(body=ECHO * 1000),
    "unpackable": Reply(body=ECHO, headers={"content-encoding": "gzip"}),
    "moved": Reply(status=302, headers={"location": f"http://{CANARY}.test/{CANARY}"}),
    "loop": Reply(status=302, headers={"location": f"/v1?api_key={CANARY}"}),
    "path": Reply(status=302, headers={"location": f"/{CANARY}"}),
    "header": Reply(body="{}", headers={"x": f"{CANARY}\r\nbroken {CANARY}"}),
}


@pytest.mark.parametrize("reply", FAILURES.values(), ids=FAILURES)
def test_no_failure_shows_the_credential_anywhere(reply, caplog):
    caplog.set_level(logging.DEBUG)
    with serving(reply) as server, pytest.raises(SignalError) as failed:
        get(api(server.url), signature=SIGNED)

    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    assert CANARY not in "".join(traceback.format_exception(failed.value))
    for error in (failed.value, failed.value.__cause__):
        assert CANARY not in f"{error!r} {getattr(error, 'request', None)!r}"
    assert any("receive_response_headers" in line for line in caplog.messages)
    assert [line for line in caplog.messages if CANARY in line] == []


def test_nothing_that_holds_a_credential_shows_it():
    for thing in (Secret(CANARY), SIGNED, [SIGNED], {"x": Secret(CANARY)}):
        assert CANARY not in repr(thing)
        assert CANARY not in str(thing)
        assert CANARY not in f"{thing}"


def test_a_signature_meant_for_one_host_joins_no_other_request():
    inner = httpx.MockTransport(lambda _: pytest.fail("it was sent"))
    transport = SigningTransport(httpx.URL("https://grid.test"), inner)
    client = httpx.Client(transport=transport)

    with pytest.raises(httpx.UnsupportedProtocol):
        client.get("https://other.test/", extensions={SIGNATURE: SIGNED})


def test_the_proxy_of_the_environment_is_used(monkeypatch):
    with serving(Reply(body='{"from": "proxy"}')) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        answer = get(api("http://grid.invalid"))

    assert answer.body == b'{"from": "proxy"}'
    assert proxy.requests[0].path == "http://grid.invalid/v1/x?zone=FR"


def test_a_proxy_that_cannot_be_used_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("http_proxy", f"ftp://me:{CANARY}@127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(SignalError, match="proxy") as failed:
        get(api("http://grid.invalid"))

    assert CANARY not in "".join(traceback.format_exception(failed.value))


def test_a_certificate_that_is_not_trusted_is_said_and_not_tried_again():
    tried = []

    def handle(request):
        tried.append(request)
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")

    web = api("https://grid.test", transport=httpx.MockTransport(handle))

    with pytest.raises(SignalError, match="certificate is not trusted") as failed:
        get(web)
    assert not isinstance(failed.value, SignalBusyError)
    assert len(tried) == 1


def test_no_request_is_sent_before_it_is_asked():
    with serving(Reply(body="{}")) as server:
        api(server.url)

    assert server.requests == []


def test_a_retry_after_may_be_a_date():
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    assert retry_after_s("Sun, 01 Mar 2026 12:01:00 GMT", now) == 60
    assert retry_after_s("Sun, 01 Mar 2026 11:00:00 GMT", now) == 0
    assert retry_after_s("999999999999", now) == 3600
    assert retry_after_s("soon", now) is None
    assert retry_after_s(None, now) is None
