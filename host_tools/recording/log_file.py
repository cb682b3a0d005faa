"""A log that grows: whole rows only, on the disk within a second, in files of a bounded size."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from targets.errors import OutputError

_COPIED = 1 << 16


class LogFile:
    """CSV files of one recording, `log.csv`, then `log-2.csv` and so on.

    Rows are collected and written at `flush`. After a power cut the last row of a file may be cut:
    `append` removes it. After a full disk the file ends with a whole row.
    """

    def __init__(self, path: Path, columns: Sequence[str], *, append: bool, most: int = 0) -> None:
        """Open the log.

        Args:
            path: The first file.
            columns: Names after `time`.
            append: Whether rows may follow those of a file that is there.
            most: Bytes after which the next file begins; 0: never.

        Raises:
            OutputError: The file is there and `append` is not set, it has other columns, or it
                cannot be written.
        """
        self.rows = 0
        self.files: list[Path] = []
        self._first = path
        self._most = most
        self._header = _line(["time", *columns])
        self._lines: list[bytes] = []
        self._descriptor = -1
        self._open(path, append=append)

    def write(self, stamp: float, values: Sequence[str]) -> None:
        """Keep a row for the next `flush`; `stamp` is in seconds since 1970, UTC."""
        self._lines.append(_line([utc(stamp), *values]))

    def flush(self) -> None:
        """Write what was kept and force it to the disk.

        Raises:
            OutputError: The disk is full, or is gone; the file ends with a whole row.
        """
        begin = 0
        while begin < len(self._lines):
            size = os.fstat(self._descriptor).st_size
            end = begin
            while end < len(self._lines) and not (self._most and size >= self._most):
                size += len(self._lines[end])
                end += 1
            self._append(b"".join(self._lines[begin:end]))
            self.rows += end - begin
            begin = end
            if begin < len(self._lines):
                self._next()
        self._lines = []

    def close(self) -> None:
        """Write the rest and close the file."""
        if self._descriptor < 0:
            return
        try:
            self.flush()
        finally:
            os.close(self._descriptor)
            self._descriptor = -1

    def _next(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1
        first = self._first
        number = len(self.files) + 1
        while (path := first.with_name(f"{first.stem}-{number}{first.suffix}")).exists():
            number += 1
        self._open(path, append=False)

    def _open(self, path: Path, *, append: bool) -> None:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | (0 if append else os.O_EXCL)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, flags, 0o644)
            self.files.append(path)
            if append:
                self._continue(path)
        except FileExistsError:
            raise OutputError(
                f"{path}: is there already: choose another --out, or --append to go on with it"
            ) from None
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
        if not os.fstat(self._descriptor).st_size:
            self._append(self._header)

    def _continue(self, path: Path) -> None:
        """Go to the end of the last whole row; OutputError when the columns are others."""
        header = os.read(self._descriptor, len(self._header))
        size = os.fstat(self._descriptor).st_size
        if size and header != self._header:
            names = header.split(b"\n")[0].decode("utf-8", "replace")
            raise OutputError(
                f"{path}: its first line is {names!r}, this recording's is"
                f" {self._header.decode().strip()!r}: choose another --out"
            )
        os.ftruncate(self._descriptor, _whole(self._descriptor, size))
        os.lseek(self._descriptor, 0, os.SEEK_END)

    def _append(self, data: bytes) -> None:
        start, done = os.fstat(self._descriptor).st_size, 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, data[done:])
            os.fsync(self._descriptor)
        except OSError as error:
            kept = data[:done].rfind(b"\n") + 1
            os.ftruncate(self._descriptor, start + kept)
            self._lines = []
            raise OutputError(
                f"{self.files[-1]}: cannot be written ({error.strerror}); it ends with a whole row:"
                " make room, and go on with --append"
            ) from error


def _whole(descriptor: int, size: int) -> int:
    """Return the length of a file up to the end of its last whole line."""
    end = size
    while end:
        begin = max(0, end - _COPIED)
        os.lseek(descriptor, begin, os.SEEK_SET)
        found = os.read(descriptor, end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _line(cells: Sequence[str]) -> bytes:
    quoted = ('"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\n') else cell
              for cell in cells)  # fmt: skip
    return (",".join(quoted) + "\n").encode()


def utc(stamp: float) -> str:
    """Return seconds since 1970 as ISO 8601 in UTC, with microseconds."""
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
