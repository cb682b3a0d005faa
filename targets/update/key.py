"""The public key of a device's updates: an Ed25519 key in PEM (RFC 8410)."""

import base64
import binascii
from pathlib import Path

from targets.errors import BuildError

KEY_BYTES = 32
PREFIX = bytes.fromhex("302a300506032b6570032100")
"""DER of a public key up to its 32 bytes: algorithm 1.3.101.112, bit string."""


def load(path: Path) -> bytes:
    """Return the 32 bytes of a public key; BuildError where the file is none."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not text"
        raise BuildError(
            f"{path}: no public key: {why}; host_tools update key makes a pair"
        ) from None
    if "PRIVATE KEY" in text:
        raise BuildError(f"{path}: a private key: give the public one, the file beside it (.pub)")
    lines = [line for line in text.split("\n") if line and not line.startswith("-----")]
    try:
        content = base64.b64decode("".join(lines), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content.startswith(PREFIX) or len(content) != len(PREFIX) + KEY_BYTES:
        raise BuildError(f"{path}: not an Ed25519 public key in PEM")
    return content[len(PREFIX) :]
