"""Archives whose bytes depend on nothing but their content: no date, no owner, no compressor."""

import io
import zipfile
from collections.abc import Mapping

_DATE = (1980, 1, 1, 0, 0, 0)
"""The first day that a ZIP archive can tell."""
_MODE = 0o100644 << 16
_UNIX = 3


def zipped(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """Return a ZIP archive of `files`, by path, each below `folder`.

    Nothing is compressed: what a compressor makes depends on its release.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{path}" if folder else path, _DATE)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, content)
    return buffer.getvalue()
