"""A model image over the line: what the device has, the image in pieces, its trial.

Nothing is sent before the device said what it takes: an image for another key, target or release
ends with one line, and the device stays as it is.
"""

import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from host_tools.device import protocol
from host_tools.device.link import (
    ChunkDamagedError,
    DeviceRestartedError,
    Link,
    StatusError,
)
from host_tools.device.protocol import FEATURE_UPDATE, DeviceInfo, ReplyError
from host_tools.errors import (
    DeviceError,
    DeviceSilentError,
    DeviceVersionError,
    LinkLostError,
    UpdateRefusedError,
    UpdateRejectedError,
)
from host_tools.formats.update_image import FORMAT, UNIT_BYTES, Image

BUILT_IN = 2**32 - 1
"""Number of the slot of the model that the application was linked with."""
_INFO = struct.Struct("<HH5I8s3I")
_SLOT = struct.Struct("<III32s")
_DATA_HEADER_BYTES = 4
_TRIAL_SECONDS = 60.0
"""Longest time that the host waits for a device that restarts and tests itself."""
_BEGINS = 3
"""Number of times that an image is begun anew when the device restarts meanwhile."""

Progress = Callable[[int, int], None]
"""Function that is told the bytes that are in flash, and those of the whole image."""


class State(IntEnum):
    """State of a slot: safe_update_state_t."""

    EMPTY = 0
    NEW = 1
    TRIED = 2
    CONFIRMED = 3
    REJECTED = 4


@dataclass(frozen=True)
class Slot:
    """One slot as the device tells it."""

    state: State
    sequence: int
    version: int
    model_sha256: str


@dataclass(frozen=True)
class UpdateInfo:
    """What a device takes, and what it has: the reply to UPDATE_INFO.

    Attributes:
        key_name: First bytes of the public key.
        running: Slot that runs; BUILT_IN: the application's own model.
        target: Slot that takes the next image.
        trial_ms: Time in which what runs must be confirmed; 0: it is no trial.
    """

    format: int
    abi: int
    origin: int
    slot_bytes: int
    ram_bytes: int
    stack_bytes: int
    key_name: bytes
    running: int
    target: int
    trial_ms: int
    slots: tuple[Slot, ...]


def parse_info(payload: bytes) -> UpdateInfo:
    """Return the reply to UPDATE_INFO; ReplyError when its length is wrong."""
    if len(payload) < _INFO.size:
        raise ReplyError(f"UPDATE_INFO reply has {len(payload)} bytes")
    form, count, *fields = _INFO.unpack(payload[: _INFO.size])
    if len(payload) != _INFO.size + count * _SLOT.size:
        raise ReplyError(f"UPDATE_INFO reply has {len(payload)} bytes for {count} slots")
    slots = []
    for at in range(_INFO.size, len(payload), _SLOT.size):
        state, sequence, version, sha256 = _SLOT.unpack(payload[at : at + _SLOT.size])
        if state not in set(State):
            raise ReplyError(f"UPDATE_INFO reply has a slot in state {state}")
        slots.append(Slot(State(state), sequence, version, sha256.hex()))
    abi, origin, slot_bytes, ram, stack, key, running, target, trial = fields
    return UpdateInfo(
        form, abi, origin, slot_bytes, ram, stack, key, running, target, trial, tuple(slots)
    )


def info(link: Link, device: DeviceInfo) -> UpdateInfo:
    """Return what the device takes; UpdateRefusedError when it takes no models."""
    if not device.features & FEATURE_UPDATE:
        raise UpdateRefusedError(
            f"the device on {link.port.url} takes no models over the line: its image must be built"
            " with update=KEY.pub"
        )
    return parse_info(link.request("UPDATE_INFO"))


def choose(images: Sequence[Image], about: UpdateInfo) -> Image:
    """Return the image for the slot that the device names.

    Raises UpdateRefusedError or DeviceVersionError where the device would refuse it.
    """
    image = next((image for image in images if image.slot == about.target), images[0])
    if about.format != FORMAT:
        raise DeviceVersionError(
            f"the device takes images of format {about.format}, this host makes {FORMAT}: use the"
            " device's tools"
        )
    if image.abi != about.abi:
        raise UpdateRefusedError(
            f"the image is for {image.target}, interface {image.abi:08x}; the device has interface"
            f" {about.abi:08x}, another target or release: build it for the device's target, with"
            " the tools of its release"
        )
    if image.key_name != about.key_name:
        raise UpdateRefusedError(
            f"the image is signed with key {image.key_name.hex()}, the device trusts"
            f" {about.key_name.hex()}: sign with the key that the device was built with"
        )
    return image


def _count(payload: bytes) -> int:
    """Return the bytes that are in flash, which BEGIN and DATA are answered with."""
    if len(payload) != 4:
        raise ReplyError(f"the reply to a piece of an image has {len(payload)} bytes")
    return int.from_bytes(payload, "little")


def send(link: Link, image: Image, max_payload: int, tell: Progress) -> None:
    """Send an image into its slot, going on after damage; the device has checked it at the end.

    Raises StatusError, and LinkLostError when the line does not come back.
    """
    for attempt in range(_BEGINS):
        try:
            _send_once(link, image, max_payload, tell)
            return
        except DeviceRestartedError:
            if attempt == _BEGINS - 1:
                raise
            link.connect()  # it forgot what came: the image is begun anew


def _send_once(link: Link, image: Image, max_payload: int, tell: Progress) -> None:
    most = max_payload - _DATA_HEADER_BYTES
    total = len(image.payload)
    done = _begin(link, image)
    while done < total:
        tell(done, total)
        room = max(UNIT_BYTES, link.chunk.within(most) // UNIT_BYTES * UNIT_BYTES)
        piece = protocol.u32(done) + image.payload[done : done + room]
        try:
            done = _count(link.request("UPDATE_DATA", piece, is_chunk=True))
        except ChunkDamagedError:
            done = _begin(link, image)  # whether the piece arrived is not known
    tell(total, total)
    link.request("UPDATE_END")


def _begin(link: Link, image: Image) -> int:
    """Begin an image, or go on with it; return the bytes of it that are in flash."""
    return _count(link.request("UPDATE_BEGIN", image.header))


def try_out(link: Link, image: Image) -> DeviceInfo:
    """Restart the device into the new image and keep it when it works.

    The device tests the image itself before it answers; the host looks at the model's hash, and
    confirms. Raises UpdateRejectedError when the device runs what it ran before.
    """
    link.reset()
    deadline = time.monotonic() + _TRIAL_SECONDS
    while True:
        try:
            device = link.connect()
            about = info(link, device)
            break
        except (DeviceError, DeviceSilentError, LinkLostError):
            # A model that fails its test restarts the device once more.
            if time.monotonic() > deadline:
                raise
    slot = about.slots[image.slot]
    if about.running != image.slot or device.model_sha256 != image.model_sha256:
        raise UpdateRejectedError(
            f'the device rejected model "{image.model}" ({slot.state.name.lower()}): its test'
            f' on the device failed; it runs "{device.model}" as before'
        )
    if about.trial_ms:
        link.request("UPDATE_CONFIRM")
    return device


def refused(error: StatusError, image: Image) -> Exception:
    """Return what an error reply to an image means to the user."""
    names = {
        "SIGNATURE": "the signature is not that of the device's key",
        "CORRUPT": "the bytes in flash are not those that were signed",
        "STORAGE": "the flash cannot be erased or programmed",
        "ABI": "the image is for another target or release",
        "ARENA_TOO_SMALL": "the model needs more RAM or stack than the device has for models",
        "NOT_READY": "the device is trying out another image: wait a minute",
    }
    name = protocol.status_name(error.status)
    known = [text for key, text in names.items() if protocol.Status[key] == error.status]
    why = known[0] if known else name
    return UpdateRefusedError(f'the device refuses model "{image.model}": {why}')
