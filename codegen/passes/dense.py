"""A convolution at one place as a matrix product: it sees its whole input, once.

Taps that see padding add nothing to the sum, as the input's zero point is folded into the bias:
they are left out. The matrix kernels need no gathering and compute no second position in vain.
Operators on parts of one image share their weights: a part of them is not copied as long as
another operator needs them whole.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen.ir.graph import Array, DType, Graph, Operator, Tensor
from codegen.operators.window import Axis, window_axes
from codegen.passes.graph import readers, with_operators


def run(graph: Graph) -> Graph:
    """Return the graph with every such CONV_2D as FULLY_CONNECTED."""
    read = readers(graph)
    seen = {o: found for o in graph.operators if (found := _seen(graph, o)) is not None}
    tensors = dict(graph.tensors)
    changed: dict[Operator, Operator | None] = {}
    for operator, weights in seen.items():
        if any(other not in seen for other in read[operator.inputs[1]]):
            continue
        whole = tensors[operator.inputs[1]]
        rows = Tensor(
            index=max(tensors) + 1,
            name=whole.name,
            shape=weights.shape,
            dtype=whole.dtype,
            quantization=whole.quantization,
            data=weights,
        )
        tensors[rows.index] = rows
        changed[operator] = replace(
            operator,
            kind="FULLY_CONNECTED",
            inputs=(operator.inputs[0], rows.index, *operator.inputs[2:]),
            options=MappingProxyType(
                {
                    "fused_activation": operator.options["fused_activation"],
                    "weights_format": 0,
                    "keep_num_dims": False,
                }
            ),
        )
    if not changed:
        return graph
    return replace(with_operators(graph, changed), tensors=MappingProxyType(tensors))


def _seen(graph: Graph, operator: Operator) -> Array | None:
    """Return the weights int8[channels, input elements] of a convolution at one place, or None."""
    if operator.kind != "CONV_2D":
        return None
    source, weights, output = (graph.tensor(i) for i in (*operator.inputs[:2], operator.outputs[0]))
    if source.dtype is not DType.INT8 or source.is_constant or weights.data is None:
        return None
    if output.elements != weights.shape[0] or source.shape[0] != 1:
        return None
    if source.shape[3] != weights.shape[3]:
        return None  # in groups
    taps = [
        _taps(axis)
        for axis in window_axes(operator, (source.shape[1], source.shape[2]), _kernel(weights))
    ]
    if any(list(seen) != list(range(len(seen))) for seen, _ in taps):
        return None
    (rows, y), (columns, x) = taps
    if (len(rows), len(columns)) != source.shape[1:3]:
        return None
    data = np.ascontiguousarray(weights.data[:, y][:, :, x].reshape(weights.shape[0], -1))
    data.setflags(write=False)
    return data


def _kernel(weights: Tensor) -> tuple[int, int]:
    _, height, width, _ = weights.shape
    return height, width


def _taps(axis: Axis) -> tuple[list[int], list[int]]:
    """Return the places of the input that the one output sees, and the taps that see them."""
    places = list(_places(axis))
    return [place for place, _ in places], [tap for _, tap in places]


def _places(axis: Axis) -> Iterator[tuple[int, int]]:
    for tap in range(axis.kernel):
        place = tap * axis.dilation - axis.pad
        if 0 <= place < axis.size:
            yield place, tap
