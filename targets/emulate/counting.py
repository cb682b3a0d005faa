"""Count in whatever emulator a target has: instructions in QEMU, clock cycles in Verilator.

Both take one configuration (`count.configure`) and write one format (`count.parse`).
"""

from dataclasses import dataclass
from pathlib import Path

from targets.emulate import count, qemu, verilator
from targets.emulate.emulator import Emulator
from targets.errors import EmulatorError
from targets.load import Target, available, load

UNITS = {"qemu": "instructions", "verilator": "cycles"}
"""Unit that is counted, by kind of emulator."""


@dataclass(frozen=True)
class Files:
    """Places of a counter's files; `plugins` is the folder of QEMU's compiled plugin."""

    configuration: Path
    out: Path
    plugins: Path


def unit(target: Target) -> str:
    """Return what is counted, `instructions` or `cycles`; EmulatorError when nothing can be."""
    kind = target.emulator.kind if target.emulator is not None else ""
    if kind not in UNITS:
        raise EmulatorError(
            f"target {target.name} has no [emulator] that counts: it needs kind"
            f" {' or '.join(repr(k) for k in UNITS)}{_same_core(target)}"
        )
    return UNITS[kind]


def same_core(target: Target) -> Target | None:
    """Return another target that has the core of `target` in an emulator that counts, if any."""
    others = (load(name) for name in available())
    return next(
        (
            other
            for other in others
            if other.cpu.name == target.cpu.name and other.emulator and other.emulator.kind in UNITS
        ),
        None,
    )


def _same_core(target: Target) -> str:
    other = same_core(target)
    return f"; --target {other.name} has the same core" if other is not None else ""


def check(target: Target) -> None:
    """Raise EmulatorError or BuildError when the target's emulator is not at hand."""
    if unit(target) == "instructions":
        qemu.machine(target)
    elif target.emulator is not None:
        verilator.build(target.emulator.machine)


def _plugin(files: Files) -> str:
    return count.plugin_argument(count.build_plugin(files.plugins), files.configuration, files.out)


def start(target: Target, elf: Path, files: Files) -> Emulator:
    """Start a bench image under the counter; see the emulators for errors."""
    if unit(target) == "cycles":
        counter = verilator.counting(files.configuration, files.out)
        return verilator.start(target, elf, arguments=counter)
    return qemu.start(target, elf, plugin=_plugin(files))


def bare_command(target: Target, elf: Path, files: Files | None) -> list[str]:
    """Return the command line of an image that prints and ends by itself, counted or not."""
    if unit(target) == "cycles":
        counter = verilator.counting(files.configuration, files.out) if files else ()
        return verilator.command(target, elf, *counter)
    command = [*qemu.machine(target), "-serial", "null", "-kernel", str(elf)]
    command += ["-semihosting-config", "enable=on,target=native"]
    return command if files is None else [*command, "-plugin", _plugin(files)]
