"""The soft board: an STM32 around Unicorn that runs the unmodified image, in a process of its own.

It is our reading of the manuals, not the chip: what it does not complain about may still be wrong
on silicon. See docs/emulation.md.
"""

import json

from targets.load import Target
from targets.tables import table


def restore(text: str) -> Target:
    """Return the target that `soft_board.dump` wrote; TargetError when it is none."""
    return table(Target, json.loads(text), "target")
