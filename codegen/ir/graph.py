"""The graph: tensors, operators, and the edges between them, as frozen values.

A pass never changes a graph in place: it builds another with `dataclasses.replace`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class DType(StrEnum):
    """Element types that a tensor may have."""

    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT8 = "uint8"
    BOOL = "bool"
    FLOAT32 = "float32"

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return int(np.dtype(self.value).itemsize)


@dataclass(frozen=True)
class Quantization:
    """Affine quantization: real = scale · (q − zero_point).

    `scales` hold float32 values exactly, widened to Python floats. One entry is per-tensor;
    several are per-channel along `axis`.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether there is a scale for each index along `axis`."""
        return len(self.scales) > 1

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantization."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantization."""
        return self.zero_points[0]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of the graph; `data` is set (and read-only) when it is a constant."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: Array | None = None
    is_variable: bool = False
    initial: int | None = None
    """What every element of a variable holds after a reset; None: the real number 0."""

    @property
    def is_constant(self) -> bool:
        """Whether the value is known at generation."""
        return self.data is not None

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes that the value takes."""
        return self.elements * self.dtype.itemsize


ABSENT = -1
"""Index of an optional input that an operator leaves out."""


@dataclass(frozen=True, eq=False)
class Operator:
    """One step: `kind` is the TFLite operator name, `options` its parsed attributes.

    `index` is the operator's place in the source file; it stays the same through passes and
    keys the manifest, the report, the profile and the errors.
    """

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def subject(self) -> int:
        """The tensor that it is named after: its first output, or the variable that it changes."""
        return self.outputs[0] if self.outputs else self.inputs[0]


@dataclass(frozen=True, eq=False)
class Graph:
    """A verified model: `operators` stand in execution order; tensors are found by index."""

    name: str
    tensors: Mapping[int, Tensor]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    sha256: str = ""
    """SHA-256 of the model file, hexadecimal."""
    source_operators: tuple[Operator, ...] = ()
    """Operators as they stand in the file, without their options: what an interpreter runs."""

    def tensor(self, index: int) -> Tensor:
        """Return the tensor of that index."""
        return self.tensors[index]
