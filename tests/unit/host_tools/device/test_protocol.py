"""Frames and layouts in Python; PROTOCOL.md against the code."""

import re
import struct
import zlib

import pytest
from cobs import cobs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from host_tools.device import frame, protocol
from host_tools.device.frame import Frame, Receiver, encode
from targets.load import available, load

TEXT = st.text("abc \r\n", max_size=20).map(str.encode)
FRAMES = st.builds(
    Frame,
    st.integers(0, 255),
    st.integers(0, 255),
    st.just(0),
    st.one_of(st.binary(max_size=600), st.integers(250, 256).map(lambda n: b"\x07" * n)),
)


@settings(max_examples=300, deadline=None)
@given(data=st.one_of(st.binary(max_size=900), st.integers(250, 770).map(lambda n: b"\x01" * n)))
def test_cobs_equals_the_package(data):
    assert frame.cobs_encode(data) == cobs.encode(data)
    assert frame.cobs_decode(cobs.encode(data)) == data


@settings(max_examples=300, deadline=None)
@given(span=st.binary(max_size=300))
@example(span=b"\x08" + bytes(7))
def test_cobs_refuses_what_the_package_refuses(span):
    try:
        expected = cobs.decode(span)
    except cobs.DecodeError:
        with pytest.raises(frame.FrameError):
            frame.cobs_decode(span)
    else:
        assert frame.cobs_decode(span) == expected


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(st.tuples(TEXT, FRAMES), max_size=5),
    cuts=st.lists(st.integers(0, 4000), max_size=6),
)
def test_frames_between_text_in_any_pieces(parts, cuts):
    line = b"".join(text + encode(item) for text, item in parts)
    receiver, found, last = Receiver(), [], 0
    for cut in [*sorted(c for c in cuts if c < len(line)), len(line)]:
        found += receiver.feed(line[last:cut])
        last = cut
    assert found == [item for _, item in parts]
    assert receiver.damaged == 0
    assert receiver.remains == b"".join(text for text, _ in parts)


@settings(max_examples=300, deadline=None)
@given(items=st.lists(FRAMES, min_size=3, max_size=3), data=st.data())
def test_one_damaged_byte_costs_one_frame(items, data):
    line = bytearray(b"".join(map(encode, items)))
    at = data.draw(st.integers(0, len(line) - 1))
    match data.draw(st.sampled_from(["drop", "change", "insert"])):
        case "drop":
            del line[at]
        case "change":
            line[at] ^= data.draw(st.integers(1, 255))
        case "insert":
            line.insert(at, data.draw(st.integers(0, 255)))
    found = Receiver().feed(bytes(line))
    assert all(item in items for item in found)
    assert len(found) >= 2


def test_endless_span_stays_bounded():
    receiver = Receiver()
    for _ in range(50):
        receiver.feed(b"x" * 10_000)
    assert len(receiver.remains) <= frame.MAX_SPAN + frame.MAX_TEXT + 1
    assert receiver.feed(encode(Frame(1, 2, 0, b"y"))) == [Frame(1, 2, 0, b"y")]


def test_defs_are_read():
    assert protocol.Message["SAMPLE"] == 0x21
    assert protocol.Status["NO_SESSION"] == 16
    assert protocol.status_name(8) == "FRAME_CRC (frame checksum differs)"
    assert protocol.status_name(999) == "status 999"
    with pytest.raises(ValueError, match="no entries"):
        protocol.parse_def("nothing", "SAFE_MESSAGE")
    with pytest.raises(ValueError, match="twice"):
        protocol.parse_def('SAFE_X(A, 1, "a")\nSAFE_X(B, 1, "b")', "SAFE_X")


def test_port_status_is_named():
    assert protocol.port_status_names(0) == ()
    assert protocol.port_status_names(0b1001) == ("clock_timeout", "rx_overrun")
    assert protocol.port_status_names(1 << 31) == ("bit 31",)


def test_every_ring_holds_the_largest_frame(root):
    header = (root / "sdk/include/safe/frame.h").read_text(encoding="utf-8")
    usual = re.search(r"SAFE_FRAME_MAX_PAYLOAD (\d+)u", header)
    found = set()
    for target in (t for name in available() if (t := load(name)).uart is not None):
        own = re.search(r"SAFE_FRAME_MAX_PAYLOAD=(\d+)u", " ".join(target.toolchain.cflags))
        payload = int((own or usual)[1])
        found.add(payload)
        longest = len(encode(Frame(1, 1, 1, b"\x01" * payload)))
        assert longest <= target.uart.rx_ring_bytes, target.name
    assert found == {256, 512}


def test_replies_of_another_length_are_refused():
    for parse in (
        protocol.parse_hello,
        protocol.parse_stats,
        protocol.parse_infer,
        protocol.parse_timing,
        protocol.parse_error,
    ):
        with pytest.raises(protocol.ReplyError, match="bytes, not"):
            parse(b"123")
    with pytest.raises(protocol.ReplyError, match="for 2 samples"):
        protocol.parse_records(bytes(20), 2)


def test_cycles_that_are_not_known_are_none():
    assert protocol.parse_infer(struct.pack("<4I", 1, 2, 0, 7)).cycles is None
    assert protocol.parse_infer(struct.pack("<4I", 1, 2, 1, 7)).cycles == 7
    assert protocol.parse_timing(struct.pack("<7I", 1, 2, 3, 0, 5, 6, 7)).min_cycles is None


@pytest.fixture(scope="module")
def document(root):
    return (root / "PROTOCOL.md").read_text(encoding="utf-8")


def test_document_names_every_code_and_message(document):
    for status in protocol.Status:
        text = re.escape(protocol.status_name(int(status)).partition(" (")[2][:-1])
        assert re.search(rf"\| {int(status)} \| {status.name} \| {text} \|", document)
    for message in protocol.Message:
        if message.name != "ERROR":
            assert f"### {message.name} 0x{int(message):02X}\n" in document
    assert f"version {protocol.PROTOCOL_VERSION}\n" in document.splitlines(keepends=True)[0]


def test_document_has_a_true_example(document):
    line = re.search(r"on the line: ([0-9A-F ]+)", document)
    crc = re.search(r"CRC-32 of ([0-9A-F ]+) is 0x([0-9A-F]{8})", document)
    assert line is not None
    assert crc is not None
    assert zlib.crc32(bytes.fromhex(crc[1])) == int(crc[2], 16)
    assert bytes.fromhex(line[1]) == encode(Frame(2, 1, 0, b"\xaa\0\xbb"))


def test_document_has_the_sizes(document, root):
    hello = re.search(r"Reply, (\d+) bytes; \*\*the first two", document)
    assert hello is not None
    with pytest.raises(protocol.ReplyError, match=f"not {hello[1]}"):
        protocol.parse_hello(b"")
    header = (root / "sdk/include/safe/frame.h").read_text(encoding="utf-8")
    payload = int(re.search(r"SAFE_FRAME_MAX_PAYLOAD (\d+)u", header)[1])
    longest = len(encode(Frame(1, 1, 1, b"\x01" * payload)))
    assert f"takes {longest} bytes on the line" in document
    assert f"SAFE_PROTOCOL_VERSION {protocol.PROTOCOL_VERSION}\n" in (
        root / "sdk/include/safe/version.h"
    ).read_text(encoding="utf-8")
