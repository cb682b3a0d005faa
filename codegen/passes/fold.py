"""Operators of constants only: their results, computed by their own integer reference.

The importer needs this before the operators' checks, because a check may ask for a constant
(weights, axes) that the file computes; the pass of the same name needs it after others.
"""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from codegen.errors import CodegenError, ModelUnsupportedError, where
from codegen.ir.graph import ABSENT, Array, Graph, Operator, Tensor
from codegen.operators.registry import operators


def run(graph: Graph) -> Graph:
    """Return the graph in which every operator of constants only is its result.

    An operator that its own check refuses stays: the check will say why. Raises
    `ModelUnsupportedError` when a model output does not depend on the inputs.
    """
    tensors = dict(graph.tensors)
    kept: list[Operator] = []
    for operator in graph.operators:
        current = replace(graph, tensors=tensors)
        results = _evaluate(current, operator) if _is_constant(current, operator) else None
        if results is None:
            kept.append(operator)
            continue
        for index, values in zip(operator.outputs, results, strict=True):
            tensors[index] = _as_constant(tensors[index], values)
    if len(kept) == len(graph.operators):
        return graph
    return replace(graph, operators=tuple(kept), tensors=MappingProxyType(tensors))


def _is_constant(graph: Graph, operator: Operator) -> bool:
    """Return whether all inputs are known; raises when an output of the model would be."""
    spec = operators().get(operator.kind)
    inputs = [graph.tensor(i) for i in operator.inputs if i != ABSENT]
    if spec is None or not inputs:
        return False
    if not spec.is_static and not all(t.is_constant for t in inputs):
        return False
    for index in operator.outputs:
        if index in graph.outputs:
            name = graph.tensor(index).name
            raise ModelUnsupportedError(
                f"{where(operator.index, operator.kind, name)}: the model output is the same for "
                "every input; remove it"
            )
    return True


def _evaluate(graph: Graph, operator: Operator) -> list[Array] | None:
    """Return the results in the shapes of the outputs, or None when the check refuses."""
    spec = operators()[operator.kind]
    position = spec.data_input
    if position >= len(operator.inputs) or operator.inputs[position] == ABSENT:
        return None
    data = graph.tensor(operator.inputs[position])
    thawed = replace(graph, tensors={**graph.tensors, data.index: replace(data, data=None)})
    try:
        spec.check(thawed, operator)
    except CodegenError:
        return None
    arguments = [None if i == ABSENT else graph.tensor(i).data for i in operator.inputs]
    for place, index in enumerate(operator.inputs):
        if index == data.index and data.data is not None:
            arguments[place] = data.data[np.newaxis]
    results = spec.reference(thawed, operator, arguments)
    return [
        values.reshape(graph.tensor(i).shape)
        for i, values in zip(operator.outputs, results, strict=True)
    ]


def _as_constant(tensor: Tensor, values: Array) -> Tensor:
    data = np.array(values, dtype=tensor.dtype.value, order="C").reshape(tensor.shape)
    data.setflags(write=False)
    return replace(tensor, data=data)
