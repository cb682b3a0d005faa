"""The one atomic writer: a file, or a folder of files, is written as a whole or not at all."""

import contextlib
import errno
import glob
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from targets.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows: folders that a killed process left stay until somebody removes them
    fcntl = None  # type: ignore[assignment]

_STAGE = ".safe-stage-"
_SCRATCH = "safe-"
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EROFS)


def write(
    path: Path, content: bytes | str, *, durable: bool = False, remedy: str = "choose another"
) -> None:
    """Write `content` (text as UTF-8) to `path` through a temporary name beside it.

    Missing folders are made. `durable` also forces the bytes to the disk before the rename, so
    that a power cut leaves either the old file or the new one. `remedy` ends the error's text.

    Raises:
        OutputError: The folder cannot be made or written, or the disk is full; an earlier file
            of that name is as it was.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with _replacing(path, f"; {remedy}") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


@contextlib.contextmanager
def writer(path: Path) -> Iterator[TextIO]:
    """Write a text file piece by piece: it takes its name when the body has ended without an error.

    Raises:
        OutputError: See `write`.
    """
    with _replacing(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()  # flushes, and leaves the file to its owner


@contextlib.contextmanager
def _replacing(path: Path, remedy: str = "") -> Iterator[io.BufferedWriter]:
    """Open a temporary file beside `path`, which takes its place when the body has ended."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent, f".{path.name}.", ".tmp")
        with _open_locked(temporary) as file:
            yield file
            file.flush()
            if fcntl is not None:
                temporary.replace(path)  # while it is locked
        if fcntl is None:
            temporary.replace(path)  # Windows renames closed files only
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}){remedy}") from error
    finally:
        # Still there after an error or Ctrl-C only.
        with contextlib.suppress(OSError):
            temporary.unlink()


def _open_locked(temporary: Path) -> io.BufferedWriter:
    """Open a file to write; it is locked until it is closed, so that nobody takes it for left."""
    while True:
        file = temporary.open("wb")
        if fcntl is None:
            return file
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        if temporary.exists():
            return file
        # Another process took it for abandoned before it was locked.
        file.close()


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


@dataclass(frozen=True)
class Stage:
    """The two folders that fill `out`; see `staged`.

    Attributes:
        folder: What is written here becomes part of `out`.
        work: Takes intermediate files, which are removed.
        replaced: Names of files and folders of `out` that go, whether they are made anew or not.
    """

    folder: Path
    work: Path
    replaced: set[str] = field(default_factory=set)


@contextlib.contextmanager
def staged(out: Path, last: str = "") -> Iterator[Stage]:
    """Fill the folder `out` when the body has ended without an error; otherwise leave it alone.

    The body writes into `Stage.folder`. Afterwards its files are renamed into `out` one by one,
    those in folders, too; other files of `out` stay unless `Stage.replaced` names them. The file
    `last`, if there is one to tell it by, is taken away first and comes after all others: a
    folder that holds it is whole. The stage lies inside `out`, or beside it when there is no such
    folder yet. A stage that a killed process left there is removed.

    Raises:
        OutputError: `out` is not a folder or cannot be written, or the body raised OSError.
    """
    try:
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out}: exists and is not a folder; choose another")
        place = out if out.is_dir() else out.parent
        place.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place, _STAGE)
        with _locked_folder(place, _STAGE) as root:
            stage = Stage(root / "new", root / "work")
            stage.folder.mkdir()
            stage.work.mkdir()
            yield stage
            _publish(stage, root / "old", out, last)
    except OSError as error:
        place = Path(error.filename) if isinstance(error.filename, str) else out
        raise OutputError(f"{place}: cannot be written: {error.strerror}") from error


def _publish(stage: Stage, old: Path, out: Path, last: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in (last, *sorted(stage.replaced)):
        if name and (out / name).exists():
            # Renamed, not deleted: it is quick, and the folder of a model can be large.
            (old / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).replace(old / name)
    made = sorted(path.relative_to(stage.folder) for path in stage.folder.rglob("*"))
    for path in sorted(made, key=lambda path: path.as_posix() == last):
        if (stage.folder / path).is_dir():
            (out / path).mkdir(exist_ok=True)
        else:
            (stage.folder / path).replace(out / path)


@contextlib.contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Give a folder for intermediate files among the system's temporary ones, and remove it.

    Those that a killed process left there under the same name are removed first.

    Raises:
        OutputError: There is no room for it, or for what the body writes.
    """
    place, prefix = Path(tempfile.gettempdir()), f"{_SCRATCH}{name}-"
    with contextlib.ExitStack() as stack:
        try:
            _remove_abandoned(place, prefix)
            root = stack.enter_context(_locked_folder(place, prefix))
        except OSError as error:
            raise OutputError(f"{place}: cannot be written: {error.strerror}") from error
        try:
            yield root
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise OutputError(
                f"{place}: cannot be written: {error.strerror}; free some space, or name another"
                " place by TMPDIR"
            ) from error


@contextlib.contextmanager
def _locked_folder(place: Path, prefix: str) -> Iterator[Path]:
    """Make a folder that is locked as long as this process uses it, and remove it afterwards.

    The kernel drops the lock of a process that dies in whatever way; that is how
    `_remove_abandoned` knows. (A process number would not do: numbers are used again, and a
    container that shares the folder counts its own.)
    """
    while True:
        root = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        lock = _lock(root, wait=True)
        if root.is_dir():
            break
        # Another process took it for abandoned before it was locked.
        _unlock(lock)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)
        _unlock(lock)


def _remove_abandoned(place: Path, prefix: str, suffix: str = "") -> None:
    """Remove the files and folders of this name that no living process holds locked."""
    for left in place.glob(f"{glob.escape(prefix)}*{suffix}"):
        lock = _lock(left, wait=False)
        if lock is not None:
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
            _unlock(lock)


def _lock(path: Path, *, wait: bool) -> int | None:
    """Return the open descriptor that holds the lock; None when it is held or there are none."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
