"""Rows of weights whose result can have one value only, in a form that no kernel refuses.

Pruned channels have weights of 0 and a bias that says the result, often ±2^30: one of them sends a
whole convolution to the slowest kernel, as the proof of its bounds fails. Where both ends of a
row's sum give the same result, its weights become 0, and its bias the least number that gives it.
"""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen.fixed_point import Int64
from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator, Tensor
from codegen.operators.linear.products import Products
from codegen.operators.registry import operators
from codegen.passes import ranges
from codegen.passes.graph import with_operators


def run(graph: Graph) -> Graph:
    """Return the graph in which such rows have weights of 0 and a small bias."""
    known = ranges.find(graph)
    tensors = dict(graph.tensors)
    changed: dict[Operator, Operator | None] = {}
    for operator in graph.operators:
        if not ranges.is_product(graph, operator):
            continue
        source = graph.tensor(operator.inputs[0])
        before = known.get(source.index, ranges.full(source.shape[-1]))
        p, least, most = ranges.sums(graph, operator, before)
        wanted = ranges.result(p, least)
        rows = np.flatnonzero(wanted == ranges.result(p, most))
        bias = _least_sum(p, wanted)
        if len(rows) and (p.rows[rows].any() or np.any(p.bias[rows] != bias[rows])):
            changed[operator] = _changed(tensors, operator, rows, bias[rows])
    if not changed:
        return graph
    return replace(with_operators(graph, changed), tensors=MappingProxyType(tensors))


def _least_sum(p: Products, wanted: Int64) -> Int64:
    """Return for each row the sum nearest to 0 whose result is `wanted`, by bisection.

    A result grows with its sum. Every end that is tried keeps the sum inside int32 after its shift.
    """
    at_zero = ranges.result(p, np.zeros_like(p.bias))
    left = np.maximum(np.broadcast_to(p.shift, p.bias.shape).astype(np.int64), 0)
    limit = ((np.int64(1) << 31) - 1) >> left
    near, far = np.zeros_like(p.bias), np.where(wanted < at_zero, -limit, limit)
    for _ in range(32):
        middle = near + (far - near) // 2
        found = ranges.result(p, middle)
        reached = np.where(wanted < at_zero, found <= wanted, found >= wanted)
        far, near = np.where(reached, middle, far), np.where(reached, near, middle)
    # The bisection ends with the one on either side next to the other.
    closest = np.where(ranges.result(p, near) == wanted, near, far)
    return np.where(at_zero == wanted, 0, closest)


def _changed(tensors: dict[int, Tensor], operator: Operator, rows: Int64, bias: Int64) -> Operator:
    """Return the operator with rows of 0 and their biases; adds the new constants to `tensors`."""
    at = operators()[operator.kind].operands
    assert at is not None
    axis = at.axis
    weights = tensors[operator.inputs[1]]
    assert weights.data is not None
    data = np.moveaxis(weights.data.copy(), axis, 0)
    data[rows] = 0
    made = constant(tensors, weights, np.moveaxis(data, 0, axis))
    index = operator.inputs[2] if len(operator.inputs) > 2 else ABSENT
    channels = weights.shape[axis]
    values = np.zeros(channels, np.int32)
    if index != ABSENT:
        before = tensors[index].data
        assert before is not None
        values = before.reshape(-1).astype(np.int32)
    like = Tensor(0, f"{weights.name}/bias", (channels,), DType.INT32)
    # Rows of 0 add nothing to the bias, whatever the input's zero point is.
    values[rows] = bias
    added = constant(tensors, like, values)
    return replace(operator, inputs=(operator.inputs[0], made.index, added.index))


def constant(tensors: dict[int, Tensor], like: Tensor, data: Array) -> Tensor:
    """Add a constant with other data, of its own shape, to `tensors` and return it."""
    array = np.ascontiguousarray(data)
    array.setflags(write=False)
    index = max(tensors) + 1
    tensors[index] = replace(like, index=index, shape=array.shape, data=array)
    return tensors[index]
