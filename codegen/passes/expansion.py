"""One operator as several: the tensors and operators that take its place, with indices of theirs.

The form is offered to the backend, which takes it where it pays (`Chooser.accepts`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from codegen.ir.graph import Array, DType, Graph, Operator, Quantization, Tensor

Accepts = Callable[[Graph, Graph], bool]


@dataclass
class Expansion:
    """What takes the place of `operator`; the first operator of its kind that counts has its index.

    New values are named after the one that `operator` writes.
    """

    graph: Graph
    operator: Operator
    tensors: dict[int, Tensor] = field(default_factory=dict)
    made: list[Operator] = field(default_factory=list)

    def value(self, like: Tensor, shape: Sequence[int]) -> int:
        """Add a value of another shape, quantized as `like`."""
        return self._add(Tensor(0, like.name, tuple(shape), like.dtype, like.quantization))

    def constant(self, data: Array, like: Tensor, quantization: Quantization | None) -> int:
        """Add a constant in place of `like`."""
        kept = np.ascontiguousarray(data)
        kept.setflags(write=False)
        return self._add(Tensor(0, like.name, kept.shape, like.dtype, quantization, kept))

    def numbers(self, data: Array) -> int:
        """Add an int32 constant that says what to do, such as an axis."""
        kept = np.array(data, np.int32)
        kept.setflags(write=False)
        return self._add(Tensor(0, "numbers", kept.shape, DType.INT32, data=kept))

    def step(
        self, kind: str, inputs: Sequence[int], output: int | Sequence[int], **options: Any
    ) -> None:
        """Add an operator with an index of its own."""
        outputs = (output,) if isinstance(output, int) else tuple(output)
        index = max(o.index for o in self.graph.operators) + 1 + len(self.made)
        self.made.append(Operator(index, kind, tuple(inputs), outputs, MappingProxyType(options)))

    def result(self) -> Graph:
        """Return the graph with the new operators; the first that multiplies has the old index."""
        first = next(
            n for n, o in enumerate(self.made) if len(o.inputs) > 1 and "stride_h" in o.options
        )
        self.made[first] = replace(self.made[first], index=self.operator.index)
        operators = []
        for operator in self.graph.operators:
            operators += self.made if operator is self.operator else [operator]
        tensors = MappingProxyType({**self.graph.tensors, **self.tensors})
        return replace(self.graph, operators=tuple(operators), tensors=tensors)

    def _add(self, tensor: Tensor) -> int:
        index = max(self.graph.tensors) + 1 + len(self.tensors)
        self.tensors[index] = replace(tensor, index=index)
        return index


def expand(
    graph: Graph,
    accepts: Accepts,
    some: Callable[[Graph, Operator], bool],
    how: Callable[[Expansion], None],
) -> Graph:
    """Return the graph in which `how` has been done to each of `some` operators that pays."""
    for operator in graph.operators:
        if some(graph, operator):
            expansion = Expansion(graph, operator)
            how(expansion)
            after = expansion.result()
            if accepts(graph, after):
                graph = after
    return graph


def has_own_weights(graph: Graph, operator: Operator) -> bool:
    """Return whether int8 weights are constant and nobody else reads them: they are cut up."""
    weights = operator.inputs[1]
    tensor = graph.tensor(weights)
    readers = [o for o in graph.operators if weights in o.inputs]
    return tensor.dtype is DType.INT8 and tensor.data is not None and len(readers) == 1
