"""Ed25519 keys in PEM files (RFC 8410), as `openssl genpkey -algorithm ed25519` writes them.

The private key signs images and stays with the maker; the public one is compiled into devices.
"""

import base64
import binascii
import os
import stat
from pathlib import Path

from host_tools.errors import DataError
from targets.errors import OutputError
from targets.update import key as public_key

_PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
"""DER of a private key up to its 32 bytes: version 0, algorithm 1.3.101.112, octet string."""
_PRIVATE_KIND, _PUBLIC_KIND = "PRIVATE KEY", "PUBLIC KEY"
SEED_BYTES = 32


def _pem(kind: str, content: bytes) -> str:
    text = base64.b64encode(content).decode("ascii")
    return f"-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n"


def make(path: Path) -> Path:
    """Make a pair of keys: the private one in `path`, mode 0600, the public one beside it (.pub).

    Returns the path of the public key. Raises OutputError where one is there already, or cannot be
    written: a key that is lost cannot be made again.
    """
    from nacl.signing import SigningKey

    public = path.with_suffix(".pub")
    signing = SigningKey.generate()
    texts = {
        path: (_pem(_PRIVATE_KIND, _PRIVATE + bytes(signing)), 0o600),
        public: (_pem(_PUBLIC_KIND, public_key.PREFIX + bytes(signing.verify_key)), 0o644),
    }
    for file in texts:
        if file.exists():
            raise OutputError(f"{file}: is there already: choose another name, or move it away")
    for file, (text, mode) in texts.items():
        try:
            number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(number, "w", encoding="ascii") as out:
                out.write(text)
        except OSError as error:
            raise OutputError(f"{file}: cannot be written: {error.strerror}") from error
    return public


def load(path: Path) -> bytes:
    """Return the seed of a private key; DataError where the file is none.

    A file that others may read is refused, as by ssh.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not text"
        raise DataError(f"{path}: no private key: {why}; host_tools update key makes one") from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DataError(f"{path}: others may read this private key: chmod 600 {path}")
    lines = [line for line in text.split("\n") if line and not line.startswith("-----")]
    try:
        content = base64.b64decode("".join(lines), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if _PRIVATE_KIND not in text or not content.startswith(_PRIVATE):
        kind = "a public key, not" if _PUBLIC_KIND in text else "not"
        raise DataError(f"{path}: {kind} an Ed25519 private key in PEM (PKCS #8)")
    seed = content[len(_PRIVATE) :]
    if len(seed) != SEED_BYTES:
        raise DataError(f"{path}: the private key has {len(seed)} bytes, not {SEED_BYTES}")
    return seed


def public_of(seed: bytes) -> bytes:
    """Return the public key of a private one."""
    from nacl.signing import SigningKey

    return bytes(SigningKey(seed).verify_key)


def sign(seed: bytes, message: bytes) -> bytes:
    """Return the Ed25519 signature of a message, 64 bytes."""
    from nacl.signing import SigningKey

    return bytes(SigningKey(seed).sign(message).signature)
