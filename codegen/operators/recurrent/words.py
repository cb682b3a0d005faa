"""The words of all steps of a loop in fewer bytes: see `safe_rerolled_unpack`.

They are scales, and so have no pattern; but most change by a few percent from step to step.
"""

import numpy as np
from numpy.typing import NDArray

_GROUP = 4
"""Lengths in a byte."""


def pack(words: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return words [steps, n] as the kernels unpack them: differences, each behind its length."""
    found = bytearray()
    before = np.zeros(words.shape[1], np.uint32)
    for row in words.view(np.uint32):
        differences = (row - before).view(np.int32)
        before = row
        for start in range(0, len(row), _GROUP):
            parts = [_shortest(int(d)) for d in differences[start : start + _GROUP]]
            found.append(sum(max(len(part) - 1, 0) << (2 * n) for n, part in enumerate(parts)))
            found += b"".join(parts)
    return np.frombuffer(bytes(found), np.uint8)


def _shortest(difference: int) -> bytes:
    """Return no byte for 0, else two to four, highest first, with sign."""
    if difference == 0:
        return b""
    length = next(n for n in (2, 3, 4) if -(1 << (8 * n - 1)) <= difference < 1 << (8 * n - 1))
    return difference.to_bytes(length, "big", signed=True)
