"""Constants that the kernels of a loop share, with the words of all steps in fewer bytes.

See `safe_rerolled_unpack`. The words are scales, and so have no pattern; but most change by a few
percent from step to step.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from codegen.ir.call import Constant
from codegen.operators.recurrent.rerolled_fit import FittedRows

ROWS = 8
"""Number of rows whose scales make a tile: the kernels read whole tiles."""
_GROUP = 4
"""Number of differences for which one byte tells what they leave out, two bits each."""


def pack(words: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return words [steps, n] as the kernels unpack them: differences, each without its high bytes.

    The very first keeps all four: see `safe_rerolled_unpack`.
    """
    found = bytearray()
    before = np.zeros(words.shape[1], np.uint32)
    for row in words.view(np.uint32):
        differences = (row - before).view(np.int32)
        before = row
        for start in range(0, len(row), _GROUP):
            least = 1 if found else 4
            parts = [_shortest(int(d), 1) for d in differences[start : start + _GROUP]]
            parts[0] = _shortest(int(differences[start]), least)
            found.append(sum((4 - len(part)) << (2 * n) for n, part in enumerate(parts)))
            found += b"".join(parts)
    return np.frombuffer(bytes(found), np.uint8)


def _shortest(difference: int, least: int) -> bytes:
    """Return at least so many bytes and at most four, lowest first, with sign."""
    fits = (n for n in range(least, 5) if -(1 << (8 * n - 1)) <= difference < 1 << (8 * n - 1))
    return difference.to_bytes(next(fits), "little", signed=True)


def tiled(scales: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the scales of whole tiles."""
    return np.concatenate([scales, np.repeat(scales[-1:], -scales.size % ROWS)])


def shared_constants(fitted: FittedRows, bias: Constant | None = None) -> tuple[Constant, ...]:
    """Return what follows the weights, in the order of the kernels' arguments."""
    # C has no array of no elements.
    exact = fitted.exact if fitted.exact.size else np.zeros(1, np.int32)
    return (
        _own("input_scales", tiled(fitted.input_scales)),
        _own("recurrent_scales", tiled(fitted.recurrent_scales)),
        *(() if bias is None else (bias,)),
        _own("words", pack(fitted.words)),
        _own("bins", fitted.bins),
        _own("thresholds", fitted.thresholds),
        _own("exact", exact),
    )


def _own(suffix: str, data: NDArray[Any]) -> Constant:
    return Constant(suffix, data, counts_as_weight=False)
