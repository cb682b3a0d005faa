"""Write a file whole or not at all."""

import contextlib
import os
from pathlib import Path

from targets.errors import OutputError


def write_text(path: Path, text: str) -> None:
    """Write text under a temporary name, then rename.

    Raises:
        OutputError: The folder is missing or cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text)
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        # Still there after an error or Ctrl-C only.
        with contextlib.suppress(OSError):
            temporary.unlink()
