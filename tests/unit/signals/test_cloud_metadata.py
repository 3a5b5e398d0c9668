"""Against a real local server that answers as the clouds document it, or badly."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from greenops.signals.cloud_metadata import AZURE_ASSET_TAG, Cloud, CloudMetadata


class Metadata(BaseHTTPRequestHandler):
    """Answers by path; `answers` holds (status, body), or a callable on the handler."""

    answers: ClassVar[dict[Any, Any]] = {}
    seen: ClassVar[list[Any]] = []

    def answer(self):
        self.seen.append((self.command, self.path, dict(self.headers)))
        given = self.answers.get((self.command, self.path.partition("?")[0]))
        if callable(given):
            given(self)
            return
        status, body = given or (404, b"")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = answer  # noqa: N815

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    class Handler(Metadata):
        answers: ClassVar[dict[Any, Any]] = {}
        seen: ClassVar[list[Any]] = []

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def service(server, tmp_path, timeout_s=0.5):
    url = f"http://127.0.0.1:{server.server_port}"
    return CloudMetadata(url=url, timeout_s=timeout_s, dmi=tmp_path)


AWS_TOKEN = ("PUT", "/latest/api/token")
AWS_REGION = ("GET", "/latest/meta-data/placement/region")
GCP_ZONE = ("GET", "/computeMetadata/v1/instance/zone")
AZURE_PLACE = ("GET", "/metadata/instance/compute/location")


def drip(handler):
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
    for _ in range(20):
        time.sleep(0.1)
        try:
            handler.wfile.write(b"x")
        except OSError:
            return


def hang(_handler):
    time.sleep(1.5)


def reset(handler):
    handler.connection.close()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((404, b"nothing here"), id="not-found"),
        pytest.param((401, b""), id="refused"),
        pytest.param((200, b""), id="empty"),
        pytest.param((200, b"<html>Sign in</html>"), id="html"),
        pytest.param((200, b"x" * 100_000), id="endless"),
        pytest.param((200, b"\xff\xfe"), id="no-text"),
        pytest.param((200, b"westeurope\r\nX-Evil: 1"), id="two-lines"),
        pytest.param(drip, id="slow-drip"),
        pytest.param(hang, id="no-answer"),
        pytest.param(reset, id="hung-up"),
    ],
)
def test_a_bad_answer_is_no_region_and_costs_little_time(server, tmp_path, answer):
    server.RequestHandlerClass.answers[AZURE_PLACE] = answer
    began = time.monotonic()

    region = service(server, tmp_path, timeout_s=0.3).region(Cloud.AZURE)

    assert region is None
    assert time.monotonic() - began < 1.2


def test_nobody_listening_is_no_region(tmp_path):
    deaf = CloudMetadata(url="http://127.0.0.1:9", timeout_s=0.3, dmi=tmp_path)

    assert [deaf.region(cloud) for cloud in Cloud] == [None, None, None]


def test_aws_is_asked_with_a_token_and_never_without(server, tmp_path):
    server.RequestHandlerClass.answers[AWS_REGION] = (200, b"eu-north-1")
    assert service(server, tmp_path).region(Cloud.AWS) is None
    assert [path for _, path, _ in server.RequestHandlerClass.seen] == [AWS_TOKEN[1]]

    server.RequestHandlerClass.answers[AWS_TOKEN] = (200, b"secret==")
    assert service(server, tmp_path).region(Cloud.AWS) == "aws:eu-north-1"
    asked = server.RequestHandlerClass.seen[-1][2]
    assert asked["X-aws-ec2-metadata-token"] == "secret=="


def test_a_token_that_would_break_the_header_is_not_sent(server, tmp_path):
    server.RequestHandlerClass.answers[AWS_TOKEN] = (200, b"a\r\nX-Evil: 1")

    assert service(server, tmp_path).region(Cloud.AWS) is None
    assert len(server.RequestHandlerClass.seen) == 1


def test_gcp_tells_its_region_by_its_zone(server, tmp_path):
    body = b"projects/123456/zones/europe-west4-a"
    server.RequestHandlerClass.answers[GCP_ZONE] = (200, body)

    assert service(server, tmp_path).region(Cloud.GCP) == "gcp:europe-west4"
    assert server.RequestHandlerClass.seen[0][2]["Metadata-Flavor"] == "Google"


def test_azure_tells_its_location_as_text(server, tmp_path):
    server.RequestHandlerClass.answers[AZURE_PLACE] = (200, b"westeurope")

    assert service(server, tmp_path).region(Cloud.AZURE) == "azure:westeurope"
    _, path, headers = server.RequestHandlerClass.seen[0]
    assert "format=text" in path
    assert headers["Metadata"] == "true"


def test_no_proxy_is_asked(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.RequestHandlerClass.answers[AZURE_PLACE] = (200, b"westeurope")

    assert service(server, tmp_path).region(Cloud.AZURE) == "azure:westeurope"


@pytest.mark.parametrize(
    ("files", "cloud"),
    [
        pytest.param({}, None, id="no-firmware"),
        pytest.param({"sys_vendor": "Amazon EC2"}, Cloud.AWS, id="aws"),
        pytest.param({"product_name": "Google Compute Engine"}, Cloud.GCP, id="gcp"),
        pytest.param({"chassis_asset_tag": AZURE_ASSET_TAG}, Cloud.AZURE, id="azure"),
        pytest.param(
            {"sys_vendor": "Microsoft Corporation", "chassis_asset_tag": "12"},
            None,
            id="a-surface-laptop",
        ),
        pytest.param({"sys_vendor": "QEMU"}, None, id="own-virtual-machine"),
    ],
)
def test_the_firmware_tells_the_cloud(tmp_path, files, cloud):
    for name, text in files.items():
        (tmp_path / name).write_text(text + "\n")

    assert CloudMetadata(dmi=tmp_path).cloud() is cloud
