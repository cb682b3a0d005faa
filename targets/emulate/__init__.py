"""Emulators: QEMU, the soft board, Verilator, a process of the host; the instruction counter."""

from dataclasses import replace
from pathlib import Path

from targets.emulate import process, qemu, soft_board, verilator
from targets.emulate.emulator import Emulator
from targets.errors import EmulatorError
from targets.load import EmulatorConfig, Target

BOARD = "board"
STRICT = soft_board.Conditions(strict=True)
KINDS = ("qemu", BOARD, "process", "verilator")


def configuration(target: Target, kind: str | None = None) -> EmulatorConfig:
    """Return how the target is emulated: as it says, or by the soft board when that is asked for.

    Raises EmulatorError when the target cannot be emulated so.
    """
    config = target.emulator
    if kind == BOARD and (config is None or config.kind != BOARD):
        # The soft board has what QEMU lacks: nothing is expected to be missing.
        empty = EmulatorConfig(kind=BOARD)
        return empty if config is None else replace(config, kind=BOARD, expected_status=())
    if config is None:
        raise EmulatorError(f"target {target.name} has no [emulator]: it needs a board")
    if kind is not None and kind != config.kind:
        raise EmulatorError(f"target {target.name} runs in {config.kind!r}, not in {kind!r}")
    return config


def start(
    target: Target,
    elf: Path,
    *,
    kind: str | None = None,
    conditions: soft_board.Conditions = soft_board.USUAL,
) -> Emulator:
    """Start image `elf` in the emulator that the target describes; use as a context manager.

    `kind` "board" asks for the soft board instead; `conditions` are for that one only, but for the
    file of the store, which a process of the host takes, too. Raises EmulatorError when the target
    has none, or it does not start.
    """
    config = configuration(target, kind)
    if config.kind == "process" and conditions == soft_board.Conditions(store=conditions.store):
        return process.start(target, elf, store=conditions.store)
    if conditions != soft_board.USUAL and config.kind != BOARD:
        asked = conditions.arguments[0]
        raise EmulatorError(f"{asked} is of the soft board; {target.name} runs in {config.kind}")
    if config.kind == BOARD:
        return soft_board.start(target, elf, conditions)
    if config.kind == "verilator":
        return verilator.start(target, elf)
    return qemu.start(target, elf)
