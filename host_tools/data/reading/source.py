"""Bytes to text: compression, encoding, and whole lines in blocks of bounded size.

Every block is UTF-8 with lines that end in one line feed, whatever the file holds.
"""

import codecs
import gzip
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from host_tools.errors import DataError

BLOCK_BYTES = 1 << 23
HEAD_BYTES = 1 << 18
_LONGEST_LINE_BYTES = 1 << 24

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"\x89PNG", "a picture"),
    (b"PAR1", "a Parquet file: export it as CSV"),
    (b"SQLite format 3", "a database: export a table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook: save the sheet as CSV"),
    (b"\x89HDF", "an HDF5 file: export it as CSV"),
    (b"%PDF", "a PDF"),
)
SUFFIXES = (".csv", ".txt", ".tsv", ".dat", ".log", ".gz", ".zip")
"""Of the files that a folder is searched for, in any case."""


class NotUtf8(Exception):  # noqa: N818
    """A byte far down is not UTF-8: the file is read again as another encoding."""


@dataclass(frozen=True)
class Source:
    """One file of text.

    Attributes:
        path: The file, as messages name it.
        encoding: What Python calls it.
        packed: "", "gz", or "zip".
        certain: Whether the encoding is proved by a byte order mark, or given.
    """

    path: Path
    encoding: str
    packed: str
    certain: bool

    @property
    def size(self) -> int:
        """Bytes of the file as it lies on the disk."""
        return self.path.stat().st_size


class Part(NamedTuple):
    """Whole lines of a file: UTF-8 bytes, the number of the first line, bytes read so far."""

    text: bytes
    first_line: int
    position: int


def expand(paths: list[Path]) -> list[Path]:
    """Return the files that are meant: a folder stands for the logs directly in it."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        names = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
        inside = [p for p in names if not p.name.startswith((".", "~$"))]
        if not inside:
            raise DataError(f"{path}: cannot be read: a folder without any {' '.join(SUFFIXES)}")
        found += inside
    return found


def open_source(path: Path, encoding: str | None = None) -> Source:
    """Find out how a file is packed and encoded, from its first bytes.

    Raises:
        DataError: Missing, empty, binary, or an encoding that Python does not know.
    """
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
        packed = "gz" if magic[:2] == b"\x1f\x8b" else "zip" if magic == b"PK\x03\x04" else ""
        with _stream(path, packed) as (inside, _):
            head = inside.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (gzip.BadGzipFile, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{path}: damaged archive ({error}): pack it again") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not head.strip(b" \t\r\n\0"):
        raise DataError(f"{path}: the file is empty")
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise DataError(f"{path}: not a text file but {what}")
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise DataError(f"--encoding {encoding}: Python knows no such encoding") from error
        return Source(path, encoding, packed, certain=True)
    name, certain = _encoding(path, head)
    return Source(path, name, packed, certain)


def _encoding(path: Path, head: bytes) -> tuple[str, bool]:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, True
    head = head.rstrip(b"\0")
    if b"\0" in head:
        half = len(head) // 2 or 1
        if head[1::2].count(0) > 0.7 * half and not head[::2].count(0):
            return "utf-16-le", False
        if head[::2].count(0) > 0.7 * half and not head[1::2].count(0):
            return "utf-16-be", False
        raise DataError(f"{path}:{head[: head.index(0)].count(10) + 1}: {_ZERO_BYTES}")
    controls = len(re.findall(rb"[\x01-\x08\x0e-\x1f\x7f]", head[:4096]))
    if controls > 0.05 * min(len(head), 4096):
        raise DataError(f"{path}: not text: {controls} control characters in its first bytes")
    return "utf-8", False


_ZERO_BYTES = "holds zero bytes: not a CSV file, or its logger lost its power here"


def refuse_double_bytes(path: Path) -> None:
    """Raise DataError when text that is no UTF-8 may be Chinese as well as western European.

    Evidence: letters above ASCII come in pairs only, and the pairs are Chinese characters.
    """
    head = path.read_bytes()[:HEAD_BYTES].rpartition(b"\n")[0]
    runs = re.findall(rb"[\x80-\xff]+", head)
    if sum(map(len, runs)) < _LEAST_PAIRED or any(len(run) % 2 for run in runs):
        return
    try:
        example = runs[0].decode("gb18030")
        head.decode("gb18030")
    except UnicodeDecodeError:
        return
    western = runs[0].decode("cp1252", "replace")
    raise DataError(
        f"{path}: not UTF-8: {example[:10]} in gb18030, or {western[:10]} in cp1252: give"
        " --encoding gb18030 or --encoding cp1252"
    )


_LEAST_PAIRED = 6


class _Opened:
    """A stream of the unpacked bytes, and the file below it."""

    def __init__(self, path: Path, packed: str) -> None:
        self._file = path.open("rb")
        self._inside: IO[bytes] = self._file
        if packed == "gz":
            self._inside = gzip.GzipFile(fileobj=self._file)  # type: ignore[assignment]
        elif packed == "zip":
            self._inside = _member(path, zipfile.ZipFile(self._file))

    def __enter__(self) -> tuple[IO[bytes], IO[bytes]]:
        return self._inside, self._file

    def __exit__(self, *_: object) -> None:
        self._inside.close()
        self._file.close()


def _member(path: Path, archive: zipfile.ZipFile) -> IO[bytes]:
    names = [one.filename for one in archive.infolist() if not one.is_dir()]
    if any(name.startswith("xl/") for name in names):
        raise DataError(f"{path}: not a text file but an Excel workbook: save the sheet as CSV")
    names = [name for name in names if not name.startswith("__MACOSX")]
    if len(names) != 1:
        shown = ", ".join(names[:3]) or "nothing"
        raise DataError(
            f"{path}: holds {len(names)} files ({shown}): unpack it, and give the files of one log"
        )
    return archive.open(names[0])


def _stream(path: Path, packed: str) -> _Opened:
    return _Opened(path, packed)


def head_text(source: Source) -> str:
    """Return the first lines of a file, whole ones, at most about HEAD_BYTES."""
    text = b""
    for part in parts(source, HEAD_BYTES):
        text += part.text
        if len(text) >= HEAD_BYTES // 2:
            break
    return text.decode()


def parts(source: Source, size: int = BLOCK_BYTES) -> Iterator[Part]:
    """Yield a file's lines, about `size` bytes at a time.

    Raises:
        DataError: A zero byte, a line without an end, a damaged archive.
        NotUtf8: The encoding was taken for UTF-8, and is not.
    """
    line = 1
    try:
        with _stream(source.path, source.packed) as (inside, below):
            for text in _whole_lines(source, _utf8(source, inside, size)):
                if b"\0" in text:
                    at = line + text.count(b"\n", 0, text.index(b"\0"))
                    raise DataError(f"{source.path}:{at}: {_ZERO_BYTES}")
                yield Part(text, line, below.tell())
                line += text.count(b"\n")
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise DataError(f"{source.path}: damaged archive ({error}): pack it again") from error


def _utf8(source: Source, stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield the content as UTF-8 bytes."""
    first = True
    plain = source.encoding in ("utf-8", "utf-8-sig")
    decoder = codecs.getincrementaldecoder(source.encoding)("strict")
    while chunk := stream.read(size):
        if plain and first and chunk.startswith(codecs.BOM_UTF8):
            chunk = chunk[3:]
        first = False
        if not plain:
            try:
                yield decoder.decode(chunk).encode()
            except UnicodeDecodeError as error:
                raise _undecodable(source, error) from error
            continue
        yield chunk
    if not plain:
        try:
            yield decoder.decode(b"", final=True).encode()
        except UnicodeDecodeError as error:
            raise _undecodable(source, error) from error


def _undecodable(source: Source, error: UnicodeDecodeError) -> DataError:
    return DataError(
        f"{source.path}: not {source.encoding} text ({error.reason}): give its --encoding"
    )


def _whole_lines(source: Source, chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for raw in chunks:
        chunk = rest + raw
        if b"\r" in chunk:
            # A lone \r that ends the chunk may be half of \r\n: it waits for the next one.
            held = b"\r" if chunk.endswith(b"\r") else b""
            body = chunk[: len(chunk) - len(held)]
            chunk = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        cut = chunk.rfind(b"\n") + 1
        rest = chunk[cut:]
        if len(rest) > _LONGEST_LINE_BYTES:
            raise DataError(f"{source.path}: a line has no end within 16 MB: not a CSV file")
        if cut:
            yield _checked(source, chunk[:cut])
    bare = rest.rstrip(b"\0\r\n ")
    if b"\0" in rest[len(bare) :]:
        # What a logger that lost its power leaves: told as a line that is no row.
        rest = bare + b"\n" * bool(bare) + b"# zero bytes"
    if rest.strip():
        yield _checked(source, rest.rstrip(b"\r") + b"\n")


def _checked(source: Source, text: bytes) -> bytes:
    if source.encoding in ("utf-8", "utf-8-sig") and not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError as error:
            if source.certain:
                raise _undecodable(source, error) from error
            raise NotUtf8 from error
    return text
