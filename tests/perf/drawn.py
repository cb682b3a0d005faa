"""A drawn model whose budgets are held: an unrolled LSTM of 80 units and 30 steps.

Its scales differ in every step, as those of a trained one. To hold new figures:

    python -m tests.perf.drawn build/drawn
    python -m host_tools perf build/drawn/*.tflite --optimize balanced --update
"""

import sys
from pathlib import Path

from tests.unit.codegen.passes.test_reroll import Unrolled

NAME = "drawn_unrolled_lstm"


def write(folder: Path) -> Path:
    """Write the model; the same bytes each time. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.tflite"
    path.write_bytes(Unrolled(80, 30, every=False).build())
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1]))
