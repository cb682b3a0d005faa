"""Size of the arena of a foreign runtime, which shows only when the model is set up on its core.

An image with the application `probe` and an arena of all the RAM that is left runs once in the
target's emulator and says what was taken; `arena.json` keeps it beside the image, and SCons makes
it anew when the probe's image changes. Where a target has no emulator, `arena_bytes` of
`model.toml` says it. With too little a runtime may not return at all, so the size is checked before
it is called.
"""

import json
import re
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from targets import emulate, toml_file
from targets.errors import BuildError, EmulatorError
from targets.load import Target

PROBE = "probe"
FILE = "arena.json"
KEY = "arena_bytes"
ALIGNMENT = 16
"""SAFE_ARENA_ALIGNMENT."""
_SECONDS = 120.0
_RESERVE_BYTES = 8 * 1024
"""RAM of an image without detector beside stack and arena: its largest part is the receive ring."""
_HOST_BYTES = 64 << 20
_LINE = re.compile(rb"safe arena status=(\d+) code=(-?\d+) bytes=(\d+)\r\n")


def room(target: Target) -> int:
    """Return how large the probe's arena can be on `target`."""
    if not target.memory:
        return _HOST_BYTES
    free = target.region("ram").size - target.stack.size_bytes - _RESERVE_BYTES
    ring = target.uart.rx_ring_bytes if target.uart else 0
    return (free - ring) // ALIGNMENT * ALIGNMENT


def given(text: str) -> int:
    """Return an arena that a command line gives: a count of bytes, or a file `arena.json`.

    Raises BuildError.
    """
    if re.fullmatch(r"[1-9][0-9]{0,8}", text):
        return int(text)
    try:
        value = json.loads(Path(text).read_text(encoding="utf-8"))[KEY]
    except (OSError, ValueError, LookupError, TypeError):
        value = None
    if type(value) is not int or value < 1:
        raise BuildError(
            f"--arena {text}: neither a count of bytes nor a file that the build wrote"
        )
    return value


def described(model_toml: Path) -> int | None:
    """Return `arena_bytes` of a `model.toml`, None where it is not given; raises BuildError."""
    if not model_toml.is_file():
        return None
    value = toml_file.read(model_toml, BuildError).get(KEY)
    if value is not None and (type(value) is not int or value < 1):
        raise BuildError(f"{model_toml}: {KEY} is {value!r}, expected a count of bytes")
    return value


def settle(measured: int | None, model_toml: Path, target: str) -> int:
    """Return the arena to build with: what is described, if it is enough, else what was measured.

    Raises BuildError when neither is known, or less is described than is needed.
    """
    wanted = described(model_toml)
    if measured is None and wanted is None:
        raise BuildError(
            f"target {target} has no emulator that measures the runtime's arena: set {KEY} in"
            f" {model_toml}"
        )
    if measured is not None and wanted is not None and wanted < measured:
        raise BuildError(
            f"{model_toml}: {KEY} is {wanted}, {measured - wanted} less than the runtime takes on"
            f" {target}: raise it to {measured}, or leave it out"
        )
    return up(wanted or measured or 0)


def up(count: int) -> int:
    """Return the next multiple of an arena's alignment."""
    return -(-count // ALIGNMENT) * ALIGNMENT


def measure(target: Target, elf: Path) -> int:
    """Run the probe's image and return the bytes that the runtime took of its arena.

    Raises EmulatorError when it says nothing, BuildError when the runtime refuses the model.
    """
    with emulate.start(target, elf) as emulator:
        found = _listen(emulator.url)
        if found is None:
            emulator.check()
            raise EmulatorError(f"{elf}: did not say within {_SECONDS:g} s what arena it needs")
    status, code, count = (int(group) for group in found.groups())
    if status != 0:
        raise BuildError(
            f"the runtime refuses the model on {target.name} with an arena of {room(target)} bytes"
            f" (status {status}, its code {code}): is it larger than the RAM?"
        )
    return count


def _listen(url: str) -> "re.Match[bytes] | None":
    place = urlsplit(url)
    heard, end = b"", time.monotonic() + _SECONDS
    with socket.create_connection((place.hostname, place.port or 0), timeout=_SECONDS) as line:
        while time.monotonic() < end:
            line.settimeout(max(0.1, end - time.monotonic()))
            try:
                data = line.recv(4096)
            except TimeoutError:
                return None
            if not data:
                return None
            heard += data
            found = _LINE.search(heard)
            if found is not None:
                return found
    return None


def text(count: int, facts: dict[str, Any]) -> str:
    """Return `arena.json`: the size, and what it was measured with."""
    return json.dumps({KEY: count, **facts}, indent=2) + "\n"
