"""The signature library of devices: Ed25519 and SHA-512 of libsodium, in C.

Its source comes in the source package of PyNaCl, whose wheel signs on the host: one release of
both, locked by one hash. `./safe setup update` fetches it (`python -m targets.update.library`),
and so does the first build that needs it; after that no build needs the network. Nothing of it is
part of SAFE.
"""

import hashlib
import shutil
import sys
import tarfile
from pathlib import Path

from filelock import FileLock

from targets import output
from targets.command import run
from targets.errors import BuildError, OutputError

VERSION = "1.6.2"
SHA256 = "018494d6d696ae03c7e656e5e74cdfd8ea1326962cc401bcf018f1ed8436811c"
"""Hash of `pynacl-VERSION.tar.gz`; `requirements/update.txt` has it, too."""
FOLDER = Path(sys.prefix) / "share" / "safe-edge" / f"libsodium-of-pynacl-{VERSION}"
GLUE = Path(__file__).with_name("sodium.c")
"""File that gives the library to `safe/update.h`, and what it asks of a system."""
_SECONDS = 300
_INSIDE = f"pynacl-{VERSION}/src/libsodium/src/libsodium/"
_LICENSE = f"pynacl-{VERSION}/src/libsodium/LICENSE"
_SIGN, _CORE = "crypto_sign/ed25519/ref10", "crypto_core/ed25519/ref10"
_HASH, _VERIFY = "crypto_hash/sha512/cp", "crypto_verify"
_WANTED = (f"{_SIGN}/", f"{_CORE}/", f"{_HASH}/", f"{_VERIFY}/", "include/sodium/")
SOURCES = (
    f"{_SIGN}/open.c",
    f"{_SIGN}/sign.c",
    f"{_CORE}/ed25519_ref10.c",
    f"{_HASH}/hash_sha512_cp.c",
    f"{_VERIFY}/verify.c",
)
"""Files that are compiled; `sign.c` has a function that `open.c` calls; the linker drops the rest.
"""
INCLUDES = ("include/sodium", _SIGN, _CORE)
FLAGS = ("-Os", "-ffunction-sections", "-fdata-sections", "-fstack-usage", "-DSODIUM_STATIC", "-w")
"""Flags of the compiler. Size before speed: one signature is checked for an update."""


def folder() -> Path:
    """Return the folder of the source, fetched when it is not there; BuildError, OutputError."""
    if not (FOLDER / "LICENSE").is_file():
        try:
            FOLDER.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(FOLDER.with_suffix(".lock")):
                if not (FOLDER / "LICENSE").is_file():
                    _fetch()
        except OSError as error:
            raise OutputError(f"{FOLDER}: cannot be written: {error.strerror}") from error
    return FOLDER


def _fetch() -> None:
    with output.scratch("sodium") as work:
        wanted = work / "requirements.txt"
        wanted.write_text(f"pynacl=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--disable-pip-version-check",
            "--quiet",
        ]
        command += ["--no-input", "--retries", "2", "--no-deps", "--no-build-isolation"]
        command += ["--no-binary", ":all:", "--require-hashes", "-r", str(wanted), "-d", str(work)]
        done = run(command, _SECONDS, timeout=BuildError, what="pip download pynacl")
        archive = work / f"pynacl-{VERSION}.tar.gz"
        if done.returncode != 0 or not archive.is_file():
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise BuildError(
                f"libsodium's source, in the source package of pynacl {VERSION}, cannot be had:"
                f" {(lines or ['pip failed'])[0]}; it is needed once: run again with a network"
            )
        _unpack(archive, work / "source")
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.move(work / "source", FOLDER)


def _unpack(archive: Path, out: Path) -> None:
    """Take the files that are needed; BuildError when the archive is another one."""
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise BuildError(f"{archive.name}: not the package that is locked")
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            name = member.name.removeprefix(_INSIDE)
            if member.isfile() and name != member.name and name.startswith(_WANTED):
                _write(packed, member, out / name)
        _write(packed, packed.getmember(_LICENSE), out / "LICENSE")


def _write(packed: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    file = packed.extractfile(member)
    assert file is not None
    output.write(path, file.read())


if __name__ == "__main__":
    sys.stdout.write(f"{folder()}\n")
