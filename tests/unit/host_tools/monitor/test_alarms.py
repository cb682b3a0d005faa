"""Messages to a webhook and a broker: which events, in which form, again when they are lost."""

import http.server
import json
import socket
import threading
import time

import pytest

from host_tools.monitor.alarms import (
    AlarmError,
    Mqtt,
    Sender,
    broker,
    forward,
    is_wanted,
    topic_of,
    webhook,
)
from host_tools.monitor.events import ALARM, INFO, NOTICE, Happening
from tests.unit.host_tools.monitor.made import START


def event(kind="state", severity=ALARM, **details):
    return Happening(START, "pump 1", kind, severity, "text", details)


@pytest.mark.parametrize(
    ("happening", "wanted"),
    [
        (event(), True),
        (event(severity=NOTICE), True),
        (event(severity=INFO, before="warm-up"), False),
        (event(severity=INFO, before="alarm"), True),
        (event("channels", INFO), False),
        (event("line", INFO), True),
        (event("operator", INFO, action="acknowledge"), True),
        (event("operator", INFO, action="save"), False),
    ],
)
def test_what_is_sent_and_that_its_end_is_sent_too(happening, wanted):
    assert is_wanted(happening, NOTICE) is wanted
    assert is_wanted(happening, INFO)


class Hook(http.server.BaseHTTPRequestHandler):
    """Refuses the first message, then takes all."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        self.send_response(500 if len(self.server.bodies) == 1 else 204)
        self.end_headers()

    def log_message(self, *_):
        return


@pytest.fixture
def hook():
    with http.server.HTTPServer(("127.0.0.1", 0), Hook) as server:
        server.bodies = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_webhook_gets_each_event_again_until_it_takes_it(hook, monkeypatch):
    monkeypatch.setattr("host_tools.monitor.alarms.FIRST_PAUSE", 0.01)
    said = []
    sender = Sender("webhook", webhook(f"http://127.0.0.1:{hook.server_port}/x"), said.append)
    sender.start()
    listen = forward([sender])
    for happening in (event(score=6.5), event("channels", INFO), event("line", INFO)):
        listen(happening)
    sender.stop()
    assert [body["kind"] for body in hook.bodies] == ["state", "state", "line"]
    assert hook.bodies[0] == {
        "type": "event",
        "time": "2026-01-05T08:00:00.000000Z",
        "device": "pump 1",
        "kind": "state",
        "severity": "alarm",
        "text": "text",
        "score": 6.5,
    }
    assert said == ["webhook: 127.0.0.1 answers 500 Internal Server Error; trying again"]


def test_the_oldest_give_way_when_nobody_answers():
    sender = Sender("x", lambda _: None, print)
    for number in range(1010):
        sender.put({"number": number})
    assert sender.dropped == 10
    assert sender._waiting.get()["number"] == 10


class TinyBroker(threading.Thread):
    """Takes one client of MQTT 3.1.1, and confirms what it publishes; `code` answers CONNECT."""

    def __init__(self, code=0):
        super().__init__(daemon=True)
        self.code = code
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.published, self.connect = [], b""

    def _packet(self, stream):
        kind = stream.read(1)
        if not kind:
            return 0, b""
        length, shift = 0, 0
        while True:
            byte = stream.read(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return kind[0], stream.read(length)

    def run(self):
        client, _ = self.socket.accept()
        with client, client.makefile("rwb") as stream:
            while True:
                kind, body = self._packet(stream)
                if kind >> 4 == 1:
                    self.connect = body
                    stream.write(b"\x20\x02\x00" + bytes([self.code]))
                elif kind >> 4 == 3:
                    size = int.from_bytes(body[:2], "big")
                    topic, number = body[2 : 2 + size].decode(), body[2 + size : 4 + size]
                    self.published.append((topic, kind >> 1 & 3, json.loads(body[4 + size :])))
                    stream.write(b"\x40\x02" + number)
                elif kind >> 4 in (0, 14):
                    return
                stream.flush()


def test_a_broker_gets_each_event_once_and_confirms():
    pytest.importorskip("paho.mqtt", reason="paho-mqtt is missing: ./safe setup monitor")
    server = TinyBroker()
    server.start()
    client = Mqtt(broker(f"mqtt://me:word@127.0.0.1:{server.port}/plant/north", {}))
    sender = Sender("mqtt", client.send, print)
    sender.start()
    forward([sender])(event(score=1))
    sender.stop()
    client.close()
    server.join(5)
    ((topic, quality, message),) = server.published
    assert (topic, quality) == ("plant/north/pump-1/event", 1)
    assert (message["severity"], message["score"]) == ("alarm", 1)
    assert server.connect.endswith(b"\x00\x02me\x00\x04word")


def test_a_broker_that_refuses_is_told():
    pytest.importorskip("paho.mqtt", reason="paho-mqtt is missing: ./safe setup monitor")
    server = TinyBroker(5)
    server.start()
    client = Mqtt(broker(f"mqtt://me:wrong@127.0.0.1:{server.port}", {}))
    deadline = time.monotonic() + 10
    while not client._refusal and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(OSError, match="refuses: Not authorized"):
        client.send(event().as_json())
    client.close()


def test_a_broker_that_is_not_there_is_told(monkeypatch):
    pytest.importorskip("paho.mqtt", reason="paho-mqtt is missing: ./safe setup monitor")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Mqtt(broker(f"mqtt://127.0.0.1:{port}", {}))
    with pytest.raises(OSError, match="is not reached"):
        client.send(event().as_json())
    client.close()


def test_addresses():
    found = broker("mqtts://u%40x@host/a/b/", {"SAFE_MQTT_PASSWORD": "p%40"})
    assert (found.host, found.port, found.topic, found.has_tls) == ("host", 8883, "a/b", True)
    assert (found.user, found.password) == ("u@x", "p%40")
    assert topic_of("safe", "a/b +#") == "safe/a-b---/event"
    for wrong in ("http://host", "mqtt://", "mqtt://h:x/", "mqtt://h/a/#"):
        with pytest.raises(AlarmError):
            broker(wrong, {})
    for wrong in ("ftp://host/", "http:///x", "host"):
        with pytest.raises(AlarmError):
            webhook(wrong)
