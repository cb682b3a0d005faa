"""A convolution in groups as one convolution for each group, between a split and a join.

Exact: each group sums the same products. A plain convolution has faster kernels, which need at
least as many channels as they compute at a time.
"""

from dataclasses import replace

import numpy as np

from codegen.ir.graph import ABSENT, Array, DType, Graph, Operator, Tensor
from codegen.operators.linear.conv_2d import groups
from codegen.passes.expansion import Accepts, Expansion, expand, has_own_weights

_MOST = 8
"""Largest number of groups: each is a call."""
_CHANNELS = 4
"""Smallest number of a group's input and output channels."""


def run(graph: Graph, accepts: Accepts = lambda *_: True) -> Graph:
    """Return the graph with every such int8 CONV_2D in parts, where that pays."""
    return expand(graph, accepts, _has_groups, _expand)


def _has_groups(graph: Graph, operator: Operator) -> bool:
    if operator.kind != "CONV_2D" or not has_own_weights(graph, operator):
        return False
    source, weights = (graph.tensor(index) for index in operator.inputs[:2])
    if source.dtype is not DType.INT8 or source.is_constant:
        return False
    count = groups(graph, operator)
    sizes = (weights.shape[3], weights.shape[0] // count)
    return 1 < count <= _MOST and min(sizes) >= _CHANNELS


def _expand(to: Expansion) -> None:
    graph, operator = to.graph, to.operator
    source, weights = (graph.tensor(index) for index in operator.inputs[:2])
    output = graph.tensor(operator.outputs[0])
    count = groups(graph, operator)
    shape = (*source.shape[:3], source.shape[3] // count)
    parts = [to.value(source, shape) for _ in range(count)]
    to.step("SPLIT", [to.numbers(np.array(3)), source.index], parts, num_splits=count)
    bias = operator.inputs[2] if len(operator.inputs) > 2 else ABSENT
    made = []
    for n, part in enumerate(parts):
        inputs = [part, _part(to, weights, n, count)]
        if bias != ABSENT:
            inputs.append(_part(to, graph.tensor(bias), n, count))
        made.append(to.value(output, (*output.shape[:3], output.shape[3] // count)))
        to.step("CONV_2D", inputs, made[-1], **operator.options)
    to.step("CONCATENATION", made, output.index, axis=3, fused_activation="NONE")


def _part(to: Expansion, whole: Tensor, n: int, count: int) -> int:
    """Add the channels of group `n` of weights or bias, with their scales."""
    assert whole.data is not None
    size = len(whole.data) // count
    mine = slice(n * size, (n + 1) * size)
    found = whole.quantization
    if found is not None and found.per_channel:
        found = replace(found, scales=found.scales[mine], zero_points=found.zero_points[mine])
    data: Array = whole.data[mine]
    return to.constant(data, whole, found)
