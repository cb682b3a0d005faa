"""npz files: written reproducibly; read even if somebody else wrote them, or half wrote them."""

import io
import math
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from targets import output

MOST_BYTES = 4 << 30
"""Largest size of all arrays of one file when unpacked: 1,000,000 windows of 30 samples and 32
channels."""

WINDOW_KEYS = ("windows", "rep_windows", "x", "X", "arr_0")
"""Names that earlier tools gave the array of representative windows."""

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a compressed npz whose bytes depend on the arrays and their order only.

    Raises:
        OutputError: The file cannot be written; an earlier one of that name is as it was.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, buffer.getvalue())
    output.write(path, stream.getvalue())


def read(
    path: Path, names: Collection[str] | None = None, *, remedy: str = "write it again"
) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file, or those of them that are called so.

    `remedy` is what to do about a damaged file, for the message.

    Nothing is allocated before the sizes in the file's headers agree with each other, so that a
    damaged header or a small file that unpacks to a large one is told, not tried.

    Raises:
        DataError: Missing, empty or half-written file, one with Python objects in it, or one that
            unpacks to more than MOST_BYTES.
    """
    try:
        if path.is_file() and not path.stat().st_size:
            raise DataError(f"{path}: the file is empty (0 bytes): {remedy}")
        with zipfile.ZipFile(path) as archive:
            entries = {e.filename.removesuffix(".npy"): e for e in archive.infolist()}
            wanted = {n: e for n, e in entries.items() if names is None or n in names}
            total = sum(entry.file_size for entry in wanted.values())
            if total > MOST_BYTES:
                raise DataError(f"{path}: unpacks to {total} bytes, more than {MOST_BYTES}")
            return {name: _array(archive, entry) for name, entry in wanted.items()}
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except zipfile.BadZipFile as error:
        if _is_bare(path):
            raise DataError(f"{path}: one bare array, not an npz: save it with np.savez") from error
        raise DataError(f"{path}: not a whole npz file ({error}): {remedy}") from error
    except (OSError, ValueError, EOFError, SyntaxError, LookupError, zlib.error) as error:
        raise DataError(f"{path}: not a whole npz file ({error}): {remedy}") from error
    except (RuntimeError, NotImplementedError, MemoryError) as error:  # encrypted, or too large
        raise DataError(f"{path}: cannot be read ({error}): {remedy}") from error


def _is_bare(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(np.lib.format.MAGIC_PREFIX)) == np.lib.format.MAGIC_PREFIX


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Return one array, after its header; ValueError when that does not agree with its size."""
    with archive.open(entry) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{entry.filename} has format {version}")
        header = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
        shape, _, dtype = header(stream)
        if dtype.hasobject:
            raise ValueError(f"{entry.filename} holds Python objects")
        size = math.prod(shape) * dtype.itemsize
        if stream.tell() + size != entry.file_size:
            raise ValueError(
                f"{entry.filename} says that it holds {list(shape)} {dtype} and has"
                f" {entry.file_size} bytes"
            )
    with archive.open(entry) as stream:
        found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return found


def windows(path: Path, shape: tuple[int, ...] | None = None) -> NDArray[np.float32]:
    """Return the windows of a file, float32 [N, window, channels].

    Args:
        path: An npz with one array under a known name, or one array at all.
        shape: What a window must be, [window, channels], when it is known.

    Raises:
        DataError: Missing, empty or half-written file, no such array, another shape, a value
            that is not finite; the message names the file and what to do.
    """
    arrays = read(path)
    names = [name for name in WINDOW_KEYS if name in arrays]
    names = names or (list(arrays) if len(arrays) == 1 else [])
    if not names:
        raise DataError(
            f"{path}: holds {', '.join(arrays) or 'nothing'}: no array is called"
            f" {', '.join(WINDOW_KEYS)}"
        )
    return _checked(path, arrays[names[0]], shape)


def _checked(
    path: Path, array: NDArray[np.generic], shape: tuple[int, ...] | None
) -> NDArray[np.float32]:
    if array.ndim != 3 or not np.issubdtype(array.dtype, np.floating):
        raise DataError(
            f"{path}: an array {array.dtype} {list(array.shape)} where real numbers"
            " [windows, samples, channels] are needed"
        )
    if not array.size:
        raise DataError(f"{path}: holds no window")
    if shape is not None and array.shape[1:] != tuple(shape):
        raise DataError(
            f"{path}: windows of {array.shape[1]} samples x {array.shape[2]} channels where the"
            f" model takes {' x '.join(map(str, shape))}"
        )
    if not np.isfinite(array).all():
        raise DataError(f"{path}: holds NaN or infinity: windows must not cross a gap")
    return array.astype(np.float32)
