"""Payloads of what a device sends of its own sensors: SENSORS, WATCH and CONTROL (PROTOCOL.md)."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from host_tools.device import protocol

CONTROL_RELEARN, CONTROL_SAVE = 1, 2
"""What CONTROL asks for."""
_SENSORS = struct.Struct("<HII")
_VERDICT = struct.Struct("<II")


@dataclass(frozen=True)
class SensorStream:
    """The reply to SENSORS and WATCH: channels, microseconds between samples, the next index."""

    channels: int
    period_us: int
    next: int


def parse_sensors(payload: bytes, request: str) -> SensorStream:
    """Return the reply to SENSORS or WATCH; ReplyError when it cannot be one."""
    if len(payload) != _SENSORS.size:
        raise protocol.ReplyError(f"{request} reply has {len(payload)} bytes, not {_SENSORS.size}")
    found = SensorStream(*_SENSORS.unpack(payload))
    if not found.channels or not found.period_us:
        raise protocol.ReplyError(
            f"{request}: the device tells {found.channels} channels every {found.period_us} us"
        )
    return found


def parse_sensor_rows(payload: bytes, channels: int) -> tuple[int, NDArray[np.float32]] | None:
    """Return index of the first row and float32 [rows, channels] of a SENSOR frame; None when the
    length does not fit.
    """
    rows, rest = divmod(len(payload) - 4, 4 * channels)
    if rows < 1 or rest:
        return None
    values = np.frombuffer(payload, "<f4", offset=4).reshape(rows, channels)
    return int.from_bytes(payload[:4], "little"), values.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Verdict:
    """A VERDICT frame: a sample of the device's own sensors, and what its detector says of it.

    `cycles` of the detector's step are None where the target cannot count; `values` are float32
    [channels].
    """

    index: int
    cycles: int | None
    record: np.void
    values: NDArray[np.float32]


def parse_verdict(payload: bytes, channels: int) -> Verdict | None:
    """Return what a VERDICT frame holds; None when the length does not fit."""
    head = _VERDICT.size
    if len(payload) != head + protocol.RECORD_BYTES + 4 * channels:
        return None
    index, cycles = _VERDICT.unpack_from(payload)
    record = protocol.parse_records(payload[head : head + protocol.RECORD_BYTES], 1)[0]
    values = np.frombuffer(payload, "<f4", offset=head + protocol.RECORD_BYTES)
    return Verdict(index, cycles or None, record, values.astype(np.float32))


def control(what: int, state: int) -> bytes:
    """Return the payload of CONTROL; `state` is that of the last record, which confirms it."""
    return struct.pack("<BB", what, state)
