"""The interpolated sigmoid as lines, for kernels of several instruction sets."""

import numpy as np
from numpy.typing import NDArray

from codegen.sigmoid_table import SIGMOID_TABLE


def sigmoid_lines() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return base and slope of each of 256 lines of the upper half of the sigmoid.

    With z >= 0 the table's argument in 1/512 and i = z >> 9, base[i] + z · slope[i] is
    512 · sigmoid in 0.16, less 2^24: interpolation between entries i and i + 1, without the
    subtraction of the line's start. The last line is flat, where TFLite's tanh saturates.
    """
    table = np.array(SIGMOID_TABLE, dtype=np.int64)
    index = np.arange(table.size)
    slope = np.append(np.diff(table), 0)
    return 512 * (table - index * slope) - (1 << 24), slope


def lines() -> NDArray[np.uint32]:
    """Return base and slope as words, uint32[256]: 2^16 · (base / 512) + slope.

    The base is a multiple of 512 and at most 2^24, the slope below 2^10.
    """
    base, slope = sigmoid_lines()
    return (base // 512 << 16 | slope).astype(np.uint32)
