"""Events as messages to somebody else: a webhook, or an MQTT broker. Off unless asked for.

Messages wait in a queue of their own: a receiver that does not answer holds up no device, and
costs the oldest messages when it stays away for long.
"""

import json
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from host_tools.monitor.events import NOTICE, SEVERITIES, Happening
from targets.errors import ExitCode, SafeError

MOST_WAITING = 1000
TIMEOUT_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
RAISING = frozenset({"state", "line"})
"""Kinds of events whose end is told, too: a state that is ok again, a device that is back."""


class AlarmError(SafeError):
    """The address of a receiver is none, or what it needs is not installed."""

    exit_code = ExitCode.USAGE


def is_wanted(event: Happening, least: str) -> bool:
    """Return whether an event is sent, when those from severity `least` on are."""
    if SEVERITIES.index(event.severity) >= SEVERITIES.index(least):
        return True
    if event.kind == "operator":
        return event.details.get("action") == "acknowledge"
    return event.kind in RAISING and (
        event.kind == "line"
        or event.details.get("before") in ("notice", "alarm", "degraded", "stale")
    )


class Sender(threading.Thread):
    """Sends messages one by one, again after a pause when that fails."""

    def __init__(
        self, what: str, send: Callable[[Mapping[str, Any]], None], say: Callable[[str], None]
    ) -> None:
        """Prepare; `send` raises OSError when a message did not arrive."""
        super().__init__(name=f"monitor {what}", daemon=True)
        self.what, self.sent, self.dropped = what, 0, 0
        self._send, self._say = send, say
        self._waiting: queue.Queue[Mapping[str, Any] | None] = queue.Queue(MOST_WAITING)
        self._end = threading.Event()

    def put(self, message: Mapping[str, Any]) -> None:
        """Take a message; the oldest one gives way when too many wait."""
        while True:
            try:
                self._waiting.put_nowait(message)
                return
            except queue.Full:
                try:
                    self._waiting.get_nowait()
                    self.dropped += 1
                except queue.Empty:
                    continue

    def stop(self, seconds: float = 5.0) -> None:
        """Send what waits, for at most so long."""
        deadline = time.monotonic() + seconds
        self.put_end()
        self.join(timeout=max(0.0, deadline - time.monotonic()))
        self._end.set()

    def put_end(self) -> None:
        """Let the thread end behind what waits."""
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            self._end.set()

    def run(self) -> None:
        """Send until the end."""
        while not self._end.is_set():
            message = self._waiting.get()
            if message is None:
                return
            self._until_sent(message)

    def _until_sent(self, message: Mapping[str, Any]) -> None:
        pause = FIRST_PAUSE
        while not self._end.is_set():
            try:
                self._send(message)
            except OSError as error:
                if pause == FIRST_PAUSE:
                    self._say(f"{self.what}: {error}; trying again")
                self._end.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self.sent += 1
                return


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook that moves is not followed: the new place was not chosen by the user."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def webhook(url: str) -> Callable[[Mapping[str, Any]], None]:
    """Return a function that posts a message as JSON; AlarmError when `url` is no address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AlarmError(f"--webhook {url}: give http://HOST/PATH or https://HOST/PATH")
    opener = urllib.request.build_opener(_NoRedirect)

    def send(message: Mapping[str, Any]) -> None:
        data = json.dumps(message, allow_nan=False).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        try:
            with opener.open(request, timeout=TIMEOUT_SECONDS):
                return
        except urllib.error.HTTPError as error:
            raise OSError(f"{parts.hostname} answers {error.code} {error.reason}") from None

    return send


@dataclass(frozen=True)
class Broker:
    """An MQTT broker: `mqtt://[USER[:PASSWORD]@]HOST[:PORT][/TOPIC]`, or `mqtts://` with TLS."""

    host: str
    port: int
    topic: str
    user: str | None
    password: str | None
    has_tls: bool


def broker(url: str, environ: Mapping[str, str]) -> Broker:
    """Return what an address means; the password may stand in SAFE_MQTT_PASSWORD, where a list of
    processes does not show it. Raises AlarmError.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or port == -1:
        raise AlarmError("--mqtt: give mqtt://[USER@]HOST[:PORT][/TOPIC], or mqtts:// with TLS")
    topic = parts.path.strip("/") or "safe"
    if "+" in topic or "#" in url:
        raise AlarmError(f"--mqtt: the topic {topic!r} holds + or #, which stand for many topics")
    has_tls = parts.scheme == "mqtts"
    password = environ.get("SAFE_MQTT_PASSWORD", parts.password)
    return Broker(
        parts.hostname,
        port or (8883 if has_tls else 1883),
        topic,
        unquote(parts.username) if parts.username else None,
        unquote(password) if password and "SAFE_MQTT_PASSWORD" not in environ else password,
        has_tls,
    )


def topic_of(root: str, device: str) -> str:
    """Return the topic of a device's events; signs that MQTT gives a meaning become `-`."""
    name = "".join("-" if sign in "/+# " or not sign.isprintable() else sign for sign in device)
    return f"{root}/{name}/event"


class Mqtt:
    """A connection to a broker, which comes back by itself."""

    def __init__(self, to: Broker) -> None:
        """Connect in the background; AlarmError without paho-mqtt."""
        try:
            from paho.mqtt import client as mqtt
        except ImportError:
            raise AlarmError("--mqtt needs paho-mqtt: pip install 'safe-edge[monitor]'") from None
        self._to, self._refusal = to, ""
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        if to.user is not None:
            self._client.username_pw_set(to.user, to.password)
        if to.has_tls:
            self._client.tls_set()
        self._client.on_connect = self._answered
        self._client.connect_async(to.host, to.port)
        self._client.loop_start()

    def _answered(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        """Keep why the broker refused: a wrong password, say."""
        self._refusal = str(reason) if reason.is_failure else ""

    def send(self, message: Mapping[str, Any]) -> None:
        """Publish with QoS 1 and wait for the broker's word; OSError without it."""
        if not self._client.is_connected():
            time.sleep(0.2)
        if not self._client.is_connected():
            why = f"refuses: {self._refusal}" if self._refusal else "is not reached"
            raise OSError(f"broker {self._to.host}:{self._to.port} {why}")
        text = json.dumps(message, allow_nan=False)
        told = self._client.publish(topic_of(self._to.topic, str(message["device"])), text, qos=1)
        try:
            told.wait_for_publish(TIMEOUT_SECONDS)
        except (RuntimeError, ValueError) as error:
            raise OSError(f"broker {self._to.host}: {error}") from None
        if not told.is_published():
            raise OSError(f"broker {self._to.host} did not confirm the message")

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()


def forward(senders: "list[Sender]", least: str = NOTICE) -> Callable[[Happening], None]:
    """Return a listener that gives the events that are wanted to all senders."""

    def listen(event: Happening) -> None:
        if is_wanted(event, least):
            for sender in senders:
                sender.put(event.as_json())

    return listen
