"""The worked example of streaming in DESIGN.md: its rows are what two convolutions give."""

import re
from pathlib import Path

import numpy as np

from tests.architecture import tree

ROW = re.compile(
    r"^\| (samples x|A with padding|A|B)\b[^|]*\| ([\d* ]+) \| ([\d* ]+) \|$", re.MULTILINE
)


def numbers(cell):
    return [int(word) for word in cell.replace("*", "").split()]


def test_streaming_by_numbers():
    rows = {
        m[1]: (numbers(m[2]), numbers(m[3])) for m in ROW.finditer(tree.text(Path("DESIGN.md")))
    }
    assert set(rows) == {"samples x", "A", "B", "A with padding"}
    for window in (0, 1):
        x, a = rows["samples x"][window], rows["A"][window]
        assert a == list(np.convolve(x, [1, 2, 1], "valid"))
        assert rows["B"][window] == list(np.convolve(a, [1, 1, 1], "valid"))
        assert rows["A with padding"][window] == list(np.convolve(x, [1, 2, 1], "same"))
    before, after = rows["samples x"]
    assert after == [*before[1:], 8]
