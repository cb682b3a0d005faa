"""npz files: written reproducibly; read even if somebody else wrote them, or half wrote them."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from targets import output

WINDOW_KEYS = ("windows", "rep_windows", "x", "X", "arr_0")
"""Names that earlier tools gave the representative windows."""

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


def windows(path: Path, shape: tuple[int, ...] | None = None) -> NDArray[np.float32]:
    """Return the windows of a file, float32 [N, window, channels].

    Args:
        path: An npz with one array under a known name, or one array at all.
        shape: What a window must be, [window, channels], when it is known.

    Raises:
        DataError: Missing, empty or half-written file, no such array, another shape, a value
            that is not finite; the message names the file and what to do.
    """
    try:
        if path.is_file() and not path.stat().st_size:
            raise DataError(f"{path}: the file is empty (0 bytes): write it again")
        opened = np.load(path, allow_pickle=False)
        if isinstance(opened, np.ndarray):
            raise DataError(f"{path}: one bare array, not an npz: save it with np.savez")
        with opened as archive:
            names = [name for name in WINDOW_KEYS if name in archive.files]
            names = names or (archive.files if len(archive.files) == 1 else [])
            if not names:
                raise DataError(
                    f"{path}: holds {', '.join(archive.files) or 'nothing'}: no array is called"
                    f" {', '.join(WINDOW_KEYS)}"
                )
            found = np.asarray(archive[names[0]])
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: not a whole npz file ({error}): write it again") from error
    return _checked(path, found, shape)


def _checked(
    path: Path, found: NDArray[np.generic], shape: tuple[int, ...] | None
) -> NDArray[np.float32]:
    if found.ndim != 3 or not np.issubdtype(found.dtype, np.floating):
        raise DataError(
            f"{path}: an array {found.dtype} {list(found.shape)} where real numbers"
            " [windows, samples, channels] are needed"
        )
    if not found.size:
        raise DataError(f"{path}: holds no window")
    if shape is not None and found.shape[1:] != tuple(shape):
        raise DataError(
            f"{path}: windows of {found.shape[1]} samples x {found.shape[2]} channels where the"
            f" model takes {' x '.join(map(str, shape))}"
        )
    if not np.isfinite(found).all():
        raise DataError(f"{path}: holds NaN or infinity: windows must not cross a gap")
    return found.astype(np.float32)
