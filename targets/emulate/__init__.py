"""Emulators: QEMU, a process of the host, and the instruction counter."""

from pathlib import Path

from targets.emulate import process, qemu
from targets.emulate.emulator import Emulator
from targets.errors import EmulatorError
from targets.load import Target


def start(target: Target, elf: Path) -> Emulator:
    """Start image `elf` in the emulator that the target describes; use as a context manager.

    Raises EmulatorError when the target has none, or it does not start.
    """
    if target.emulator is None:
        raise EmulatorError(f"target {target.name} has no [emulator]: it needs a board")
    if target.emulator.kind == "process":
        return process.start(target, elf)
    return qemu.start(target, elf)
