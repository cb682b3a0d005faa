"""The one atomic writer: a file is written as a whole or not at all."""

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from targets.errors import OutputError


def write(path: Path, content: bytes | str, *, durable: bool = False) -> None:
    """Write `content` (text as UTF-8) to `path` through a temporary name beside it.

    Missing folders are made. `durable` also forces the bytes to the disk before the rename, so
    that a power cut leaves either the old file or the new one.

    Raises:
        OutputError: The folder cannot be made or written, or the disk is full; an earlier file
            of that name is as it was.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose another") from (
            error
        )
    finally:
        # Still there after an error or Ctrl-C only.
        with contextlib.suppress(OSError):
            temporary.unlink()


def check_file(path: Path) -> None:
    """Raise OutputError when `write` could not write `path`; nothing is left behind."""
    if path.is_dir():
        raise OutputError(f"{path}: is a folder: name a file in it")
    check_folder(path.parent)


def check_folder(path: Path) -> None:
    """Raise OutputError when no file can be written into folder `path`, or it cannot be made.

    Tried with a temporary file in the folder, or in the nearest one above it that is there:
    rights alone do not tell of a read-only disk, nor of one that is full.
    """
    try:
        there = next(folder for folder in (path, *path.absolute().parents) if _exists(folder))
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{there} is no folder")
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose another") from (
            error
        )


def _exists(path: Path) -> bool:
    """Return whether something of this name is there; OSError when that cannot be told."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
