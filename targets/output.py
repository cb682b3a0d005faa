"""The one atomic writer: a file is written as a whole or not at all."""

import contextlib
import os
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
