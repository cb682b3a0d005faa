"""Bounded reads from an untrusted flatbuffer: any damage is a `ModelInvalidError`, never a crash.

The `flatbuffers` package does not verify a file: a wrong position raises whatever Python raises
there, and a wrong length asks for gigabytes. So every vector length is compared with the size of
the file before it is used, and everything that a bad read raises becomes one error.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from codegen.errors import ModelInvalidError, ModelUnsupportedError

MAX_FILE_BYTES = 64 << 20
"""Largest file that is read: more than the flash of any microcontroller; it keeps a wrong file from
filling the memory."""

_MIN_FILE_BYTES = 16
_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3
_READ_ERRORS = (
    struct.error,
    LookupError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
    AssertionError,
)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever a read of damaged data raises into a `ModelInvalidError` that names `what`."""
    try:
        yield
    except _READ_ERRORS as error:
        raise ModelInvalidError(
            f"{what} cannot be read ({type(error).__name__}): the file is damaged or cut off; "
            "export it again"
        ) from error


def read_bytes(source: Path | bytes) -> bytes:
    """Return the bytes of a model file, checked for size."""
    if isinstance(source, bytes):
        data = source
    else:
        try:
            size = source.stat().st_size
            if size > MAX_FILE_BYTES:
                raise ModelUnsupportedError(f"file has {size} bytes, the limit is {MAX_FILE_BYTES}")
            data = source.read_bytes()
        except OSError as error:
            raise ModelInvalidError(f"file cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise ModelUnsupportedError(f"file has {len(data)} bytes, the limit is {MAX_FILE_BYTES}")
    return data


def root(data: bytes) -> Any:
    """Return the `tflite.Model` of a file after checking identifier and schema version."""
    if len(data) < _MIN_FILE_BYTES:
        raise ModelInvalidError(f"file has {len(data)} bytes: too short for a TFLite model")
    if data[4:8] != _IDENTIFIER:
        raise ModelInvalidError(
            f"file is not a TFLite model: bytes 4 to 7 are {data[4:8]!r}, expected {_IDENTIFIER!r}"
        )
    with reading("model header"):
        model = tflite.Model.GetRootAsModel(data, 0)
        version = model.Version()
    if version != _SCHEMA_VERSION:
        raise ModelInvalidError(
            f"TFLite schema version is {version}, expected {_SCHEMA_VERSION}: "
            "convert the model with a current TensorFlow"
        )
    return model


def tables(
    data: bytes, what: str, length: Callable[[], int], get: Callable[[int], Any]
) -> list[Any]:
    """Return a vector of tables, each at least 4 bytes long in the file."""
    with reading(f"list of {what}s"):
        count = length()
        if count * 4 > len(data):
            raise ModelInvalidError(
                f"list of {what}s claims {count} entries in a file of {len(data)} bytes: "
                "the file is damaged or cut off; export it again"
            )
        found = [get(i) for i in range(count)]
    if any(entry is None for entry in found):
        raise ModelInvalidError(f"list of {what}s has an empty entry: the file is damaged")
    return found


def integers(
    what: str, length: Callable[[], int], as_numpy: Callable[[], Any], limit: int
) -> tuple[int, ...]:
    """Return a vector of at most `limit` integers; empty when absent."""
    with reading(what):
        count = length()
        if count == 0:
            return ()
        if count > limit:
            raise ModelInvalidError(f"{what} has {count} entries, the limit is {limit}")
        return tuple(as_numpy().tolist())


def floats(
    what: str, length: Callable[[], int], as_numpy: Callable[[], Any], limit: int
) -> tuple[float, ...]:
    """Return a vector of at most `limit` float32 values, widened exactly; empty when absent."""
    with reading(what):
        count = length()
        if count == 0:
            return ()
        if count > limit:
            raise ModelInvalidError(f"{what} has {count} entries, expected at most {limit}")
        return tuple(np.asarray(as_numpy(), dtype=np.float32).tolist())


def text(what: str, raw: Callable[[], bytes | None]) -> str:
    """Return a name as one printable line of at most 200 characters."""
    with reading(what):
        name = (raw() or b"")[:200].decode("utf-8", errors="replace")
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else "?" for c in name)
