"""Run an image of the host target: a process of its own, its command line behind a TCP port."""

import re
from pathlib import Path

from targets.emulate.emulator import START_SECONDS, Emulator, launch
from targets.errors import EmulatorError
from targets.load import Target

_URL = re.compile(r"^url socket://127\.0\.0\.1:(\d+)$")


def start(
    target: Target, elf: Path, *, store: Path | None = None, seconds: float = START_SECONDS
) -> Emulator:
    """Start program `elf`; returns when its port accepts a connection. See `qemu.start`.

    `store` is the file of what it learns; None: as the environment variable SAFE_STORE says.
    """
    if not elf.is_file():
        raise EmulatorError(f"no image at {elf}: host_tools build --target {target.name} makes it")
    more = {} if store is None else {"SAFE_STORE": str(store)}
    return launch([str(elf.resolve()), "--tcp", "0"], _URL, seconds, more)
