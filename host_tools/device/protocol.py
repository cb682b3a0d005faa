"""Messages of the serial protocol: types, payload layouts and what they hold (PROTOCOL.md).

Message types and status codes are read from the SDK's X-macro lists, so that C and Python cannot
differ. All numbers are little-endian.
"""

import re
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DeviceError
from host_tools.formats.record import RECORD
from targets.places import SDK

PROTOCOL_VERSION = 5
REPLY = 0x80
FEATURE_WINDOW, FEATURE_STREAM, FEATURE_CYCLES, FEATURE_BAUD = 1, 2, 4, 8
FEATURE_SENSORS, FEATURE_WATCH, FEATURE_APPROXIMATE, FEATURE_UPDATE = 16, 32, 64, 128
_BACKEND_SHIFT, _BACKEND_MASK = 8, 0xF
BACKENDS = ("native", "tflm", "xcubeai")
"""Names of the backends by their number in bits 8 to 11 of the features."""
CHUNK_HEADER_BYTES = 8
"""Size of the header before the bytes of WINDOW, RESULT and SAMPLE: token u32, start u32."""
NO_PHASE = 2**32 - 1
"""Phase in STREAM_RESET when the time of day is not known."""
PACE_PLANT, PACE_REPLAY = 0, 1
"""Pace in STREAM_RESET: as the plant makes the samples, so that silence means something, or not."""

_INCLUDE = SDK / "include" / "safe"
_ENTRY = re.compile(r'^(SAFE_[A-Z]+)\((\w+), (0x[0-9A-Fa-f]+|\d+), "([^"]*)"\)$', re.MULTILINE)

_HELLO = struct.Struct("<HH10IHHHH32s16s32s3I")
_STATS = struct.Struct("<8I")
_INFER = struct.Struct("<4I")
_TIMING = struct.Struct("<7I")
_ERROR = struct.Struct("<HH")
_BAUD = struct.Struct("<II")

_WIRE_RECORD = RECORD.newbyteorder("<")
RECORD_BYTES = _WIRE_RECORD.itemsize


class ReplyError(DeviceError):
    """A reply has not the layout that this version of the protocol gives it."""


@dataclass(frozen=True)
class Entry:
    """One line of an X-macro list."""

    name: str
    value: int
    text: str


def parse_def(text: str, macro: str) -> tuple[Entry, ...]:
    """Return the entries `macro(name, value, "text")` of a `.def` file, in order.

    Raises:
        ValueError: No entry, or a name or a value twice: a defect of the SDK's source.
    """
    found = tuple(
        Entry(name, int(value, 0), words)
        for kind, name, value, words in _ENTRY.findall(text)
        if kind == macro
    )
    if not found or len({e.name for e in found} | {e.value for e in found}) != 2 * len(found):
        raise ValueError(f"{macro}: no entries, or one twice")
    return found


def _read(name: str, macro: str) -> tuple[Entry, ...]:
    return parse_def((_INCLUDE / name).read_text(encoding="utf-8"), macro)


def _enum(name: str, entries: tuple[Entry, ...]) -> type[IntEnum]:
    make: Any = IntEnum  # A type checker wants to see members written out; these are read.
    return cast("type[IntEnum]", make(name, {entry.name: entry.value for entry in entries}))


Message = _enum("Message", _read("message.def", "SAFE_MESSAGE"))
"""Types of requests; a reply adds REPLY."""
_STATUSES = _read("status.def", "SAFE_STATUS")
Status = _enum("Status", _STATUSES)
"""Status codes, safe_status_t."""
_STATUS_TEXTS = {entry.value: f"{entry.name} ({entry.text})" for entry in _STATUSES}


_BIT = re.compile(r"^#define SAFE_PORT_(\w+) \(1u << (\d+)\)", re.MULTILINE)
_BITS = {
    int(bit): name.lower()
    for name, bit in _BIT.findall((_INCLUDE / "port.h").read_text(encoding="utf-8"))
}


def port_status_names(word: int) -> tuple[str, ...]:
    """Return the names of the SAFE_PORT_ bits in a status word, lower case; unknown: `bit N`."""
    return tuple(_BITS.get(bit, f"bit {bit}") for bit in range(32) if word >> bit & 1)


def status_name(value: int) -> str:
    """Return `NAME (text)` of a status code, or the bare number of an unknown one."""
    return _STATUS_TEXTS.get(value, f"status {value}")


@dataclass(frozen=True)
class DeviceInfo:
    """The reply to HELLO.

    Attributes:
        protocol: Version of the protocol.
        abi: Version of the interface between model and runtime.
        session: Echo of the request.
        previous_session: Session before this one; 0 when the device has started since.
        uptime_ms: Milliseconds since the device started.
        status: SAFE_PORT_ bits; 0 is healthy.
        clock_hz: Core clock; 0 when there is none to tell.
        features: FEATURE_ bits.
        arena_bytes: RAM of the model.
        weight_bytes: Flash of the model's weights.
        input_bytes: Size of model input 0.
        output_bytes: Size of model output 0.
        max_payload: Largest payload of a frame, both ways.
        channels: Of a sample; 0 without a detector.
        window: Samples that the model sees; 0 without a detector.
        horizon: Samples that the model forecasts; 0 without a detector.
        model_sha256: Hexadecimal hash of the model file.
        version: Release of the runtime.
        model: Name of the model.
        period_us: Microseconds from sample to sample; 0: not known, or no detector.
        stale_ms: Time without a sample after which the device says stale; 0: never.
        day_samples: Samples of a day, for the phase of a stream; 0: the hour does not count.
    """

    protocol: int
    abi: int
    session: int
    previous_session: int
    uptime_ms: int
    status: int
    clock_hz: int
    features: int
    arena_bytes: int
    weight_bytes: int
    input_bytes: int
    output_bytes: int
    max_payload: int
    channels: int
    window: int
    horizon: int
    model_sha256: str
    version: str
    model: str
    period_us: int = 0
    stale_ms: int = 0
    day_samples: int = 0

    @property
    def backend(self) -> str:
        """Name of the backend that made the device's model; its number where it has none here."""
        code = self.backend_code
        return BACKENDS[code] if code < len(BACKENDS) else f"backend {code}"

    @property
    def counts_instructions(self) -> bool:
        """Whether the cycle counter counts instructions, a lower bound of a core's cycles."""
        return bool(self.features & FEATURE_APPROXIMATE)

    @property
    def max_chunk(self) -> int:
        """Most bytes of model input or output in one frame."""
        return self.max_payload - CHUNK_HEADER_BYTES

    @property
    def max_samples(self) -> int:
        """Most samples in one frame: the request and the reply with its records must fit."""
        return self.max_chunk // self.sample_bytes

    @property
    def sample_bytes(self) -> int:
        """Bytes of a frame that a sample takes, in the request or in the reply with its record."""
        return max(4 * self.channels, RECORD_BYTES)

    @property
    def backend_code(self) -> int:
        """Code of what computes the model: 0 SAFE's own kernels, else a foreign runtime."""
        return self.features >> _BACKEND_SHIFT & _BACKEND_MASK


def parse_hello(payload: bytes) -> DeviceInfo:
    """Return the reply to HELLO; ReplyError when the length is wrong."""
    if len(payload) != _HELLO.size:
        raise ReplyError(f"HELLO reply has {len(payload)} bytes, not {_HELLO.size}")
    *numbers, sha256, version, model, period, stale, day = _HELLO.unpack(payload)
    texts = (sha256.hex(), _text(version), _text(model))
    return DeviceInfo(*(*numbers, *texts, period, stale, day))


def _text(field: bytes) -> str:
    """Return a zero-padded ASCII field as text."""
    return field.split(b"\0")[0].decode("ascii", "replace")


def hello_version(payload: bytes) -> int | None:
    """Return the protocol version that any HELLO reply starts with; None when too short."""
    return int.from_bytes(payload[:2], "little") if len(payload) >= 2 else None


@dataclass(frozen=True)
class Stats:
    """The reply to STATS.

    Attributes:
        uptime_ms: Since the device started.
        status: SAFE_PORT_ bits; those of line errors are of the time since `line_since_ms`.
        stack_bytes: Most stack since the start; 0 where the target does not know it.
        frames: Valid frames, repeats and the request for this reply included.
        frame_errors: Damaged frames.
        repeats: Requests that came again.
        line_since_ms: Uptime at which the rate of the line was set last; 0: at the start.
        line_error_ms: Uptime at which the first line error since then was seen; 0: none was.
    """

    uptime_ms: int
    status: int
    stack_bytes: int
    frames: int
    frame_errors: int
    repeats: int
    line_since_ms: int = 0
    line_error_ms: int = 0


def parse_stats(payload: bytes) -> Stats:
    """Return the reply to STATS; ReplyError when the length is wrong."""
    return Stats(*_unpack(_STATS, payload, "STATS"))


@dataclass(frozen=True)
class Inference:
    """The reply to INFER; `cycles` is None where the target cannot count."""

    token: int
    elapsed_ms: int
    cycles: int | None


def parse_infer(payload: bytes) -> Inference:
    """Return the reply to INFER; ReplyError when the length is wrong."""
    token, elapsed_ms, counted, cycles = _unpack(_INFER, payload, "INFER")
    return Inference(token, elapsed_ms, cycles if counted else None)


@dataclass(frozen=True)
class Timing:
    """The reply to TIMING; cycles are None where the target cannot count."""

    inferences: int
    last_ms: int
    total_ms: int
    last_cycles: int | None
    min_cycles: int | None
    max_cycles: int | None


def parse_timing(payload: bytes) -> Timing:
    """Return the reply to TIMING; ReplyError when the length is wrong."""
    inferences, last_ms, total_ms, counted, *cycles = _unpack(_TIMING, payload, "TIMING")
    known = [value if counted else None for value in cycles]
    return Timing(inferences, last_ms, total_ms, *known)


def parse_baud(payload: bytes) -> tuple[int, int]:
    """Return (rate, ms that it holds without a frame) of the reply to BAUD; ReplyError."""
    baud, hold_ms = _unpack(_BAUD, payload, "BAUD")
    return baud, hold_ms


def parse_records(payload: bytes, count: int) -> NDArray[np.void]:
    """Return RECORD [count] of a SAMPLE reply's payload behind its chunk header.

    Raises:
        ReplyError: Another length.
    """
    if len(payload) != count * RECORD_BYTES:
        raise ReplyError(f"SAMPLE reply has {len(payload)} bytes of records for {count} samples")
    wire = np.frombuffer(payload, dtype=_WIRE_RECORD)
    records = np.zeros(count, dtype=RECORD)
    for name in RECORD.names or ():
        records[name] = wire[name]
    return records


def parse_error(payload: bytes) -> tuple[int, int]:
    """Return (status, type that it answers; 0 for a damaged frame); ReplyError when malformed."""
    status, answers = _unpack(_ERROR, payload, "ERROR")
    return status, answers


def chunk(token: int, start: int, data: bytes) -> bytes:
    """Return the payload of WINDOW or SAMPLE."""
    return struct.pack("<II", token, start) + data


def result_request(token: int, start: int, length: int) -> bytes:
    """Return the payload of RESULT."""
    return struct.pack("<IIH", token, start, length)


def stream_reset(token: int, phase: int | None = None, pace: int = PACE_REPLAY) -> bytes:
    """Return the payload of STREAM_RESET and STREAM_RESUME; `phase` is the first sample's number
    in its day.
    """
    return struct.pack("<III", token, NO_PHASE if phase is None else phase, pace)


def relearn(token: int, state: int) -> bytes:
    """Return the payload of RELEARN; `state` is that of the last record, which confirms it."""
    return struct.pack("<II", token, state)


def u32(value: int) -> bytes:
    """Return `value` as four bytes."""
    return struct.pack("<I", value)


def _unpack(layout: struct.Struct, payload: bytes, what: str) -> tuple[int, ...]:
    if len(payload) != layout.size:
        raise ReplyError(f"{what} reply has {len(payload)} bytes, not {layout.size}")
    return layout.unpack(payload)
