"""A depthwise convolution on one channel as a plain convolution, which has faster kernels.

Exact: with one input channel both sum the same products. Operators that share weights must all
have it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from codegen.ir.graph import DType, Graph, Operator, Tensor
from codegen.passes.graph import with_moved_weights


def run(graph: Graph) -> Graph:
    """Return the graph with every such int8 DEPTHWISE_CONV_2D as CONV_2D."""

    def changed(operator: Operator) -> tuple[str, Mapping[str, Any]]:
        options = {k: v for k, v in operator.options.items() if k != "channel_multiplier"}
        return "CONV_2D", options

    return with_moved_weights(graph, _has_one_channel, _moved, changed)


def _has_one_channel(graph: Graph, operator: Operator) -> bool:
    if operator.kind != "DEPTHWISE_CONV_2D":
        return False
    source, weights = (graph.tensor(index) for index in operator.inputs[:2])
    is_plain = source.dtype is DType.INT8 and weights.data is not None
    return is_plain and source.shape[3] == 1 < weights.shape[3]


def _moved(weights: Tensor, index: int) -> Tensor:
    """Return weights int8[1, kh, kw, O] as int8[O, kh, kw, 1], with their scales."""
    assert weights.data is not None
    assert weights.quantization is not None
    data = np.ascontiguousarray(weights.data.transpose(3, 1, 2, 0))
    data.setflags(write=False)
    quantization = replace(weights.quantization, axis=0)
    return replace(weights, index=index, shape=data.shape, data=data, quantization=quantization)
