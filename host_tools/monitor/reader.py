"""The thread that reads a device on a port, and comes back to it when it was lost."""

import contextlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from host_tools.device import protocol, sensors
from host_tools.device.link import TIMEOUT_SECONDS, Link, StatusError
from host_tools.device.protocol import DeviceInfo
from host_tools.device.rate import negotiate, restore
from host_tools.device.serial_port import SerialPort
from host_tools.errors import DeviceError
from host_tools.monitor.events import INFO, NOTICE
from host_tools.monitor.feed import BATCH_SECONDS, Feed
from host_tools.monitor.live import LiveStream, logger_facts
from host_tools.monitor.models import facts_of
from host_tools.monitor.watched import Device, Facts
from targets.errors import SafeError

RETRY_SECONDS = 1.0
STATS_SECONDS = 5.0
"""How often the device is asked for its stack and its counters."""
_SAID = re.compile(r"safe (baseline|sensor|fault|error)(?:=|: )(.*)")
"""Lines of text of the device that are no record, and tell an operator something."""
_ACTIONS = {"relearn": sensors.CONTROL_RELEARN, "save": sensors.CONTROL_SAVE}


@dataclass(frozen=True)
class PortPlan:
    """How a device on a port is read.

    Attributes:
        url: Port or pyserial URL.
        folder: Function from the hash of the device's model to the folder that holds it here, or
            None.
        baud: Rate to begin with.
        most_baud: Rate to climb to; 0: the first one stays.
        reply_seconds: Length of the first wait for a reply.
        names: Names of the channels that the user gave; () for those of model or device.
    """

    url: str
    folder: Callable[[str], Path | None]
    baud: int = 115200
    most_baud: int = 0
    reply_seconds: float = TIMEOUT_SECONDS
    names: tuple[str, ...] = ()


class Reader(threading.Thread):
    """Reads one device until it is stopped, or its log has ended."""

    def __init__(self, device: Device, plan: PortPlan, feed: Feed | None = None) -> None:
        """Prepare; `feed` is a log for a device whose samples come over the line."""
        super().__init__(name=f"monitor {device.name}", daemon=True)
        self.device, self.error = device, None
        self.ready = threading.Event()
        """Set when the device has answered for the first time, or `error` says why it did not."""
        self._plan, self._feed = plan, feed
        self._stop_asked = threading.Event()
        self._epoch = time.time() - time.monotonic()
        self._last_stats = 0.0

    error: Exception | None

    def stop(self) -> None:
        """End the thread, and the device's stream if it still answers."""
        self._stop_asked.set()
        self.join(timeout=10.0)

    def run(self) -> None:
        """Read; a device that was there once is waited for."""
        while not self._stop_asked.is_set():
            try:
                self._session()
                break
            except SafeError as error:
                if not self.ready.is_set():
                    self.error = error
                    break
                self.device.lose(self._now(), str(error))
            except Exception as error:  # noqa: BLE001 - a thread has nobody above it: the main one raises
                self.error = error
                break
            self._stop_asked.wait(RETRY_SECONDS)
        self.ready.set()

    def _now(self) -> float:
        """Return the time on the clock of the samples."""
        if self._feed is None or not self._feed.log.has_calendar:
            return time.time()
        return self.device.newest or self._feed.log.start

    def _session(self) -> None:
        with SerialPort(self._plan.url, self._plan.baud) as port:
            link = Link(port, self._plan.reply_seconds)
            info = link.connect()
            rate = negotiate(link, info, self._plan.most_baud)
            self.device.line.baud = 0 if port.is_socket else rate.baud
            try:
                if info.features & (protocol.FEATURE_WATCH | protocol.FEATURE_SENSORS):
                    self._watch(link, info)
                else:
                    self._feed_all(link, info)
            finally:
                self._count(link)
            with contextlib.suppress(SafeError):
                restore(link)

    def _watch(self, link: Link, info: DeviceInfo) -> None:
        stream = LiveStream(link, info, self.device, self._epoch)
        period = stream.told.period_us / 1e6
        if info.features & protocol.FEATURE_WATCH:
            folder = self._plan.folder(info.model_sha256)
            info = replace(info, channels=stream.told.channels)
            facts = facts_of(info, folder, frozenset(_ACTIONS), self._plan.names)
        else:
            facts = logger_facts(self._plan.names or stream.names(), info, period)
        self._connected(link, replace(facts, period=period))
        stream.begin(time.monotonic())
        while not self._stop_asked.is_set():
            stream.take(time.monotonic())
            self._hear(link)
            self._between(link, lambda what, state: stream.control(_ACTIONS[what], state))
        stream.end()

    def _feed_all(self, link: Link, info: DeviceInfo) -> None:
        feed = self._feed
        if feed is None or not info.features & protocol.FEATURE_STREAM:
            raise DeviceError(
                f"the device on {self._plan.url} sends nothing by itself: give --csv LOG, which"
                " goes through it, or flash a product with sensors (docs/live.md)"
            )
        folder = self._plan.folder(info.model_sha256)
        facts = facts_of(info, folder, frozenset({"relearn"}), self._plan.names)
        if len(facts.channels) != feed.log.samples.shape[1]:
            raise DeviceError(
                f"the log has {feed.log.samples.shape[1]} channels, the device takes"
                f" {len(facts.channels)}: give its model with --model"
            )
        self._connected(link, replace(facts, period=facts.period or 1 / feed.log.rate_hz))
        feed.open(link, info, time.monotonic(), self._epoch)
        while not (self._stop_asked.is_set() or feed.is_done):
            count = feed.due(time.monotonic())
            if count:
                feed.send(self.device, count)
            else:
                self._stop_asked.wait(min(BATCH_SECONDS, feed.wait(time.monotonic())))
            self._between(link, lambda _, state: feed.relearn(state))
        if feed.is_done:
            self.device.say(self.device.newest, "device", INFO, "the log has ended")

    def _connected(self, link: Link, facts: Facts) -> None:
        self.device.describe(facts)
        what = f'model "{facts.model}"' if facts.model else "logger"
        text = f"{what} on {self._plan.url}, SAFE {facts.version}, {len(facts.channels)} channels"
        self.device.connect(self._now(), text, model=facts.model, sha256=facts.sha256)
        self._last_stats = 0.0
        self._between(link, None)
        self.ready.set()

    def _between(self, link: Link, control: Callable[[str, int], None] | None) -> None:
        """Carry out what the operator asked for, and ask for the counters now and then."""
        while control is not None and self.device.wishes:
            self._carry_out(self.device.wishes.popleft(), control)
        now = time.monotonic()
        if now - self._last_stats >= STATS_SECONDS:
            self._last_stats = now
            stats = protocol.parse_stats(link.request("STATS"))
            with self.device.lock:
                self.device.line.stats = stats
            self._count(link)

    def _hear(self, link: Link) -> None:
        """Tell what the device says in words of its sensors and its baseline."""
        for line in link.texts():
            found = _SAID.search(line)
            if found is None:
                continue
            what, words = found.groups()
            is_bad = "because" in words or what in ("fault", "error")
            text = f"{what}: {words}"
            self.device.say(self._now(), "device", NOTICE if is_bad else INFO, text, said=line)

    def _count(self, link: Link) -> None:
        line, counters = self.device.line, link.counters
        stats = line.stats
        with self.device.lock:
            line.damaged = counters.damaged_replies + (stats.frame_errors if stats else 0)
            line.repeats = counters.retries

    def _carry_out(self, action: str, control: Callable[[str, int], None]) -> None:
        words = {"relearn": "forget its baseline and learn it anew", "save": "save its baseline"}
        what = words[action]
        try:
            control(action, self.device.state or 0)
        except StatusError as error:
            text = f"asked to {what}: {error}"
            self.device.say(self._now(), "operator", NOTICE, text, action=action, done=False)
            return
        text = f"asked to {what}: done"
        self.device.say(self._now(), "operator", INFO, text, action=action, done=True)
