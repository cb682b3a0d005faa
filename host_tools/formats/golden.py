"""A model's golden file: windows with the oracle's outputs, float predictions and the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.formats import npz

Array = NDArray[Any]

IN_DISTRIBUTION, SATURATED, RANDOM = 0, 1, 2
KIND_NAMES = {IN_DISTRIBUTION: "in-distribution", SATURATED: "saturated", RANDOM: "random"}

_FIELDS: dict[str, tuple[str, int]] = {
    "windows": ("int8", 3),
    "kinds": ("uint8", 1),
    "outputs": ("int8", 3),
    "float_inputs": ("float32", 3),
    "float_outputs": ("float32", 3),
    "truth": ("float32", 3),
    "samples": ("float32", 2),
    "labels": ("uint8", 1),
}


@dataclass(frozen=True, eq=False)
class Golden:
    """The arrays of one golden file.

    N windows, window length W, horizon H, C channels, T raw samples: `windows` int8[N,W,C],
    `kinds` uint8[N], `outputs` int8[N,H,C] (TFLite Micro), `float_inputs` f32[N,W,C],
    `float_outputs` f32[N,H,C], `truth` f32[N,H,C] (NaN unless in-distribution), all
    standardized; `samples` f32[T,C] raw; `labels` uint8[T].
    """

    windows: Array
    kinds: Array
    outputs: Array
    float_inputs: Array
    float_outputs: Array
    truth: Array
    samples: Array
    labels: Array

    @property
    def in_distribution(self) -> Array:
        """Indices of the windows that come from data."""
        return np.flatnonzero(self.kinds == IN_DISTRIBUTION)

    def first(self, count: int) -> "Golden":
        """Return the golden with `count` windows that keep the mix of kinds.

        Windows are taken evenly over the file, in order. Raises DataError when there are fewer.
        """
        total = len(self.windows)
        if not 0 < count <= total:
            raise DataError(f"{count} windows asked, the golden file holds {total}: ask for fewer")
        chosen = np.floor(np.arange(count) * total / count).astype(np.int64)
        return Golden(
            self.windows[chosen],
            self.kinds[chosen],
            self.outputs[chosen],
            self.float_inputs[chosen],
            self.float_outputs[chosen],
            self.truth[chosen],
            self.samples,
            self.labels,
        )


def save(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write `golden.npz`, arrays in the order given.

    Raises:
        DataError: An array is missing, or of another type or shape than `load` accepts.
        OutputError: The file cannot be written.
    """
    _checked(path, arrays)
    npz.write(path, arrays)


def load(path: Path) -> Golden:
    """Read `golden.npz`.

    Raises DataError when it is missing, unreadable, or an array has another type or shape.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; run host_tools train first")
    return _checked(path, npz.read(path, _FIELDS, remedy="train again"))


def _checked(path: Path, arrays: Mapping[str, Array]) -> Golden:
    for name, (dtype, rank) in _FIELDS.items():
        if name not in arrays:
            raise DataError(f"{path}: array {name} is missing; train again with this version")
        if arrays[name].dtype != dtype or arrays[name].ndim != rank:
            kind = f"{arrays[name].dtype} of rank {arrays[name].ndim}"
            raise DataError(f"{path}: array {name} is {kind}, not {dtype} of rank {rank}")
    golden = Golden(**arrays)
    _check_shapes(path, golden)
    return golden


def _check_shapes(path: Path, golden: Golden) -> None:
    count, _, channels = golden.windows.shape
    horizon = golden.outputs.shape[1]
    forecast = (count, horizon, channels)
    expected = {
        "kinds": (count,),
        "outputs": forecast,
        "float_inputs": golden.windows.shape,
        "float_outputs": forecast,
        "truth": forecast,
        "samples": (len(golden.samples), channels),
        "labels": (len(golden.samples),),
    }
    for name, shape in expected.items():
        actual = getattr(golden, name).shape
        if actual != shape:
            raise DataError(f"{path}: array {name} has shape {actual}, not {shape}")
