"""Run an unmodified image in QEMU, its command UART behind a TCP port of the loopback."""

import re
import shutil
from pathlib import Path

from targets import elf
from targets.emulate.emulator import START_SECONDS, Emulator, launch
from targets.errors import EmulatorError
from targets.load import Target

_WAITING = re.compile(r"waiting for connection on: disconnected:tcp:127\.0\.0\.1:(\d+)")


_PROGRAMS = {
    "cortex_m": ("qemu-system-arm", "qemu-system-arm"),
    "riscv32": ("qemu-system-riscv32", "qemu-system-misc"),
}
"""Program and the Debian package that it comes in, by architecture."""


def machine(target: Target) -> list[str]:
    """Return the head of QEMU's command line: program and machine, without display and monitor.

    Raises EmulatorError when QEMU is missing, or the target is not for it.
    """
    config = target.emulator
    if config is None or config.kind != "qemu":
        raise EmulatorError(f"target {target.name} has no [emulator] of kind 'qemu'")
    program, package = _PROGRAMS[target.target.arch]
    found = shutil.which(program)
    if found is None:
        raise EmulatorError(f"{program} is not installed: apt-get install {package}")
    arguments = [found, "-M", config.machine]
    if config.cpu:
        arguments += ["-cpu", config.cpu]
    if target.target.arch == "riscv32":
        arguments += ["-bios", "none"]
    return [*arguments, "-display", "none", "-monitor", "none"]


def missing_memory(target: Target, image: Path) -> str:
    """Return the name of a memory that the image uses and no machine of QEMU has; else nothing.

    Those are the ones of kind `data`, beside a chip's RAM.
    """
    regions = [memory for memory in target.memory if memory.kind == "data"]
    used = [section.address for section in elf.read(image).sections] if regions else []
    return next((m.name for m in regions if any(m.origin <= at < m.end for at in used)), "")


def command(target: Target, image: Path, *, plugin: str | None = None) -> list[str]:
    """Return QEMU's command line; EmulatorError when it is missing or not for this target."""
    arguments = machine(target)
    if not image.is_file():
        raise EmulatorError(
            f"no image at {image}: host_tools build --target {target.name} makes it"
        )
    if name := missing_memory(target, image):
        raise EmulatorError(
            f"the image has constants in {name}, QEMU none: --emulator board runs it"
        )
    arguments += ["-kernel", str(image)]
    for _ in range(target.emulator.serial if target.emulator else 0):
        arguments += ["-serial", "null"]
    # Port 0: the system chooses a free one, QEMU prints it, nobody can take it in between.
    # nodelay: QEMU sends byte by byte, and Nagle would hold each reply back for 40 ms.
    arguments += ["-serial", "tcp:127.0.0.1:0,server=on,wait=on,nodelay=on"]
    if plugin is not None:
        arguments += ["-plugin", plugin]
    return arguments


def start(
    target: Target, image: Path, *, plugin: str | None = None, seconds: float = START_SECONDS
) -> Emulator:
    """Start QEMU with `image`; returns when its port accepts a connection.

    The image starts to run when the port is opened. `plugin` is QEMU's `-plugin` argument. Use as
    a context manager. Raises EmulatorError when QEMU is missing, dies, or opens no port within
    `seconds`.
    """
    return launch(command(target, image, plugin=plugin), _WAITING, seconds)
