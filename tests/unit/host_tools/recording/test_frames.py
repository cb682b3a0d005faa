"""Counted rows of a logger: stamps, lost rows, damage, a device that restarted."""

import struct

import numpy as np
import pytest

from host_tools.device import protocol
from host_tools.device.frame import Frame, encode
from host_tools.device.protocol import Message
from host_tools.errors import DataError, DeviceUnknownError
from host_tools.recording.frames import SILENT_SECONDS, CountedClock, FrameSource
from tests.unit.host_tools.device.scripted import Port, reply

NAMES = ("flow [l/min]", "motor")
PERIOD_US = 10_000


def hello(session, features):
    sizes, nothing = (512, 0, 0, 0), (0,) * 4
    words = (protocol.PROTOCOL_VERSION, 3, session, *nothing, features, *nothing)
    texts = (b"", b"1", b"none")
    return struct.pack("<HH10IHHHH32s16s32s3I", *words, *sizes, *texts, 0, 0, 0)


def logger(features=protocol.FEATURE_SENSORS):
    """Return a port at whose other end a logger is, and what it was asked to do."""
    asked = []

    def answer(frame):
        name = Message(frame.type).name
        asked.append((name, frame.payload))
        if name == "HELLO":
            return reply(frame, hello(int.from_bytes(frame.payload, "little"), features))
        if name == "CHANNEL":
            return reply(frame, frame.payload + NAMES[frame.payload[0]].encode())
        return reply(frame, struct.pack("<HII", len(NAMES), PERIOD_US, 0))

    return Port(answer), asked


def rows(first, values):
    payload = struct.pack("<I", first) + np.asarray(values, "<f4").tobytes()
    return encode(Frame(Message["SENSOR"] | protocol.REPLY, 0, 0, payload))


def taken(source, data, now):
    return [(row.stamp, row.values) for row in source.take(data, now, is_fault=False)]


def test_names_and_values():
    port, asked = logger()
    source = FrameSource(port, ())
    assert source.names == NAMES
    assert [name for name, _ in asked] == ["HELLO", "SENSORS", "CHANNEL", "CHANNEL", "SENSORS"]
    assert [payload for name, payload in asked if name == "SENSORS"] == [b"\0", b"\1"]
    found = taken(source, rows(0, [[1.5, 0.1], [np.nan, -3e-7], [np.inf, 1e10]]), 5.0)
    assert [values for _, values in found] == [
        ["1.5", "0.1"],
        ["", "-0.0000003"],
        ["", "10000000000"],
    ]
    assert [stamp for stamp, _ in found] == pytest.approx([4.98, 4.99, 5.0])
    source.rest()
    assert asked[-1] == ("SENSORS", b"\0")


def test_values_are_the_same_numbers():
    source = FrameSource(logger()[0], ())
    sent = np.random.default_rng(1).normal(size=(60, 2)).astype(np.float32) * np.float32(1e-3)
    found = taken(source, rows(0, sent), 1.0)
    assert np.array_equal(np.array([values for _, values in found], np.float32), sent)


def test_who_is_no_logger_and_names_that_do_not_fit():
    with pytest.raises(DeviceUnknownError, match="app=logger"):
        FrameSource(logger(features=3)[0], ())
    with pytest.raises(DataError, match="names 1, the device sends 2"):
        FrameSource(logger()[0], ("x",))
    assert FrameSource(logger()[0], ("x", "y")).names == ("x", "y")


def test_damage_is_lost_rows_and_told():
    source = FrameSource(logger()[0], ())
    value = [[1.0, 2.0]] * 2
    damaged = bytearray(rows(2, value))
    damaged[9] ^= 0x10
    found = taken(source, rows(0, value) + bytes(damaged) + rows(4, value), 1.0)
    assert len(found) == 4
    assert source.dropped == 1
    (gap,) = source.timing().gaps
    assert gap[1] == pytest.approx(0.03)
    assert np.diff([stamp for stamp, _ in found]) == pytest.approx([0.01, 0.03, 0.01], rel=0.01)


@pytest.mark.parametrize(("silence", "asks"), [(0.99, 0), (1.01, 1)])
def test_a_silent_device_is_asked_to_begin_anew(silence, asks):
    port, asked = logger()
    source = FrameSource(port, ())
    taken(source, rows(7, [[1.0, 2.0]]), 1.0)
    asked.clear()
    source.take(b"", 1.0 + silence * SILENT_SECONDS, is_fault=False)
    assert asked[2 * asks - 1 : 2 * asks] == [("SENSORS", b"\1")] * asks
    found = taken(source, rows(0, [[1.0, 2.0]]), 9.0)  # it counts from 0 again
    assert found[0][0] == pytest.approx(9.0)
    assert source.timing().gaps == [(1.0, pytest.approx(8.0))]


def test_frames_of_another_kind_or_size_are_no_rows():
    source = FrameSource(logger()[0], ())
    other = encode(Frame(Message["PING"] | protocol.REPLY, 0, 0, bytes(12)))
    short = encode(Frame(Message["SENSOR"] | protocol.REPLY, 0, 0, bytes(11)))
    empty = encode(Frame(Message["SENSOR"] | protocol.REPLY, 0, 0, bytes(4)))
    assert taken(source, other + short + empty, 1.0) == []


def test_stamps_follow_a_crystal_that_is_off():
    """The device's second is 100 ppm long; frames of 10 rows come up to 8 ms late."""
    clock = CountedClock(0.001)
    random = np.random.default_rng(2)
    stamps, true = [], []
    for first in range(0, 60_000, 10):
        taken_at = (first + np.arange(10)) * 0.0010001
        stamps += clock.take(first, 10, taken_at[-1] + random.uniform(0, 0.008))
        true += list(taken_at)
    late = np.array(stamps[30_000:]) - np.array(true[30_000:])
    assert np.all(np.diff(stamps) > 0)
    assert np.abs(late - 0.004).max() < 0.002
    assert clock.timing.gaps == []
