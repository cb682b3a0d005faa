"""Refusal of models that SAFE does not generate, with advice: float, hybrid, unknown operators."""

from codegen.errors import ModelUnsupportedError, where
from codegen.frontend import islands
from codegen.ir.graph import ABSENT, DType, Graph, Operator, Tensor
from codegen.operators.registry import operators

_HOW = (
    "quantize it to full integer (representative dataset, TFLITE_BUILTINS_INT8, "
    "inference_input_type and inference_output_type int8)"
)
_INTEGER_WEIGHTS = {DType.INT8, DType.UINT8, DType.INT16}


def check_model(graph: Graph) -> None:
    """Raise `ModelUnsupportedError` unless every operator is integer and supported.

    Of an island of float32 operators the first is named that has no integer form: it is the cause.
    """
    _check_not_float(graph)
    floating = [
        (operator, tensor)
        for operator in graph.operators
        if (tensor := _float_activation(graph, operator)) is not None
        and not _takes_float(operator.kind)
    ]
    causes = [found for found in floating if not islands.can_be_integer(found[0].kind)]
    for operator, tensor in causes[:1] or floating[:1]:
        raise ModelUnsupportedError(
            f"{where(operator.index, operator.kind, tensor.name)}: computes in float32; {_HOW}"
        )
    _check_known(graph)


def _takes_float(kind: str) -> bool:
    spec = operators().get(kind)
    return spec is not None and spec.takes_float


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


def _check_known(graph: Graph) -> None:
    supported = sorted(kind for kind, spec in operators().items() if not spec.internal)
    for operator in graph.operators:
        if operator.kind not in operators():
            name = graph.tensor(operator.outputs[0]).name
            raise ModelUnsupportedError(
                f"{where(operator.index, operator.kind, name)}: operator is not supported; "
                f"supported are {', '.join(supported)}"
            )
