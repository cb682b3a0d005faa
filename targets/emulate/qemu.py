"""Run an unmodified image in QEMU, its command UART behind a TCP port of the loopback."""

import re
import shutil
from pathlib import Path

from targets.emulate.emulator import START_SECONDS, Emulator, launch
from targets.errors import EmulatorError
from targets.load import Target

_WAITING = re.compile(r"waiting for connection on: disconnected:tcp:127\.0\.0\.1:(\d+)")


def command(target: Target, elf: Path, *, plugin: str | None = None) -> list[str]:
    """Return QEMU's command line; EmulatorError when it is missing or not for this target."""
    config = target.emulator
    if config is None or config.kind != "qemu":
        raise EmulatorError(f"target {target.name} has no [emulator] of kind 'qemu'")
    program = "qemu-system-arm" if target.target.arch == "cortex_m" else "qemu-system-riscv32"
    found = shutil.which(program)
    if found is None:
        raise EmulatorError(f"{program} is not installed: apt-get install {program}")
    if not elf.is_file():
        raise EmulatorError(f"no image at {elf}: build it with scons target={target.name}")
    arguments = [found, "-M", config.machine, "-kernel", str(elf)]
    arguments += ["-display", "none", "-monitor", "none"]
    for _ in range(config.serial):
        arguments += ["-serial", "null"]
    # Port 0: the system chooses a free one, QEMU prints it, nobody can take it in between.
    # nodelay: QEMU sends byte by byte, and Nagle would hold each reply back for 40 ms.
    arguments += ["-serial", "tcp:127.0.0.1:0,server=on,wait=on,nodelay=on"]
    if plugin is not None:
        arguments += ["-plugin", plugin]
    return arguments


def start(
    target: Target, elf: Path, *, plugin: str | None = None, seconds: float = START_SECONDS
) -> Emulator:
    """Start QEMU with image `elf`; returns when its port accepts a connection.

    The image starts to run when the port is opened. `plugin` is QEMU's `-plugin` argument. Use as
    a context manager. Raises EmulatorError when QEMU is missing, dies, or opens no port within
    `seconds`.
    """
    return launch(command(target, elf, plugin=plugin), _WAITING, seconds)
