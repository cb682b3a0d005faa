"""Refusal of models that SAFE does not generate, with advice: float, hybrid, unknown operators."""

from collections.abc import Sequence

from codegen.errors import ModelUnsupportedError, where
from codegen.ir.graph import ABSENT, DType, Graph, Operator, Tensor
from codegen.operators.registry import operators

_HOW = (
    "quantize it to full integer (representative dataset, TFLITE_BUILTINS_INT8, "
    "inference_input_type and inference_output_type int8)"
)
_INTEGER_WEIGHTS = {DType.INT8, DType.UINT8, DType.INT16}


def check_model(graph: Graph, supported: Sequence[str]) -> None:
    """Raise `ModelUnsupportedError` unless every operator is integer and `supported`."""
    _check_not_float(graph)
    _check_known(graph, supported)
    for operator in graph.operators:
        tensor = _float_activation(graph, operator)
        if tensor is not None and not operators()[operator.kind].takes_float:
            raise ModelUnsupportedError(
                f"{where(operator.index, operator.kind, tensor.name)}: computes in float32; {_HOW}"
            )


def _activations(graph: Graph, operator: Operator) -> list[Tensor]:
    found = (graph.tensor(i) for i in (*operator.inputs, *operator.outputs) if i != ABSENT)
    return [tensor for tensor in found if not tensor.is_constant]


def _float_activation(graph: Graph, operator: Operator) -> Tensor | None:
    found = (t for t in _activations(graph, operator) if t.dtype is DType.FLOAT32)
    return next(found, None)


def _check_not_float(graph: Graph) -> None:
    """Raise when no value of the model is an integer; hybrid models have integer weights."""
    activations = [t for o in graph.operators for t in _activations(graph, o)]
    if any(t.dtype in _INTEGER_WEIGHTS for t in activations):
        return
    floating = [(o, t) for o in graph.operators if (t := _float_activation(graph, o)) is not None]
    hybrid = [(o, t) for o, t in floating if _has_integer_weights(graph, o)]
    for operator, tensor in hybrid[:1] or floating[:1]:
        what = "a hybrid model (integer weights, float32 values)" if hybrid else "a float model"
        raise ModelUnsupportedError(
            f"{where(operator.index, operator.kind, tensor.name)}: this is {what}; {_HOW}"
        )


def _has_integer_weights(graph: Graph, operator: Operator) -> bool:
    inputs = [graph.tensor(i) for i in operator.inputs if i != ABSENT]
    return any(t.is_constant and t.dtype in _INTEGER_WEIGHTS for t in inputs)


def _check_known(graph: Graph, supported: Sequence[str]) -> None:
    for operator in graph.operators:
        if operator.kind not in supported:
            name = graph.tensor(operator.outputs[0]).name
            raise ModelUnsupportedError(
                f"{where(operator.index, operator.kind, name)}: operator is not supported; "
                f"supported are {', '.join(supported)}"
            )
