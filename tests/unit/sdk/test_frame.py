"""Frames in C: COBS against the `cobs` package, CRC against zlib, and recovery from damage."""

import ctypes
import random
import zlib

import pytest
from cobs import cobs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.device.frame import Frame, encode

MAX_PAYLOAD = 512
EVENT_FRAME, EVENT_ERROR = 1, 2
FRAME_LENGTH, FRAME_CODE, FRAME_CRC = 6, 7, 8


def crc(data):
    return zlib.crc32(data).to_bytes(4, "little")


def receive(library, data):
    """Feed `data` to a cleared receiver; return (frames, errors)."""
    library.shim_receiver_clear()
    return receive_on(library, data)


def receive_on(library, data):
    out = (ctypes.c_uint8 * 600)()
    length, error = ctypes.c_size_t(), ctypes.c_int()
    frames, errors = [], []
    for byte in data:
        event = library.shim_receive(byte, out, ctypes.byref(length), ctypes.byref(error))
        if event == EVENT_FRAME:
            frames.append(bytes(out[: length.value]))
        elif event == EVENT_ERROR:
            errors.append(error.value)
    return frames, errors


def c_encode(library, body, capacity=600):
    line = (ctypes.c_uint8 * 600)()
    payload = body[3:]
    library.shim_encode.restype = ctypes.c_size_t
    length = library.shim_encode(
        body[0],
        body[1],
        body[2],
        payload,
        ctypes.c_size_t(len(payload)),
        line,
        ctypes.c_size_t(capacity),
    )
    return bytes(line[:length])


def test_crc_check_value_and_table(builds):
    library = builds()
    library.safe_crc32.restype = ctypes.c_uint32
    text = b"123456789"
    assert library.safe_crc32(0, text, ctypes.c_size_t(9)) == 0xCBF43926
    part = library.safe_crc32(0, text[:4], ctypes.c_size_t(4))
    assert library.safe_crc32(part, text[4:], ctypes.c_size_t(5)) == 0xCBF43926
    for value in range(256):  # every entry of the table is used
        byte = bytes([value])
        assert library.safe_crc32(0, byte, ctypes.c_size_t(1)) == zlib.crc32(byte)


def bodies():
    runs = st.integers(250, 260).map(lambda n: b"\x55" * n)
    piece = st.one_of(st.binary(max_size=300), runs, st.just(b"\0"))
    long = st.lists(piece, max_size=4).map(lambda parts: b"".join(parts)[:MAX_PAYLOAD])
    return st.tuples(st.binary(min_size=3, max_size=3), long).map(b"".join)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=bodies())
def test_encode_and_decode_agree_with_cobs(builds, body):
    library = builds()
    line = c_encode(library, body)
    assert line == b"\0" + cobs.encode(body + crc(body)) + b"\0"
    assert receive(library, line) == ([body], [])


@pytest.mark.parametrize("size", [0, 1, 246, 247, 248, 249, 501, 502, 503, 511, 512])
def test_group_boundaries(builds, variant, size):
    library = builds(None, *variant)
    for fill in (b"\x01", b"\0"):
        body = b"\x21\x07\x09" + fill * size
        assert c_encode(library, body) == b"\0" + cobs.encode(body + crc(body)) + b"\0"
        assert receive(library, c_encode(library, body)) == ([body], [])


def test_encode_never_overflows(builds):
    body = b"\x21\x07\x09" + bytes(range(200))
    library = builds()
    whole = len(c_encode(library, body))
    for capacity in range(whole + 1):
        length = len(c_encode(library, body, capacity))
        assert length == (whole if capacity == whole else 0)


def test_too_long_and_too_short(builds):
    library = builds()
    good = encode(Frame(2, 1, 0, b"x"))
    for payload in (513, 515, 600, 5000):
        line = encode(Frame(2, 1, 0, b"y" * payload))
        assert receive(library, line + good) == ([b"\x02\x01\x00x"], [FRAME_LENGTH])
    short = b"\0" + cobs.encode(b"ab" + crc(b"ab")) + b"\0"
    assert receive(library, short)[1] == [FRAME_LENGTH]
    assert receive(library, b"\0\xffabc\0")[1] == [FRAME_CODE]
    broken = bytearray(good)
    broken[3] ^= 0x40
    assert receive(library, bytes(broken))[1] == [FRAME_CRC]


def test_text_between_frames_is_no_error(builds):
    good = encode(Frame(2, 1, 0, b"x"))
    line = b"safe banner\r\n" + good + b"alarm\r\n" + good
    assert receive(builds(), line) == ([b"\x02\x01\x00x"] * 2, [])


def test_lost_delimiters_cost_no_frame(builds):
    frames = [encode(Frame(2, n, 0, bytes([n]) * 20)) for n in range(1, 50)]
    bodies_sent = [bytes([2, n, 0]) + bytes([n]) * 20 for n in range(1, 50)]
    for lost in ("open", "close"):
        line = b"".join(f[1:] if lost == "open" and i % 5 == 0 else f for i, f in enumerate(frames))
        if lost == "close":
            line = b"".join(f[:-1] if i % 5 == 0 else f for i, f in enumerate(frames))
        assert receive(builds(), line)[0] == bodies_sent


def test_one_damage_costs_one_frame(builds):
    """Drop or flip any one byte in a stream of three frames: at most one frame is lost."""
    library = builds()
    bodies_sent = [bytes([0x10, n, 0]) + bytes([0, n, 0xFF]) * 5 for n in range(3)]
    line = b"".join(encode(Frame(b[0], b[1], b[2], b[3:])) for b in bodies_sent)
    rng = random.Random(1)
    for at in range(len(line)):
        for damaged in (
            line[:at] + line[at + 1 :],
            line[:at] + bytes([line[at] ^ (1 << rng.randrange(8))]) + line[at + 1 :],
            line[:at] + bytes([rng.randrange(256)]) + line[at:],
            line[:at] + b"\0" + line[at + 1 :],
        ):
            found = receive(library, damaged)[0]
            assert set(found) <= set(bodies_sent)
            assert len(found) >= 2


def test_cut_frame_ends_with_idle(builds):
    library = builds()
    now = ctypes.c_uint32.in_dll(library, "shim_now_ms")
    now.value = 0xFFFFFF00  # the clock wraps inside the wait
    good = encode(Frame(2, 1, 0, b"x"))
    assert receive(library, good[:5]) == ([], [])
    now.value = (now.value + 499) % 2**32
    assert library.shim_receiver_idle() == 0
    now.value = (now.value + 1) % 2**32
    assert library.shim_receiver_idle() == EVENT_ERROR
    assert library.shim_receiver_idle() == 0
    assert receive_on(library, good) == ([b"\x02\x01\x00x"], [])
    now.value = 0
