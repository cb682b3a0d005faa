"""SPLIT_V with parts of no elements that nobody reads: the parts go.

tf_keras writes one for a GRU without recurrent bias. The sizes become a constant without theirs.
"""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen.ir.graph import Graph, Operator, Tensor

_KIND = "SPLIT_V"
_SIZES = 1
"""Position of the input that holds the sizes."""


def run(graph: Graph) -> Graph:
    """Return the graph without such parts."""
    used = {*graph.outputs, *(i for operator in graph.operators for i in operator.inputs)}
    tensors = dict(graph.tensors)
    changed = []
    for operator in graph.operators:
        places = [n for n, i in enumerate(operator.outputs) if i in used or not _empty(tensors, i)]
        fits = operator.kind == _KIND and len(operator.inputs) > _SIZES
        if fits and operator.inputs[_SIZES] in tensors and len(places) < len(operator.outputs):
            changed.append(_without(operator, places, tensors))
        else:
            changed.append(operator)
    named = {i for o in changed for i in (*o.inputs, *o.outputs)} | {*graph.inputs, *graph.outputs}
    kept = {index: tensor for index, tensor in tensors.items() if index in named}
    return replace(graph, operators=tuple(changed), tensors=MappingProxyType(kept))


def _empty(tensors: dict[int, Tensor], index: int) -> bool:
    """Return whether a tensor has no elements; one that does not exist is the verifier's."""
    return index in tensors and tensors[index].elements == 0


def _without(operator: Operator, places: list[int], tensors: dict[int, Tensor]) -> Operator:
    """Return the operator with the parts at `places` only; adds its sizes to `tensors`."""
    sizes = tensors[operator.inputs[_SIZES]]
    outputs = tuple(operator.outputs[n] for n in places)
    if sizes.data is None or sizes.data.size != len(operator.outputs):
        return replace(operator, outputs=outputs)
    data = np.ascontiguousarray(sizes.data.reshape(-1)[places])
    data.setflags(write=False)
    index = max(tensors) + 1
    tensors[index] = replace(sizes, index=index, shape=data.shape, data=data)
    inputs = tuple(index if n == _SIZES else i for n, i in enumerate(operator.inputs))
    return replace(operator, inputs=inputs, outputs=outputs)
