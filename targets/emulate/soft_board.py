"""Start the soft board (`targets.emulate.board`) in a process of its own."""

import importlib.util
import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from targets.emulate import board
from targets.emulate.board import chips
from targets.emulate.emulator import START_SECONDS, Emulator, launch
from targets.errors import EmulatorError
from targets.load import Target

_URL = re.compile(r"^url socket://127\.0\.0\.1:(\d+)$")


def dump(target: Target) -> str:
    """Return a target as JSON, as the process of the board takes it: it may be in no file."""

    def given(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: value for key, value in pairs if value is not None}

    return json.dumps(asdict(target, dict_factory=given))


@dataclass(frozen=True)
class Conditions:
    """Conditions under which a board runs; the default are those of every emulator."""

    strict: bool = False
    """Whether what the model of the registers refuses is a fault as well as a report."""
    fast: bool = False
    """Whether time asleep passes at once."""
    analog: Path | None = None
    """CSV file of the voltages at the analog pins (`peripheral.analog`)."""
    i2c: Path | None = None
    """CSV file of the devices on the I2C bus (`peripheral.i2c_bus`)."""

    store: Path | None = None
    """File that holds the flash of the store; the next run goes on with it."""
    cut_after: int | None = None
    """Number of bytes of the store that are programmed before the power goes; None: all."""

    @property
    def arguments(self) -> list[str]:
        """Return the options of the board's process."""
        flags = [f"--{name}" for name in ("strict", "fast") if getattr(self, name)]
        for name, path in (("analog", self.analog), ("i2c", self.i2c), ("store", self.store)):
            flags += [] if path is None else [f"--{name}", str(path.resolve())]
        flags += [] if self.cut_after is None else ["--cut-after", str(self.cut_after)]
        return flags


USUAL = Conditions()


def start(
    target: Target,
    elf: Path,
    conditions: Conditions = USUAL,
    *,
    seconds: float = START_SECONDS,
) -> Emulator:
    """Start the board of `target` with image `elf`; it is switched on when the port is opened.

    Use as a
    context manager. Raises EmulatorError when the chip is not modelled or Unicorn is missing.
    """
    chips.check(target)
    if not elf.is_file():
        raise EmulatorError(f"no image at {elf}: host_tools build --target {target.name} makes it")
    if importlib.util.find_spec("unicorn") is None:
        raise EmulatorError("the soft board needs Unicorn: pip install 'safe-edge[emulate]'")
    command = [sys.executable, "-m", board.__name__, "--image", str(elf), "--target", dump(target)]
    return launch([*command, *conditions.arguments], _URL, seconds)
