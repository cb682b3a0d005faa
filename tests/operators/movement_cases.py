"""Random models of the operators that only move bytes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.operators.builder import ModelBuilder, options
from tests.operators.draw import Array, Case, Rng, int8_values

SCALE, ZERO_POINT = 0.1, 3


def _shape(rng: Rng, low: int = 1, high: int = 5, limit: int = 7) -> tuple[int, ...]:
    return tuple(int(v) for v in rng.integers(1, limit, int(rng.integers(low, high + 1))))


def _values(rng: Rng, m: ModelBuilder, shape: tuple[int, ...], dtype: str) -> tuple[int, Array]:
    """Add an input; return its index and its windows."""
    zero_point = ZERO_POINT if dtype == "int8" else 0
    index = m.input(shape, dtype, SCALE, zero_point)
    values = int8_values(rng, shape).astype(dtype)
    return index, values if dtype == "int8" else values * 257


def _output(m: ModelBuilder, shape: Any, dtype: str) -> int:
    index = m.tensor(shape, dtype, SCALE, ZERO_POINT if dtype == "int8" else 0)
    m.output(index)
    return index


def _dtype(rng: Rng) -> str:
    return str(rng.choice(["int8", "int8", "int16"]))


def _int32(*values: int) -> Array:
    return np.array(values, np.int32)


def split(rng: Rng) -> Case:
    """Equal parts along any axis, counted from either end."""
    m, shape, dtype = ModelBuilder(), list(_shape(rng)), _dtype(rng)
    axis, parts = int(rng.integers(len(shape))), int(rng.integers(1, 5))
    size = int(rng.integers(1, 4))
    shape[axis] = parts * size
    x, values = _values(rng, m, tuple(shape), dtype)
    place = m.constant(_int32(axis - len(shape) if rng.integers(2) else axis)[0:1].reshape(()))
    shape[axis] = size
    outputs = [_output(m, shape, dtype) for _ in range(parts)]
    m.operator("SPLIT", [place, x], outputs, options("Split", numSplits=parts))
    return Case(m.build(), [values])


def split_v(rng: Rng) -> Case:
    """Parts of different sizes, one of them left open."""
    m, shape, dtype = ModelBuilder(), list(_shape(rng)), _dtype(rng)
    axis = int(rng.integers(len(shape)))
    sizes = [int(v) for v in rng.integers(1, 5, int(rng.integers(1, 5)))]
    shape[axis] = sum(sizes)
    x, values = _values(rng, m, tuple(shape), dtype)
    given = list(sizes)
    if rng.integers(2):
        given[int(rng.integers(len(given)))] = -1
    outputs = [_output(m, [*shape[:axis], s, *shape[axis + 1 :]], dtype) for s in sizes]
    inputs = [x, m.constant(_int32(*given)), m.constant(_int32(axis))]
    m.operator("SPLIT_V", inputs, outputs, options("SplitV", numSplits=len(sizes)))
    return Case(m.build(), [values])


def unpack(rng: Rng) -> Case:
    """Every index of any axis."""
    m, shape, dtype = ModelBuilder(), _shape(rng, 2), _dtype(rng)
    axis = int(rng.integers(len(shape)))
    x, values = _values(rng, m, shape, dtype)
    outputs = [_output(m, [*shape[:axis], *shape[axis + 1 :]], dtype) for _ in range(shape[axis])]
    place = axis - len(shape) if rng.integers(2) else axis
    m.operator("UNPACK", [x], outputs, options("Unpack", num=shape[axis], axis=place))
    return Case(m.build(), [values])


def _joined(
    rng: Rng, m: ModelBuilder, shapes: list[list[int]], dtype: str
) -> tuple[list[int], list[Array]]:
    """Add inputs of those shapes, some constant but not the first."""
    indices, arrays = [], []
    for number, shape in enumerate(shapes):
        if number and rng.integers(4) == 0:
            data = rng.integers(-128, 128, shape).astype(dtype)
            indices.append(m.constant(data, SCALE, ZERO_POINT if dtype == "int8" else 0))
        else:
            index, values = _values(rng, m, tuple(shape), dtype)
            indices.append(index)
            arrays.append(values)
    return indices, arrays


def pack(rng: Rng) -> Case:
    """Inputs of one shape along a new axis."""
    m, shape, dtype = ModelBuilder(), list(_shape(rng, 1, 4)), _dtype(rng)
    count, axis = int(rng.integers(1, 5)), int(rng.integers(len(shape) + 1))
    indices, arrays = _joined(rng, m, [shape] * count, dtype)
    y = _output(m, [*shape[:axis], count, *shape[axis:]], dtype)
    place = axis - len(shape) - 1 if rng.integers(2) else axis
    m.operator("PACK", indices, [y], options("Pack", valuesCount=count, axis=place))
    return Case(m.build(), arrays)


def concatenation(rng: Rng) -> Case:
    """Inputs of different extents along any axis."""
    m, shape, dtype = ModelBuilder(), list(_shape(rng)), _dtype(rng)
    axis = int(rng.integers(len(shape)))
    sizes = [int(v) for v in rng.integers(1, 5, int(rng.integers(1, 5)))]
    shapes = [[*shape[:axis], size, *shape[axis + 1 :]] for size in sizes]
    indices, arrays = _joined(rng, m, shapes, dtype)
    y = _output(m, [*shape[:axis], sum(sizes), *shape[axis + 1 :]], dtype)
    place = axis - len(shape) if rng.integers(2) else axis
    m.operator("CONCATENATION", indices, [y], options("Concatenation", axis=place))
    return Case(m.build(), arrays)


def slice_(rng: Rng) -> Case:
    """A block of a tensor of rank 1 to 5, some sizes left open."""
    m, shape, dtype = ModelBuilder(), _shape(rng), _dtype(rng)
    begin = [int(rng.integers(n)) if rng.integers(2) else 0 for n in shape]
    size = [
        n - b if rng.integers(2) else int(rng.integers(1, n - b + 1))
        for n, b in zip(shape, begin, strict=True)
    ]
    x, values = _values(rng, m, shape, dtype)
    given = [
        -1 if s == n - b and rng.integers(2) else s
        for s, n, b in zip(size, shape, begin, strict=True)
    ]
    y = _output(m, size, dtype)
    m.operator(
        "SLICE", [x, m.constant(_int32(*begin)), m.constant(_int32(*given))], [y], options("Slice")
    )
    return Case(m.build(), [values])


def transpose(rng: Rng) -> Case:
    """Any permutation of up to 5 axes (TFLM's limit)."""
    m, shape, dtype = ModelBuilder(), _shape(rng), _dtype(rng)
    order = [int(v) for v in rng.permutation(len(shape))]
    x, values = _values(rng, m, shape, dtype)
    y = _output(m, [shape[axis] for axis in order], dtype)
    m.operator("TRANSPOSE", [x, m.constant(_int32(*order))], [y], options("Transpose"))
    return Case(m.build(), [values])


def transpose_rank_6(rng: Rng) -> Case:
    """A permutation of 6 axes; TFLM refuses it."""
    m = ModelBuilder()
    shape = tuple(int(v) for v in rng.integers(1, 4, 6))
    order = [int(v) for v in rng.permutation(6)]
    x, values = _values(rng, m, shape, "int8")
    y = _output(m, [shape[axis] for axis in order], "int8")
    m.operator("TRANSPOSE", [x, m.constant(_int32(*order))], [y], options("Transpose"))
    return Case(m.build(), [values], oracle="tflite")


def squeeze(rng: Rng) -> Case:
    """Without all axes of one, or without some."""
    m, shape, dtype = ModelBuilder(), list(_shape(rng, 2, 4)), _dtype(rng)
    shape[int(rng.integers(len(shape)))] = 1
    ones = [axis for axis, n in enumerate(shape) if n == 1]
    axes = [] if rng.integers(2) else [int(rng.choice(ones))]
    dropped = axes or ones
    target = [n for axis, n in enumerate(shape) if axis not in dropped]
    x, values = _values(rng, m, tuple(shape), dtype)
    y = _output(m, target, dtype)
    m.operator("SQUEEZE", [x], [y], options("Squeeze", squeezeDims=axes))
    return Case(m.build(), [values])


def tile(rng: Rng) -> Case:
    """Repetitions along up to three axes; TFLM has no kernel."""
    m, shape, dtype = ModelBuilder(), _shape(rng, 1, 3, 5), _dtype(rng)
    counts = [int(v) for v in rng.integers(1, 4, len(shape))]
    x, values = _values(rng, m, shape, dtype)
    y = _output(m, [n * size for n, size in zip(counts, shape, strict=True)], dtype)
    m.operator("TILE", [x, m.constant(_int32(*counts))], [y], options("Tile"), version=2)
    return Case(m.build(), [values], oracle="tflite")


def reverse(rng: Rng) -> Case:
    """One axis from back to front, at one scale or, as of a bidirectional layer, at another."""
    m, shape, dtype = ModelBuilder(), _shape(rng), _dtype(rng)
    axis = int(rng.integers(-len(shape), len(shape)))
    x, values = _values(rng, m, shape, dtype)
    if dtype == "int8" and rng.integers(2):
        y = m.tensor(shape, dtype, 0.07, 5)
        m.output(y)
    else:
        y = _output(m, shape, dtype)
    m.operator("REVERSE_V2", [x, m.constant(_int32(axis))], [y], options("ReverseV2"))
    return Case(m.build(), [values])


MOVEMENT_CASES: dict[str, Callable[[Rng], Case]] = {
    "CONCATENATION": concatenation,
    "PACK": pack,
    "REVERSE_V2": reverse,
    "SLICE": slice_,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SQUEEZE": squeeze,
    "TILE": tile,
    "TRANSPOSE": transpose,
    "UNPACK": unpack,
}
