"""A model image for one slot, and the file that holds one image for each slot.

`sdk/include/safe/update.h` has the layout. A file is the images one after the other, slot 0 first:
the sender picks the one for the slot that the device names.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import DataError
from host_tools.formats import signing_key

MAGIC = 0x55464153
FORMAT = 1
HEADER_BYTES, SIGNED_BYTES, MARKS_BYTES = 256, 192, 64
UNIT_BYTES = 16
KEY_NAME_BYTES = 8
SLOTS = 2
_SIGNED = struct.Struct("<IHH8I32s32s16s8s64s")
assert _SIGNED.size == SIGNED_BYTES


@dataclass(frozen=True)
class Image:
    """One slot's image.

    Attributes:
        abi: Number of target, flags and interfaces that it was compiled for.
        slot: Slot that it was linked for, and `address` where its payload runs.
        ram_bytes: Memory that the model needs, arena included.
        stack_bytes: Stack that its calls take at most, proved.
        version: The maker's own number; no device compares it.
        model_sha256: As HELLO tells it, hexadecimal.
        key_name: First bytes of the public key that belongs to the signature.
    """

    abi: int
    slot: int
    address: int
    ram_bytes: int
    stack_bytes: int
    version: int
    model_sha256: str
    model: str
    target: str
    key_name: bytes
    payload: bytes
    signature: bytes = bytes(64)

    @property
    def signed(self) -> bytes:
        """The bytes of the header that are signed; they hold the payload's SHA-512."""
        return _SIGNED.pack(
            MAGIC, FORMAT, HEADER_BYTES, self.abi, self.slot, self.address, len(self.payload),
            zlib.crc32(self.payload), self.ram_bytes, self.stack_bytes, self.version,
            bytes.fromhex(self.model_sha256), self.model.encode("ascii")[:32],
            self.target.encode("ascii")[:16], self.key_name, hashlib.sha512(self.payload).digest(),
        )  # fmt: skip

    @property
    def header(self) -> bytes:
        """The header, signature included."""
        return self.signed + self.signature

    @property
    def content(self) -> bytes:
        """Header and payload."""
        return self.header + self.payload


def signed(image: Image, seed: bytes) -> Image:
    """Return the image with its signature."""
    return Image(**{**image.__dict__, "signature": signing_key.sign(seed, image.signed)})


def padded(payload: bytes) -> bytes:
    """Return a payload filled up to whole units of flash."""
    return payload + b"\xff" * (-len(payload) % UNIT_BYTES)


def _one(path: Path, content: bytes) -> tuple[Image, bytes]:
    """Return the first image of some bytes, and the rest."""
    if len(content) < HEADER_BYTES or not content.startswith(struct.pack("<I", MAGIC)):
        raise DataError(f"{path}: not a model image: host_tools update build makes one")
    (_, form, size, abi, slot, address, length, crc, ram, stack, version, sha256, model, target,
     key, digest) = _SIGNED.unpack(content[:SIGNED_BYTES])  # fmt: skip
    if (form, size) != (FORMAT, HEADER_BYTES):
        raise DataError(
            f"{path}: a model image of format {form}, this host reads {FORMAT}: build it again"
        )
    payload = content[HEADER_BYTES : HEADER_BYTES + length]
    if len(payload) != length:
        raise DataError(f"{path}: the image is cut short: build or copy it again")
    if zlib.crc32(payload) != crc or hashlib.sha512(payload).digest() != digest:
        raise DataError(f"{path}: the image is damaged: build or copy it again")
    name, made_for = (field.rstrip(b"\0").decode("ascii", "replace") for field in (model, target))
    image = Image(
        abi, slot, address, ram, stack, version, sha256.hex(), name, made_for, key, payload,
        content[SIGNED_BYTES:HEADER_BYTES],
    )  # fmt: skip
    return image, content[HEADER_BYTES + length :]


def load(path: Path) -> tuple[Image, ...]:
    """Return the images of a file, one for each slot; DataError where it is not whole."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    images: list[Image] = []
    while content or not images:
        image, content = _one(path, content)
        images.append(image)
    if [image.slot for image in images] != list(range(SLOTS)):
        raise DataError(f"{path}: holds no image for each of the {SLOTS} slots: build it again")
    return tuple(images)
