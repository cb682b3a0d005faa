"""The soft board: an STM32 around Unicorn that runs the unmodified image, in a process of its own.

It is our reading of the manuals, not the chip: what it does not complain about may still be wrong
on silicon. See docs/emulation.md.
"""

import importlib.util
import re
import sys
from pathlib import Path

from targets.emulate.emulator import START_SECONDS, Emulator, launch
from targets.errors import EmulatorError
from targets.load import Target

DRIVERS = ("stm32f4", "stm32u5")
"""Families that chips.py models; a test compares."""
_URL = re.compile(r"^url socket://127\.0\.0\.1:(\d+)$")


def start(
    target: Target, elf: Path, *, strict: bool = False, seconds: float = START_SECONDS
) -> Emulator:
    """Start the board of `target` with image `elf`; it is switched on when the port is opened.

    With `strict`, what the model of the registers refuses is a fault as well as a report. Use as a
    context manager. Raises EmulatorError when the chip is not modelled or Unicorn is missing.
    """
    if target.target.driver not in DRIVERS:
        raise EmulatorError(
            f"target {target.name} has no soft board: its driver is {target.target.driver!r}, "
            f"modelled are {', '.join(DRIVERS)}"
        )
    if not elf.is_file():
        raise EmulatorError(f"no image at {elf}: build it with scons target={target.name}")
    if importlib.util.find_spec("unicorn") is None:
        raise EmulatorError("the soft board needs Unicorn: pip install 'safe-edge[emulate]'")
    command = [sys.executable, "-m", __name__, "--target", target.name, "--image", str(elf)]
    return launch([*command, *(["--strict"] if strict else [])], _URL, seconds)
