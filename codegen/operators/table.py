"""Functions of one int8 value as a table of their 256 results."""

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64
from codegen.ir.graph import Array

Table = NDArray[np.int8]
"""Lookup table int8[256]: entry i is the result for the value whose byte is i (0 to 127, then −128
to −1)."""

INPUTS: Int64 = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.int64)
"""The 256 int8 values in the order of a table."""


def lookup(values: Array, table: Table) -> Array:
    """Return the table's entry for each int8 value."""
    return table[values.view(np.uint8)]


def compose(first: Table, second: Table) -> Table:
    """Return the table of `second(first(x))`."""
    return second[first.view(np.uint8)]
