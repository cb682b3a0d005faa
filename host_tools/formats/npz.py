"""Read arrays from npz files that somebody else may have written, or half written."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError

WINDOW_KEYS = ("windows", "rep_windows", "x", "X", "arr_0")
"""Names that earlier tools gave the representative windows."""


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
