"""A convolution in as many groups as channels as a depthwise convolution.

Exact: both multiply the same values, and a sum below 2^31 does not depend on its order. There are
faster kernels for the depthwise form. Operators that share weights must all have it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.passes.graph import with_moved_weights


def run(graph: Graph) -> Graph:
    """Return the graph with every such int8 CONV_2D as DEPTHWISE_CONV_2D."""

    def changed(operator: Operator) -> tuple[str, Mapping[str, Any]]:
        source, weights = (graph.tensor(index) for index in operator.inputs[:2])
        copies = weights.shape[0] // source.shape[3]
        return "DEPTHWISE_CONV_2D", {**operator.options, "channel_multiplier": copies}

    return with_moved_weights(graph, _is_by_channel, _moved, changed)


def _is_by_channel(graph: Graph, operator: Operator) -> bool:
    if operator.kind != "CONV_2D":
        return False
    source, weights = (graph.tensor(index) for index in operator.inputs[:2])
    if source.dtype is not DType.INT8 or weights.data is None:
        return False
    return weights.shape[3] == 1 < source.shape[3]


def _moved(weights: Tensor, index: int) -> Tensor:
    """Return weights int8[O, kh, kw, 1] as int8[1, kh, kw, O], with their scales."""
    assert weights.data is not None
    assert weights.quantization is not None
    data = np.ascontiguousarray(weights.data.transpose(3, 1, 2, 0))
    data.setflags(write=False)
    return replace(
        weights,
        index=index,
        shape=data.shape,
        data=data,
        quantization=replace(weights.quantization, axis=3),
    )
