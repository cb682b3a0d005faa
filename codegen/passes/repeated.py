"""A depthwise convolution with a channel multiplier as one without, on repeated channels.

Exact: output channel o sums the products of input channel o // multiplier, of which o is now a
copy. The fast kernels read neighbouring channels for neighbouring channels.
"""

import numpy as np

from codegen.ir.graph import DType, Graph, Operator
from codegen.passes.expansion import Accepts, Expansion, expand


def run(graph: Graph, accepts: Accepts = lambda *_: True) -> Graph:
    """Return the graph with every such int8 DEPTHWISE_CONV_2D on copies, where that pays."""
    return expand(graph, accepts, _multiplies, _expand)


def _multiplies(graph: Graph, operator: Operator) -> bool:
    if operator.kind != "DEPTHWISE_CONV_2D":
        return False
    source = graph.tensor(operator.inputs[0])
    is_plain = source.dtype is DType.INT8 and not source.is_constant
    return is_plain and source.shape[3] > 1 < operator.options["channel_multiplier"]


def _expand(to: Expansion) -> None:
    operator = to.operator
    source = to.graph.tensor(operator.inputs[0])
    copies = operator.options["channel_multiplier"]
    column = to.value(source, (source.elements, 1))
    to.step("RESHAPE", [source.index], column)
    repeated = to.value(source, (source.elements, copies))
    to.step("TILE", [column, to.numbers(np.array([1, copies]))], repeated)
    image = to.value(source, (*source.shape[:3], source.shape[3] * copies))
    to.step("RESHAPE", [repeated], image)
    options = {**operator.options, "channel_multiplier": 1}
    to.step("DEPTHWISE_CONV_2D", [image, *operator.inputs[1:]], operator.outputs, **options)
