"""CONV_2D in portable C for int16 values; convolutions of height 1 as rows of a matrix product."""

from collections.abc import Mapping
from typing import Any

from codegen.backends.native.shared import int16
from codegen.ir.call import KernelCall
from codegen.ir.graph import DType, Graph, Operator
from codegen.operators.linear.int16 import is_int16
from codegen.operators.window import Axis, convolution_axes
from codegen.options import Goal

_MINOR = 8
"""Ratio of matrix products to convolution products above which a convolution may use the matrix
product's tile. On RV32 a convolution takes up to a third more instructions that way; at this ratio
the whole model takes at most 4% more."""
BRING_DOT8 = frozenset(
    {"UNIDIRECTIONAL_SEQUENCE_LSTM", "REROLLED_LSTM", "REROLLED_GRU", "CONV_STREAM"}
)
"""Operators whose kernels have the tile of eight rows, so that its code is there for others."""


def replace(
    graph: Graph, operator: Operator, plain: KernelCall, goal: Goal
) -> KernelCall | str | None:
    """Return the call for int16 values that takes four channels at a time, or why none pays."""
    del plain, goal
    if not is_int16(graph, operator):
        return None
    return int16.tiled_call(operator, int16.of_convolution(graph, operator))


def is_preferred(graph: Graph, operator: Operator, goal: Goal, *, may_replace: bool) -> bool:
    """Return whether the kernel for height 1, a position at a time, is the better one.

    It takes less code, but more instructions for several positions. For one it is the faster:
    the two-dimensional kernels compute two or four. Operators on parts of one image share their
    weights, and so take the same kernel, but for speed. `may_replace`: whether the kernel for
    height 1 may take several positions only because its code is there for matrix products.
    """
    if not _is_flat(graph, operator):
        return False
    if goal == "speed":
        return _positions(graph, operator) == 1
    convolutions = [o for o in graph.operators if o.kind == operator.kind]
    same = [o for o in convolutions if o.inputs[1] == operator.inputs[1]]
    if any(_positions(graph, o) == 1 for o in same):
        return True
    # With other convolutions, the two-dimensional kernel is there anyhow.
    if not may_replace:
        return len(same) == len(convolutions)
    flat = all(_is_flat(graph, o) for o in convolutions)
    return flat and (goal == "size" or _are_minor(graph, convolutions))


def is_by_rows(graph: Graph, operator: Operator) -> bool:
    """Return whether a kernel for height 1 had better go position by position on eight rows.

    Two positions at a time are faster, and less code where nothing else brings the tile of eight.
    """
    same = [o for o in graph.operators if o.kind == operator.kind]
    same = [o for o in same if o.inputs[1] == operator.inputs[1]]
    is_there = any(o.kind in BRING_DOT8 for o in graph.operators)
    return is_there or any(_positions(graph, o) == 1 for o in same)


def params(shape: tuple[int, int], x: Axis, zero_point: int) -> Mapping[str, Any]:
    """Return the fields of `safe_conv_1d_t`; `shape` is (batches, input channels)."""
    batches, depth = shape
    return {
        "batches": batches,
        "input_channels": depth,
        "x": x.params(),
        "input_zero_point": zero_point,
    }


def macs(conv: Mapping[str, Any], row: Mapping[str, int]) -> int:
    """Return the products; `conv` from `params`, `row` as of `packing.dense_row`."""
    positions: int = conv["batches"] * conv["x"]["output"]
    return positions * row["units"] * row["depth"]


def _is_flat(graph: Graph, operator: Operator) -> bool:
    y, _ = convolution_axes(graph, operator)
    return (y.size, y.kernel, y.output, y.pad) == (1, 1, 1, 0)


def _positions(graph: Graph, operator: Operator) -> int:
    """Return the output positions of a convolution."""
    output = graph.tensor(operator.outputs[0])
    return output.elements // output.shape[-1]


def _are_minor(graph: Graph, convolutions: list[Operator]) -> bool:
    """Return whether matrix products have many times the products of the convolutions."""
    own = sum(_positions(graph, o) * graph.tensor(o.inputs[1]).elements for o in convolutions)
    return _MINOR * own <= sum(_matrix_products(graph, o) for o in graph.operators)


def _matrix_products(graph: Graph, operator: Operator) -> int:
    """Return the products with constant matrices, of FULLY_CONNECTED and of an LSTM's steps."""
    inputs = [graph.tensor(index) for index in operator.inputs if index >= 0]
    matrices = [t for t in inputs[1:] if t.is_constant and t.dtype == DType.INT8]
    matrices = [t for t in matrices if len(t.shape) == 2]
    if not matrices:
        return 0
    rows = inputs[0].elements // matrices[0].shape[1]
    return rows * sum(t.elements for t in matrices)
