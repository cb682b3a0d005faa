"""A hash of what a TFLite model computes, and a check that it computes in integers only.

File bytes are no measure: the same tensors can be written in another order or with other
bookkeeping. The hash covers tensors (name, type, shape, quantization, constant data) and
operators (kind, inputs, outputs) in graph order.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from host_tools.errors import ConversionError

FUSED = "UNIDIRECTIONAL_SEQUENCE_LSTM"


def _names(enumeration: Any) -> dict[int, str]:
    return {v: k for k, v in vars(enumeration).items() if isinstance(v, int)}


def _model(path: Path) -> Any:
    import tflite

    try:
        model = tflite.Model.GetRootAs(path.read_bytes(), 0)
        if model.SubgraphsLength() != 1:
            raise ConversionError(f"{path}: has {model.SubgraphsLength()} subgraphs, not one")
    except (OSError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise ConversionError(f"{path}: cannot be read as TFLite: {error}") from error
    return model


def _kinds(model: Any) -> list[str]:
    """Return the name of each operator code; newer files fill only one of two fields."""
    import tflite

    names = _names(tflite.BuiltinOperator)
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    numbers = [max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) for code in codes]
    return [names.get(number, f"operator {number}") for number in numbers]


def _array(values: Any) -> list[Any]:
    return [] if isinstance(values, int) else np.asarray(values).tolist()


def _tensor(model: Any, tensor: Any) -> dict[str, Any]:
    data = model.Buffers(tensor.Buffer()).DataAsNumpy()
    content = b"" if isinstance(data, int) else np.asarray(data).tobytes()
    quantization = tensor.Quantization()
    edges: list[Any] = []
    if quantization is not None:
        edges = [
            [float(scale).hex() for scale in _array(quantization.ScaleAsNumpy())],
            _array(quantization.ZeroPointAsNumpy()),
            quantization.QuantizedDimension(),
        ]
    return {
        "name": (tensor.Name() or b"").decode(),
        "type": tensor.Type(),
        "shape": _array(tensor.ShapeAsNumpy()),
        "quantization": edges,
        "data": hashlib.sha256(content).hexdigest(),
    }


def canonical_hash(path: Path) -> str:
    """Return the SHA-256 of a model's tensors and operators, hexadecimal.

    Raises:
        ConversionError: Not a readable TFLite model of one subgraph.
    """
    model = _model(path)
    graph, kinds = model.Subgraphs(0), _kinds(model)
    tensors = [_tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength())]
    operators = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        edges = [_array(operator.InputsAsNumpy()), _array(operator.OutputsAsNumpy())]
        operators.append([kinds[operator.OpcodeIndex()], *edges])
    text = json.dumps({"tensors": tensors, "operators": operators}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_integer(path: Path, *, fused: bool = True) -> list[str]:
    """Return the operator kinds of a model after checking that none computes in float.

    Raises:
        ConversionError: A tensor is float, or (with `fused`) the recurrent operator is not
            the fused one.
    """
    import tflite

    model = _model(path)
    graph, kinds = model.Subgraphs(0), _kinds(model)
    allowed = {
        tflite.TensorType.INT8,
        tflite.TensorType.INT16,
        tflite.TensorType.INT32,
        tflite.TensorType.INT64,
    }
    found = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        kind = kinds[operator.OpcodeIndex()]
        for number in _array(operator.InputsAsNumpy()) + _array(operator.OutputsAsNumpy()):
            tensor = graph.Tensors(number) if number >= 0 else None
            if tensor is not None and tensor.Type() not in allowed:
                raise ConversionError(
                    f"{path.name}: operator {index} {kind} is not integer: tensor"
                    f' "{(tensor.Name() or b"").decode()}" stayed'
                    f" {_names(tflite.TensorType).get(tensor.Type())}: convert again"
                )
        found.append(kind)
    if fused and FUSED not in found:
        raise ConversionError(f"{path.name}: no fused {FUSED}, only {', '.join(found)}")
    return found
