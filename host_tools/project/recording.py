"""Samples of a model's golden file as C, so that a new project runs before it has sensors."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.formats import golden

FILE = "golden.npz"
MOST_BYTES = 16384
"""Flash that a recording may take: it fits beside the model on the smallest chip of the targets."""


def rows(folder: Path, most_bytes: int = MOST_BYTES) -> list[list[str]]:
    """Return the samples as C constants, row by row: the first ones, or those around a label.

    Raises:
        DataError: `golden.npz` is missing or malformed.
    """
    kept = golden.load(folder / FILE)
    samples = kept.samples
    count = max(1, min(len(samples), most_bytes // (4 * samples.shape[1])))
    first = _first(kept.labels, count)
    return [[_constant(value) for value in row] for row in samples[first : first + count]]


def _first(labels: NDArray[np.uint8], count: int) -> int:
    """Return the first row of `count` ones that show a labelled row in their second half."""
    labelled = np.flatnonzero(labels)
    if not len(labelled) or labelled[0] < count:
        return 0
    return int(min(labelled[0] - count // 2, len(labels) - count))


def _constant(value: np.float32) -> str:
    """Return the shortest decimal number that is read as the same value."""
    if not np.isfinite(value):
        return "NAN"
    text = np.format_float_scientific(value, trim="0", unique=True)
    return f"{text}f"
