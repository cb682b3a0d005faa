"""Range of each channel of an int8 value, whatever the model's inputs are: interval arithmetic.

Known are products with constant weights, poolings, means, views and functions of one value; for all
else a channel may have any value. The result of a product is a monotonic function of its sum, so
the ends of the sum's interval give the ends of the result's.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from codegen.fixed_point import Int64, requantize, saturate
from codegen.ir.graph import ABSENT, DType, Graph, Operator
from codegen.operators.linear.products import Products, products
from codegen.operators.registry import operators
from codegen.operators.table import INPUTS
from codegen.operators.window import convolution_axes
from codegen.passes.graph import readers, unary_table

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Range:
    """Least and largest value of each channel, the last axis."""

    low: Int64
    high: Int64

    @property
    def is_constant(self) -> Mask:
        """Whether a channel can have one value only."""
        found: Mask = self.low == self.high
        return found


def find(graph: Graph) -> dict[int, Range]:
    """Return what is known of each int8 value with channels."""
    found: dict[int, Range] = {}
    for operator in graph.operators:
        output = graph.tensor(operator.outputs[0]) if len(operator.outputs) == 1 else None
        if output is None or output.dtype is not DType.INT8 or not output.shape:
            continue
        known = _of(graph, operator, found)
        if known is not None:
            found[output.index] = known
    return found


def full(channels: int) -> Range:
    """Return the range of int8 for every channel."""
    return Range(np.full(channels, -128, np.int64), np.full(channels, 127, np.int64))


def is_product(graph: Graph, operator: Operator) -> bool:
    """Return whether an operator is a product with constants that no other operator shares."""
    at = operators()[operator.kind].operands
    if at is None:
        return False
    tensors = [graph.tensor(i) for i in operator.inputs if i != ABSENT]
    source, weights = tensors[0], tensors[1]
    if source.dtype is not DType.INT8 or not all(t.is_constant for t in tensors[1:]):
        return False
    if any(t.index in _shared(graph) for t in tensors[1:]):
        return False
    # Else in groups, with a multiplier, or with axes of the input joined.
    return weights.shape[-1] == source.shape[-1]


@lru_cache(maxsize=4)
def _shared(graph: Graph) -> frozenset[int]:
    """Return the tensors that several operators read."""
    return frozenset(index for index, users in readers(graph).items() if len(users) > 1)


def is_by_channel(operator: Operator) -> bool:
    """Return whether an output channel of a product reads the channel of its number only."""
    at = operators()[operator.kind].operands
    return at is not None and at.by_channel


def is_padded(graph: Graph, operator: Operator) -> bool:
    """Return whether some output of a product sees a border of zero points."""
    if not operators()[operator.kind].takes_padding:
        return False
    return any(
        axis.pad > 0 or axis.seen - axis.pad > axis.size
        for axis in convolution_axes(graph, operator)
    )


def keeps_channels(graph: Graph, operator: Operator) -> bool:
    """Return whether an output channel follows from the input's channel of the same number only."""
    source, output = graph.tensor(operator.inputs[0]), graph.tensor(operator.outputs[0])
    if not source.shape or not output.shape or source.shape[-1] != output.shape[-1]:
        return False
    if operators()[operator.kind].by_channel(graph, operator):
        return True
    return unary_table(graph, operator) is not None


def product(graph: Graph, operator: Operator) -> Products:
    """Return the integers of an operator for which `is_product` is true."""
    at = operators()[operator.kind].operands
    assert at is not None
    return products(graph, operator, at)


def result(p: Products, sums: Int64) -> Int64:
    """Return the output of each row for its whole sum, bias included."""
    scaled = requantize(sums, p.multiplier, p.shift)
    return saturate(scaled + p.output_zero_point, p.low, p.high)


def sums(graph: Graph, operator: Operator, source: Range) -> tuple[Products, Int64, Int64]:
    """Return a product's integers, and the least and the largest sum of each row."""
    p = product(graph, operator)
    low, high = source.low, source.high
    if is_padded(graph, operator):
        low, high = np.minimum(low, p.input_zero_point), np.maximum(high, p.input_zero_point)
    rows = p.rows.astype(np.int64)
    if is_by_channel(operator):
        ends = rows * low[:, np.newaxis], rows * high[:, np.newaxis]
    else:
        by_tap = rows.reshape(len(rows), -1, len(low))
        ends = by_tap * low, by_tap * high
    axes = tuple(range(1, ends[0].ndim))
    least, most = np.minimum(*ends).sum(axis=axes), np.maximum(*ends).sum(axis=axes)
    return p, p.bias + least, p.bias + most


def _of(graph: Graph, operator: Operator, found: dict[int, Range]) -> Range | None:
    source = graph.tensor(operator.inputs[0]) if operator.inputs else None
    if source is None or source.dtype is not DType.INT8 or not source.shape:
        return None
    if source.is_constant or source.is_variable:
        return None
    before = found.get(source.index, full(source.shape[-1]))
    if is_product(graph, operator):
        p, least, most = sums(graph, operator, before)
        return Range(result(p, least), result(p, most))
    if not keeps_channels(graph, operator):
        return None
    if operators()[operator.kind].is_view:
        return before
    table = unary_table(graph, operator)
    if table is not None:
        by_value = table.astype(np.int64)[np.argsort(INPUTS)]
        pairs = zip((before.low + 128).tolist(), (before.high + 128).tolist(), strict=True)
        results = [by_value[low : high + 1] for low, high in pairs]
        return Range(np.array([r.min() for r in results]), np.array([r.max() for r in results]))
    ends = [_evaluated(graph, operator, end) for end in (before.low, before.high)]
    return Range(*ends)


def _evaluated(graph: Graph, operator: Operator, values: Int64) -> Int64:
    """Return the channels of an output whose input has one value in each channel."""
    shape = graph.tensor(operator.inputs[0]).shape
    image = np.broadcast_to(values.astype(np.int8), (1, *shape))
    others = [graph.tensor(i).data for i in operator.inputs[1:]]
    (outputs,) = operators()[operator.kind].reference(graph, operator, [image, *others])
    channels: Int64 = outputs.reshape(-1, outputs.shape[-1])[0].astype(np.int64)
    return channels
