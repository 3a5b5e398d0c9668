"""A smart plug as a plugin: the sensor port holds what is nothing like a GPU.

It counts in kWh with two decimals, is read over HTTP, measures the whole node, and
drops out now and then.
"""

import json
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from greenops.config import Config
from greenops.errors import SensorReadError, SensorUnavailableError
from greenops.model import Device, DeviceKind, Reading
from greenops.ports import Sensor  # noqa: TC001 - the port is what is tested
from greenops.units import J_PER_KWH
from greenops.wire.parts import open_sensors


class SmartPlug:
    name = "smart_plug"

    def __init__(self, url):
        self._url = url
        try:
            self.read(0.0)
        except SensorReadError as e:
            raise SensorUnavailableError(str(e), remedy="plug it in") from e

    def devices(self):
        return [
            Device(
                device_id="node:plug", kind=DeviceKind.NODE, name="Smart plug",
                source="smart_plug", rel_uncertainty=0.02, limit_w=3680.0,
            )
        ]  # fmt: skip

    def read(self, at_s):  # noqa: ARG002 - the port
        try:
            with urllib.request.urlopen(self._url, timeout=1) as answer:
                said = json.load(answer)
        except (urllib.error.URLError, ValueError) as e:
            raise SensorReadError(f"{self._url}: {e}") from e
        counter_j = said["total_kwh"] * J_PER_KWH
        return [
            Reading(device_id="node:plug", counter_j=counter_j, power_w=said["apower"])
        ]

    def close(self):
        pass


@pytest.fixture
def plug():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"total_kwh": 1.25, "apower": 312.5}).encode())

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_smart_plug_is_a_sensor(plug):
    sensor: Sensor = SmartPlug(plug)

    (reading,) = sensor.read(1.0)

    assert reading.counter_j == 4.5e6
    assert reading.power_w == 312.5


def install(tmp_path, monkeypatch, source):
    info = tmp_path / "greenops_plug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: greenops-plug\nVersion: 1.0\n")
    text = "[greenops.sensors]\nsmart_plug = greenops_plug:Plug\n"
    (info / "entry_points.txt").write_text(text)
    (tmp_path / "greenops_plug.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "greenops_plug", raising=False)


def test_an_installed_plugin_is_opened_beside_our_own_sensors(tmp_path, monkeypatch):
    install(
        tmp_path, monkeypatch,
        "class Plug:\n"
        "    name = 'smart_plug'\n"
        "    def devices(self): return []\n"
        "    def read(self, at_s): return []\n"
        "    def close(self): pass\n",
    )  # fmt: skip

    found = open_sensors(Config())

    assert "smart_plug" in [s.name for s in found.sensors]


def test_a_broken_plugin_is_reported_and_the_rest_still_measures(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, "class Plug:\n    def __init__(self): 1 / 0\n")

    found = open_sensors(Config())

    assert found.sensors
    assert any("smart_plug" in p and "ZeroDivision" in p for p in found.problems)
