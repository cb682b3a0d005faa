"""The integer reference of a whole model: what every generated C program must reproduce."""

from collections.abc import Sequence

import numpy as np

from codegen.errors import ModelInvalidError
from codegen.ir.graph import ABSENT, Array, DType, Graph, Tensor
from codegen.operators.registry import operators


def run(graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    """Compute the model exactly on N independent windows, each from a reset state.

    `inputs` has one array per model input, shape `(N, *shape)` and the input's own type. The
    result has one array per model output in the same form. Raises `ModelInvalidError` when
    number, shape or type of the inputs differ.
    """
    if len(inputs) != len(graph.inputs):
        raise ModelInvalidError(f"the model has {len(graph.inputs)} inputs, not {len(inputs)}")
    return _run(graph, inputs, {})


def run_in_a_row(graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    """Compute the model on N windows, each from the state that the one before has left.

    Arguments, result and errors as for `run`; what counts as state is in variables.
    """
    values: dict[int, Array] = {}
    variables = [i for i, tensor in graph.tensors.items() if tensor.is_variable]
    rows = []
    for row in range(len(inputs[0])):
        values = {i: values[i] for i in variables if i in values}
        rows.append(_run(graph, [array[row : row + 1] for array in inputs], values))
    return [np.concatenate(column) for column in zip(*rows, strict=True)]


def _run(graph: Graph, inputs: Sequence[Array], values: dict[int, Array]) -> list[Array]:
    """Return the outputs; `values` holds variables before and all values afterwards."""
    count = len(inputs[0])
    for index, array in zip(graph.inputs, inputs, strict=True):
        _check_input(graph.tensor(index), array, count)
        values[index] = array
    for operator in graph.operators:
        arguments = [
            None if i == ABSENT else _value(graph.tensor(i), values, count) for i in operator.inputs
        ]
        spec = operators()[operator.kind]
        results = spec.reference(graph, operator, arguments)
        changed = (*operator.outputs, *(operator.inputs[place] for place in spec.updates))
        values.update(zip(changed, results, strict=True))
    return [values[i] for i in graph.outputs]


def reset_value(tensor: Tensor) -> int:
    """Return what every element of a variable holds after a reset: the real number 0.

    int8 states start at their zero point, wider ones at 0, as in TensorFlow Lite Micro, unless the
    file says what they begin with.
    """
    if tensor.initial is not None:
        return tensor.initial
    if tensor.dtype is DType.INT8 and tensor.quantization is not None:
        return tensor.quantization.zero_point
    return 0


def _value(tensor: Tensor, values: dict[int, Array], count: int) -> Array:
    if tensor.data is not None:
        return tensor.data
    if tensor.is_variable and tensor.index not in values:
        shape = (count, *tensor.shape)
        return np.full(shape, reset_value(tensor), dtype=tensor.dtype.value)
    return values[tensor.index]


def _check_input(tensor: Tensor, array: Array, count: int) -> None:
    expected = (count, *tensor.shape)
    if array.shape != expected or array.dtype != np.dtype(tensor.dtype.value):
        raise ModelInvalidError(
            f'input "{tensor.name}" is {array.dtype}{list(array.shape)}, '
            f"expected {tensor.dtype}{list(expected)}"
        )
