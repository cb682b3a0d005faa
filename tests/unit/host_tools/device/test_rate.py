"""Both ends find the highest rate that works: the C server behind a wire that garbles."""

import ctypes
import random
import time

import pytest

from host_tools.device import protocol, rate
from host_tools.device.link import Link
from host_tools.errors import LinkLostError
from tests.unit.sdk.tiny import Tiny, build_library

FIRST = 115_200


class Wire:
    """A port to the C server: bytes arrive as noise when the two ends differ in their rate.

    Args:
        library: The server around its shim.
        most: Above this rate one byte in fifty is damaged.
        host_most: Rate that this end's adapter cannot exceed.
        device_most: Rate that the device cannot exceed.
    """

    def __init__(self, library, most, host_most=10**9, device_most=10**9):
        self.library, self.most, self.host_most = library, most, host_most
        self.url, self.is_socket, self.baud = "wire", False, FIRST
        self.device_rates = []
        self._random = random.Random(1)
        self._received = bytearray()
        self._baud = ctypes.c_uint32.in_dll(library, "shim_baud")
        self._now = ctypes.c_uint32.in_dll(library, "shim_now_ms")
        ctypes.c_uint32.in_dll(library, "shim_most_baud").value = min(device_most, 2**31)
        self._baud.value = 0
        self._start = time.monotonic()
        library.shim_feed.restype = library.shim_idle.restype = ctypes.c_size_t
        assert library.shim_start(3) == 0

    @property
    def device_baud(self):
        return self._baud.value or FIRST

    def _pass(self, data):
        """Return what arrives of `data` at the other end."""
        if self.device_baud != self.baud:
            return bytes(self._random.randrange(1, 256) for _ in range(len(data) // 2))
        if self.baud <= self.most:
            return data
        return bytes(b ^ 4 if self._random.random() < 0.02 else b for b in data)

    def _tick(self):
        self._now.value = int((time.monotonic() - self._start) * 1000)

    def send(self, data):
        self._tick()
        arrived, out = self._pass(data), (ctypes.c_uint8 * 8192)()
        length = self.library.shim_feed(
            arrived, ctypes.c_size_t(len(arrived)), out, ctypes.c_size_t(8192)
        )
        self._received += self._pass(bytes(out[:length]))  # at the rate of the request
        self.library.shim_sent()
        self.device_rates.append(self.device_baud)

    def receive(self):
        self._tick()
        out = (ctypes.c_uint8 * 4096)()
        length = self.library.shim_idle(out, ctypes.c_size_t(4096))
        data = bytes(self._received) + self._pass(bytes(out[:length]))
        self._received.clear()
        if not data:
            time.sleep(0.005)
        return data

    def set_baud(self, baud):
        if baud > self.host_most:
            return False
        self.baud = baud
        self._received.clear()
        return True

    def wire_seconds(self, _length):
        return 0.0


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build_library(Tiny(), "gcc", "-O1", tmp_path_factory.mktemp("wire") / "tiny.so")


@pytest.fixture
def climb(library, monkeypatch):
    """Return climb(most, **limits) → (Rate, link, wire)."""
    monkeypatch.setattr(rate, "ECHO_SECONDS", 0.1)

    def run(most, **limits):
        wire = Wire(library, most, **limits)
        link = Link(wire, 0.3)
        info = link.connect()
        return rate.negotiate(link, info), link, wire

    return run


def works(link, wire, baud):
    assert (wire.baud, wire.device_baud) == (baud, baud)
    assert link.request("PING", b"after all") == b"after all"


def test_the_highest_rate_of_all(climb):
    found, link, wire = climb(10**9)
    assert found.baud == rate.MOST == 3_000_000
    assert [verdict for _, verdict in found.tried] == ["ok"] * len(rate.RATES)
    works(link, wire, rate.MOST)
    rate.restore(link)
    works(link, wire, FIRST)


@pytest.mark.parametrize("most", [230_400, 921_600, 2_000_000])
def test_the_highest_rate_without_errors(climb, most):
    found, link, wire = climb(most)
    assert found.baud == most
    following = rate.RATES[rate.RATES.index(most) + 1]
    assert found.tried[-1] == (following, "errors")
    works(link, wire, most)
    # What was tried and failed is not the bench's.
    assert (link.counters.damaged_replies, link.counters.retries, link.counters.timeouts) == (
        0,
    ) * 3


def test_no_other_rate_works(climb):
    found, link, wire = climb(FIRST)
    assert found == rate.LineRate(FIRST, ((230_400, "errors"),))
    works(link, wire, FIRST)


def test_a_device_that_refuses(climb):
    found, link, wire = climb(10**9, device_most=500_000)
    assert found.baud == 460_800
    assert found.tried[2:] == tuple((baud, "refused") for baud in rate.RATES[2:])
    works(link, wire, 460_800)


def test_a_port_that_cannot(climb):
    found, link, wire = climb(10**9, host_most=921_600)
    assert found.baud == 921_600
    assert found.tried[-1] == (1_500_000, "not possible")
    works(link, wire, 921_600)


def test_a_device_without_the_feature(library):
    wire = Wire(library, 10**9, device_most=1)
    link = Link(wire, 0.3)
    info = link.connect()
    assert not info.features & protocol.FEATURE_BAUD
    assert rate.negotiate(link, info) == rate.LineRate(FIRST, ())


def test_a_limit(library):
    wire = Wire(library, 10**9)
    link = Link(wire, 0.3)
    assert rate.negotiate(link, link.connect(), 460_800).baud == 460_800
    assert max(wire.device_rates) == 460_800


def test_a_restarted_device_is_met_at_its_first_rate(climb):
    _, link, wire = climb(921_600)
    wire.library.shim_start(3)
    wire._baud.value = 0
    assert link.request("PING", b"again") == b"again"
    works(link, wire, FIRST)
    assert link.counters.rate_drops == 1


def test_a_host_that_died_at_a_high_rate(climb):
    """The next one begins at the first rate, at which the device hears noise, and returns."""
    _, _, wire = climb(10**9)
    wire.set_baud(FIRST)
    link = Link(wire, 1.0)
    assert link.connect().model == "tiny"
    works(link, wire, FIRST)


def test_a_device_that_is_gone(climb, monkeypatch):
    _, link, wire = climb(921_600)
    monkeypatch.setattr(wire, "send", lambda _: None)
    with pytest.raises(LinkLostError, match="no answer to PING"):
        link.request("PING")
    assert wire.baud == FIRST
