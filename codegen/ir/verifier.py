"""Every rule that a graph keeps, in one place; runs on import and after every pass.

`problems` states what is wrong. On import that is the model's fault (`ModelInvalidError`); after
a pass it is a defect of SAFE (`VerifierError`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np

from codegen.errors import VerifierError, where
from codegen.ir.graph import ABSENT, DType, Graph, Operator, Quantization, Tensor

MAX_ELEMENTS = 1 << 23
"""Largest number of elements of a tensor: beyond any microcontroller, and small enough to plan in
memory."""

MIN_SCALE = 2.0**-40
"""Least scale of a value: the quotient of two such scales, times an activation's limit, fits
float32. Weights may have a smaller one, as those of a channel that is never active do."""

_ZERO_POINT_RANGE = {
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.INT32: (0, 0),
    DType.INT64: (0, 0),
}
_MUST_BE_QUANTIZED = {DType.INT8, DType.UINT8, DType.INT16}


@dataclass(frozen=True)
class Problem:
    """One broken rule: the operator (None for the graph itself), the tensor, what is wrong."""

    operator: Operator | None
    tensor: Tensor | None
    what: str

    def __str__(self) -> str:
        name = None if self.tensor is None else self.tensor.name
        if self.operator is not None:
            return f"{where(self.operator.index, self.operator.kind, name)}: {self.what}"
        return self.what if name is None else f'tensor "{name}": {self.what}'


def verify(graph: Graph, after: str) -> None:
    """Raise `VerifierError` naming the stage `after` which the graph breaks a rule."""
    problem = next(problems(graph), None)
    if problem is not None:
        raise VerifierError(f"graph is wrong after {after}: {problem}; this is a defect of SAFE")


def problems(graph: Graph) -> Iterator[Problem]:
    """Yield every broken rule; edges first, because the other rules follow them."""
    edges = list(_edges(graph))
    yield from edges
    if edges:
        return
    yield from _order(graph)
    users = {t: o for o in reversed(graph.operators) for t in (*o.inputs, *o.outputs)}
    for index, tensor in graph.tensors.items():
        for what in _tensor(index, tensor):
            yield Problem(users.get(index), tensor, what)


def _edges(graph: Graph) -> Iterator[Problem]:
    """Yield a problem for every reference to a tensor that does not exist."""
    for role, indices in (("input", graph.inputs), ("output", graph.outputs)):
        if not indices:
            yield Problem(None, None, f"the model has no {role}")
        if len(set(indices)) != len(indices):
            yield Problem(None, None, f"the model names one {role} twice")
        for index in indices:
            if index not in graph.tensors:
                yield Problem(None, None, f"model {role}: tensor {index} does not exist")
    if not graph.operators:
        yield Problem(None, None, "the model has no operators")
    for operator in graph.operators:
        for index in (*(i for i in operator.inputs if i != ABSENT), *operator.outputs):
            if index not in graph.tensors:
                yield Problem(operator, None, f"tensor {index} does not exist")
        if not operator.outputs and not _changes_variable(graph, operator):
            yield Problem(operator, None, "has no output")


def _changes_variable(graph: Graph, operator: Operator) -> bool:
    """Return whether an operator without outputs leaves its result in its first input."""
    first = graph.tensors.get(operator.inputs[0]) if operator.inputs else None
    return first is not None and first.is_variable


def _order(graph: Graph) -> Iterator[Problem]:
    """Yield problems of execution order: each value is written once, before it is read."""
    for index in graph.inputs:
        if graph.tensor(index).is_constant or graph.tensor(index).is_variable:
            yield Problem(None, graph.tensor(index), "a model input is a constant or a variable")
    written = set(graph.inputs)
    seen: set[int] = set()
    for operator in graph.operators:
        if operator.index in seen or operator.index < 0:
            yield Problem(operator, None, "has the index of another operator")
        seen.add(operator.index)
        yield from _operator_order(graph, operator, written)
        written.update(operator.outputs)
    for index in graph.outputs:
        if index in graph.inputs:
            yield Problem(None, graph.tensor(index), "a model output is a model input")
        elif index not in written:
            yield Problem(None, graph.tensor(index), "a model output is never written")


def _operator_order(graph: Graph, operator: Operator, written: set[int]) -> Iterator[Problem]:
    for index in operator.inputs:
        tensor = graph.tensors.get(index)
        if tensor is None or tensor.is_constant or tensor.is_variable or index in written:
            continue
        yield Problem(operator, tensor, "is read before it is written")
    for index in operator.outputs:
        tensor = graph.tensor(index)
        if tensor.is_constant or tensor.is_variable:
            yield Problem(operator, tensor, "an output is a constant or a variable")
        if index in written or operator.outputs.count(index) > 1:
            yield Problem(operator, tensor, "is written twice")


def _tensor(index: int, tensor: Tensor) -> Iterator[str]:
    """Yield what is wrong with one tensor by itself."""
    if tensor.index != index:
        yield f"has index {tensor.index} but is filed under {index}"
    if any(extent < 1 for extent in tensor.shape):
        yield f"shape {list(tensor.shape)} has an extent below 1"
        return
    if tensor.elements > MAX_ELEMENTS:
        yield f"shape {list(tensor.shape)} has more than {MAX_ELEMENTS} elements"
        return
    if tensor.data is not None:
        if tensor.is_variable:
            yield "is a variable and a constant"
        if tensor.data.shape != tensor.shape or tensor.data.dtype != np.dtype(tensor.dtype.value):
            yield (
                f"data is {tensor.data.dtype}{list(tensor.data.shape)}, "
                f"expected {tensor.dtype}{list(tensor.shape)}"
            )
        if tensor.data.flags.writeable:
            yield "constant data is writeable"
    if tensor.quantization is not None:
        yield from _quantization(tensor, tensor.quantization)
    elif tensor.dtype in _MUST_BE_QUANTIZED:
        yield f"is {tensor.dtype} without a scale: quantize the model again"


def _quantization(tensor: Tensor, quantization: Quantization) -> Iterator[str]:
    """Yield what is wrong with scales and zero points."""
    scales, zero_points = quantization.scales, quantization.zero_points
    if len(scales) != len(zero_points) or not scales:
        yield f"has {len(scales)} scales and {len(zero_points)} zero points"
        return
    if tensor.dtype not in _ZERO_POINT_RANGE:
        yield f"is {tensor.dtype} with a scale"
        return
    for scale in scales:
        if not isfinite(scale) or scale <= 0.0:
            yield f"scale {scale!r} is not a positive finite number"
            return
        if not tensor.is_constant and not MIN_SCALE <= scale <= 1 / MIN_SCALE:
            yield f"scale {scale!r} is absurd for a value, expected 2^-40 to 2^40"
            return
        if float(np.float32(scale)) != scale:
            yield f"scale {scale!r} is not a float32"
            return
    low, high = _ZERO_POINT_RANGE[tensor.dtype]
    for zero_point in zero_points:
        if not low <= zero_point <= high:
            yield f"zero point {zero_point} is outside {low} to {high} of {tensor.dtype}"
            return
    if quantization.per_channel:
        yield from _per_channel(tensor, quantization)


def _per_channel(tensor: Tensor, quantization: Quantization) -> Iterator[str]:
    axis = quantization.axis
    if not 0 <= axis < len(tensor.shape):
        yield f"is quantized along axis {axis} of shape {list(tensor.shape)}"
    elif len(quantization.scales) != tensor.shape[axis]:
        yield (
            f"has {len(quantization.scales)} scales along axis {axis}, "
            f"which has extent {tensor.shape[axis]}"
        )
    elif any(quantization.zero_points):
        yield "is quantized per channel with a zero point that is not 0"
